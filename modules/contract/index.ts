import { gunzipSync } from "node:zlib";
import { z } from "zod";

/**
 * What an applied environment tells whoever deploys into it: the only thing that `deploy/` knows of the
 * infrastructure. Each environment writes it twice, as the Terraform output `deploy` and as the SSM
 * parameter `/<environment>/deploy`, so that a deployment needs neither Terraform nor its state.
 */
export type Contract = z.infer<typeof contractSchema>;
export type ServiceContract = Contract["services"][number];
export type DatabaseContract = NonNullable<Contract["database"]>;
export type ImageSource = NonNullable<ServiceContract["image"]["source"]>;
export type MoveContract = NonNullable<Contract["move"]>;
export type LoginsContract = NonNullable<DatabaseContract["logins"]>;

/** Raised by one whenever a reader of the old shape could misread the new one. */
export const CONTRACT_VERSION = 1;

/** The SSM parameter that holds the contract of an environment. */
export const contractParameter = (environment: string) => `/${environment}/deploy`;

/** `arn:…:task-definition/family:revision` → family: permissions and searches are for any revision. */
export const familyOf = (taskDefinition: string) =>
  taskDefinition.replace(/^.*task-definition\//, "").replace(/:\d+$/, "");

/** A rule for text that is printed and stands in calls: the mistake shows what was found. */
const matching = (rule: RegExp, words: string) =>
  z.string().regex(rule, { error: ({ input }) => `${JSON.stringify(input)} is no ${words}` });

/** What AWS's names are made of: one line, no space, nothing that a terminal or a CI runner obeys. */
export const name = matching(
  /^[A-Za-z0-9_./][A-Za-z0-9_./#+@:-]{0,511}$/,
  "name: it has letters, digits and _ . / # + @ : - only",
);
export const arn = matching(/^arn:[A-Za-z0-9_./#+@=,:-]{1,2048}$/, "ARN");
export const url = matching(
  /^https?:\/\/[A-Za-z0-9_.-]+(:\d{1,5})?(\/[A-Za-z0-9_.~/%-]*)?$/,
  "address: it has a scheme, a host and perhaps a path",
);

const logs = z.object({
  /** CloudWatch log group. */
  group: name,
  /** Stream prefix: streams are named `<prefix>/<container>/<task id>`. */
  prefix: name,
});

/** Where a task of the network mode awsvpc lives. */
const network = z.object({ subnets: z.array(name), securityGroups: z.array(name) });

export const image = z.object({
  /** ECR repository that the service pulls from, by name, in the environment's account and region. */
  repository: name,
  /** The tag that the service runs: moving it promotes. */
  tag: name,
  /** The tag that the migration's task definition runs. */
  candidateTag: name,
  /** Where releases are pushed to: images are copied from there before a tag moves. Absent where that is `repository` itself. */
  source: z.object({ repository: name, region: name, account: name }).optional(),
});

const service = z.object({
  /** The name in the environment file. */
  name,
  /** The ECS service's name. */
  service: name,
  /** ARN of the task definition's revision that was applied; with a login, the one that uses it. */
  taskDefinition: arn,
  /** The container that carries the image; all others are sidecars. */
  container: name,
  /** What the image must have been built for. */
  platform: z.enum(["linux/amd64", "linux/arm64"]),
  image,
  /** Capacity of one-off tasks: the service's own, FARGATE and FARGATE_SPOT included. */
  capacity: z.array(z.object({ capacityProvider: name, weight: z.number(), base: z.number() })).min(1),
  /** Present for the network mode awsvpc, which demands it; null for bridge, which refuses it. */
  network: network.nullable(),
  /** Whether its tasks are to have an IPv6 address of their own: in the network mode awsvpc alone. */
  ipv6: z.boolean().optional(),
  logs,
  /** SSM parameters that a person writes, by environment variable. */
  secrets: z.record(name, name),
  /** Secrets of the other of two databases, which its tasks are not given now: they may be written before they are. */
  otherSecrets: z.record(name, name).optional(),
  /** How their names begin: another one is written there before an apply gives it to the service. Absent as the database is. */
  secretFolder: name.optional(),
  migration: z
    .object({
      /** ARN of the migration's task definition, which runs the candidate tag. */
      taskDefinition: arn,
      container: name,
      command: z.array(z.string()),
      logs,
    })
    .nullable(),
  /**
   * The same for the other of two databases, while data moves between them: `use` of the database says which one the service
   * is given. ARNs of task definitions.
   */
  other: z.object({ taskDefinition: arn, migration: arn.nullable() }).optional(),
  /** What the scheduler starts in the service's task definition: commands by the schedule's name. */
  schedules: z.record(name, z.array(z.string())).optional(),
});

/** A user and which writing of its password: what tells that it was made. */
const login = name;

/** The task that makes a user of the database for each service. It runs on Fargate. */
const logins = z.object({
  taskDefinition: arn,
  container: name,
  network,
  logs,
  /** The parameter that deploy writes down in what it made, separated by commas. */
  made: name,
  /** By the service's name. */
  services: z.record(
    name,
    z.object({
      login,
      /** Login of the version before, which stays until tasks with the new one have taken over. */
      before: login.nullable(),
      /** Login of the two that schedules start tasks with: only an apply moves them. Absent without schedules, or one before. */
      scheduled: login.optional(),
      user: name,
      /** The SecureString parameter that holds the user's password. */
      password: name,
    }),
  ),
});

const database = z.object({
  host: name,
  port: z.number(),
  /** The database's name and its owner. */
  name,
  user: name,
  /** The SecureString parameter that holds the user's password. */
  password: name,
  /** CloudWatch log groups of the database's own logs. */
  logs: z.array(name),
  /** RDS instances, the replica among them. Absent from contracts that an older Slipway wrote. */
  instances: z.array(name).optional(),
  /** Absent where services are the master user, too. */
  logins: logins.optional(),
  /** The one that is elsewhere beside it: the SecureString parameter that holds its URL. Absent where there is none. */
  also: z.object({ url: name }).optional(),
  /**
   * The one of two databases that services and migrations are given, and so whose task definitions theirs are. While data moves it is
   * the environment's own as it is applied, and the move's state says which one is used. Absent where there is but one.
   */
  use: z.enum(["own", "external"]).optional(),
});

/** What a step of a move needs to know, while an environment's file says `move`. */
const move = z.object({
  /** SSM parameter that says how far the move has come: move.ts has its shape. */
  parameter: name,
  /** SSM parameter that is there for as long as a step runs. */
  lock: name,
  /** Where the compute comes from. */
  from: z
    .object({
      /** The old platform's own address. */
      origin: url,
      /** The name whose records are changed. */
      domain: name,
      /** A path that both sides answer with 200: the health path of the service that people reach. */
      health: z.string().startsWith("/"),
      /** Host name of the distribution that answers for both sides. */
      distribution: z.object({ id: name, domainName: name }),
      /** The new side's load balancer as CloudWatch names it, `app/staging/50dc6c495c0c9188`. Absent from older contracts. */
      loadBalancer: name.optional(),
      /** The distribution that has the domain until `front` takes it from there, by id, or by ARN where it is another account's; absent where none has. */
      holder: name.optional(),
      /** Route 53's hosted zone, by id; null where the records are kept elsewhere. */
      zone: name.nullable(),
      /** CloudFront's key-value store, which says whom a viewer's requests go to. */
      store: arn,
      /** Requests in five minutes past which the distribution's firewall refuses an address; absent without one. */
      rateLimit: z.number().optional(),
    })
    .optional(),
  /** The task that moves the data, where data moves. It runs on Fargate, with its verbs in the variable MOVER. */
  database: z
    .object({
      taskDefinition: arn,
      container: name,
      network,
      logs,
      /** The task's role, which whoever runs it hands over. */
      role: arn,
      /** GiB that the environment's database has room for, by its file. Absent from older contracts. */
      storage: z.number().optional(),
    })
    .optional(),
  /** What is held until its service's name stands in the parameter, by service. */
  held: z.record(
    name,
    z.object({
      /** Tasks that it is to have then; null for a service that runs, whose schedules alone are held. */
      count: z.number().nullable(),
      /** Tasks that autoscaling keeps at least and at most then. */
      autoscaling: z.object({ min: z.number(), max: z.number() }).optional(),
      /** EventBridge schedules, by name. */
      schedules: z.array(name),
      /** The schedules' role, which whoever changes one hands over, by ARN. Absent without schedules, and from older contracts. */
      role: arn.optional(),
    }),
  ),
});

const contractSchema = z.object({
  version: z.literal(CONTRACT_VERSION),
  environment: name,
  /** AWS account, twelve digits. */
  account: name,
  region: name,
  /** The ECS cluster's name. */
  cluster: name,
  /** The KMS key that secrets are written under, by ARN; null for AWS's own. Absent as the database is. */
  key: arn.nullable().optional(),
  /** What secrets are tagged with when they are made, as everything else is. Absent as the database is. */
  tags: z.record(name, name).optional(),
  /** Where people reach the environment, null without a distribution. */
  url: url.nullable(),
  /** Records to make where the names of `url` are kept, where the environment does not make them. */
  dns: z.array(z.object({ name, type: z.literal("CNAME"), value: name })).optional(),
  /** IAM roles that RunTask must be allowed to pass: task and execution roles, by ARN. */
  roles: z.array(arn),
  /** In the order in which they are deployed. */
  services: z.array(service),
  /** Absent from contracts that an older Slipway wrote, as are schedules: the next apply writes them. */
  database: database.nullable().optional(),
  /** The instance that ports are forwarded through. */
  bastion: z.object({ instance: name }).nullable().optional(),
  /** Absent where nothing moves. */
  move: move.optional(),
});

/** How gzip's first bytes read in base64. */
const PACKED = "H4sI";

/** The most that a packed contract may unpack to, in bytes; a hundred services take a tenth of it. */
const LARGEST = 2 ** 20;

const unpacked = (text: string) =>
  gunzipSync(Buffer.from(text, "base64"), { maxOutputLength: LARGEST }).toString();

/** A contract that is missing a part, or of another version: says what to apply. */
export class ContractError extends Error {
  override name = "ContractError";
}

/**
 * Reads a contract from its JSON text, which may be packed as Terraform's base64gzip does it.
 * @throws ContractError with every mistake and the way out.
 */
export const parseContract = (text: string, source: string): Contract =>
  readContract(text, source, contractSchema);

/** The same by a schema of one's own, for a contract of another platform. */
export function readContract<Schema extends z.ZodObject>(
  text: string,
  source: string,
  schema: Schema,
): z.output<Schema> {
  const apply = "Apply the environment again (npx slipway apply <environment>) with this version of Slipway.";
  const json = jsonOf(text);
  if (json === undefined) throw new ContractError(`${source} is not JSON. ${apply}`);
  const version = (json as { version?: unknown } | null)?.version;
  if (version !== CONTRACT_VERSION) {
    throw new ContractError(
      `${source} holds a contract of version ${JSON.stringify(version) ?? "none"}; this deploy reads version ${CONTRACT_VERSION}. ${apply}`,
    );
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const mistakes = parsed.error.issues.map((issue) => `  ${issue.path.join(".")}: ${issue.message}`);
  throw new ContractError(`${source} is not a whole contract:\n${mistakes.join("\n")}\n${apply}`);
}

/** What the text says, packed or not; undefined where it is no JSON. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text.startsWith(PACKED) ? unpacked(text) : text);
  } catch {
    return undefined;
  }
}

import { gunzipSync } from "node:zlib";
import { z } from "zod";

/**
 * What an applied environment tells whoever deploys into it: the only thing that `deploy/` knows of the
 * infrastructure. Each environment writes it twice, as the Terraform output `deploy` and as the SSM
 * parameter `/<environment>/deploy`, so that a deployment needs neither Terraform nor its state.
 */
export type Contract = z.infer<typeof contractSchema>;
export type ServiceContract = Contract["services"][number];

/** Raised by one whenever a reader of the old shape could misread the new one. */
export const CONTRACT_VERSION = 1;

/** The SSM parameter that holds the contract of an environment. */
export const contractParameter = (environment: string) => `/${environment}/deploy`;

/** `arn:…:task-definition/family:revision` → family: permissions and searches are for any revision. */
export const familyOf = (taskDefinition: string) =>
  taskDefinition.replace(/^.*task-definition\//, "").replace(/:\d+$/, "");

const logs = z.object({
  /** CloudWatch log group. */
  group: z.string(),
  /** Stream prefix: streams are named `<prefix>/<container>/<task id>`. */
  prefix: z.string(),
});

const service = z.object({
  /** The name in the environment file. */
  name: z.string(),
  /** The ECS service's name. */
  service: z.string(),
  /** ARN of the task definition's revision that was applied. */
  taskDefinition: z.string(),
  /** The container that carries the image; all others are sidecars. */
  container: z.string(),
  /** What the image must have been built for. */
  platform: z.enum(["linux/amd64", "linux/arm64"]),
  image: z.object({
    /** ECR repository, by name. */
    repository: z.string(),
    /** The tag that the service's task definition runs: moving it promotes. */
    tag: z.string(),
    /** The tag that the migration's task definition runs. */
    candidateTag: z.string(),
  }),
  /** Capacity of one-off tasks: the service's own, FARGATE and FARGATE_SPOT included. */
  capacity: z.array(z.object({ capacityProvider: z.string(), weight: z.number(), base: z.number() })).min(1),
  /** Present for the network mode awsvpc, which demands it; null for bridge, which refuses it. */
  network: z.object({ subnets: z.array(z.string()), securityGroups: z.array(z.string()) }).nullable(),
  logs,
  /** SSM parameters a person fills in by hand, by environment variable. Version 1 is still the placeholder. */
  secrets: z.record(z.string(), z.string()),
  migration: z
    .object({
      /** ARN of the migration's task definition, which runs the candidate tag. */
      taskDefinition: z.string(),
      container: z.string(),
      command: z.array(z.string()),
      logs,
    })
    .nullable(),
});

const contractSchema = z.object({
  version: z.literal(CONTRACT_VERSION),
  environment: z.string(),
  /** AWS account, twelve digits. */
  account: z.string(),
  region: z.string(),
  /** The ECS cluster's name. */
  cluster: z.string(),
  /** Where people reach the environment, null without a distribution. */
  url: z.string().nullable(),
  /** IAM roles that RunTask must be allowed to pass: task and execution roles, by ARN. */
  roles: z.array(z.string()),
  /** In the order in which they are deployed. */
  services: z.array(service),
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
export function parseContract(text: string, source: string): Contract {
  const apply = "Apply the environment again (cdktf apply <environment>) with this version of Slipway.";
  let json: unknown;
  try {
    json = JSON.parse(text.startsWith(PACKED) ? unpacked(text) : text);
  } catch {
    throw new ContractError(`${source} is not JSON. ${apply}`);
  }
  const version = (json as { version?: unknown } | null)?.version;
  if (version !== CONTRACT_VERSION) {
    throw new ContractError(
      `${source} holds a contract of version ${JSON.stringify(version) ?? "none"}; this deploy reads version ${CONTRACT_VERSION}. ${apply}`,
    );
  }
  const parsed = contractSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const mistakes = parsed.error.issues.map((issue) => `  ${issue.path.join(".")}: ${issue.message}`);
  throw new ContractError(`${source} is not a whole contract:\n${mistakes.join("\n")}\n${apply}`);
}

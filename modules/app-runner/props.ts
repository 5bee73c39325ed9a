import { z } from "zod";
import { account } from "../account";
import { after } from "../environment/props";
import { options, requiredPart, variable } from "../options";
import { region } from "../region";
import { type RegistryConfiguration, registry, registryOptions } from "../registry/props";
import { migrations, permissionOptions, serviceName } from "../service/props";

const healthOptions = options({
  /** App Runner asks here, and expects an answer from 200 to 399. @default "/" */
  path: z
    .string()
    .regex(/^\/\S*$/, 'must start with "/".')
    .default("/"),
  /** Seconds between two questions. @default 5 */
  interval: z.int().min(1).max(20).default(5),
  /** Failures behind each other after which an instance counts as unhealthy, and a deployment fails. @default 5 */
  failures: z.int().min(1).max(20).default(5),
});

const scalingOptions = options({
  /** Instances that are kept: what is idle costs its memory alone. @default 1 */
  min: z.int().min(1).max(25).default(1),
  /** Instances that there are at most. @default 5 */
  max: z.int().min(1).max(25).default(5),
  /** Requests that one instance works on at the same time, before there is another one. @default 100 */
  concurrency: z.int().min(1).max(200).default(100),
});

const existingOptions = options({
  /** ARN of the service, as `aws apprunner list-services` prints it. */
  arn: z
    .string()
    .regex(
      /^arn:aws[a-z-]*:apprunner:[a-z0-9-]+:\d{12}:service\/[\w-]{4,40}\/[0-9a-z]{32}$/,
      "is no ARN of a service of App Runner; aws apprunner list-services prints them.",
    ),
  /** Tag of the image that it is configured with: deploy moves it. @default the environment's name */
  tag: z
    .string()
    .regex(/^\w[\w.-]{0,127}$/, "is no tag of an image, as latest.")
    .optional(),
});

/** A name in lower case that a browser can ask for. */
const domain = z
  .string()
  .regex(
    /^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/,
    "is no domain name in lower case, as app.example.com.",
  );

export const appRunnerServiceOptions = options({
  /**
   * A service that is there already, by ARN: nothing of it is made or changed here, and what it is configured with is not said
   * here; deploy ships releases to it. @default it is made
   */
  existing: requiredPart<typeof existingOptions, string>(existingOptions, "arn").optional(),
  /** The container's port. @default 8080 */
  port: z.int().min(1).max(65535).default(8080),
  /** The path that says whether an instance is well, or how it is asked. @default true */
  health: requiredPart<typeof healthOptions, string>(healthOptions, "path").prefault(true),
  /** CPU units, 1024 to a vCPU: 256, 512, 1024, 2048 or 4096. @default 1024 */
  cpu: z.int().default(1024),
  /** MiB, as App Runner pairs them with `cpu`. @default 2048 */
  memory: z.int().default(2048),
  /** Instances by their requests. @default true */
  scaling: requiredPart(scalingOptions).prefault(true),
  /** A name of one's own; the records to make where it is kept are told by `slipway check`. */
  domain: domain.optional(),
  /** An own repository. @default the environment's */
  registry: requiredPart<typeof registryOptions, string>(registryOptions, "repository").optional(),
  /** Plain environment variables, of an existing service those of its migrations. `$URL` in a value is `domain` with https:// before it. @default {} */
  config: z.record(variable, z.string()).default({}),
  /** Variables whose values a person puts in SSM by hand, once; applies leave them alone. @default [] */
  secrets: z.array(variable).default([]),
  /** Variables that hold the URL of the database, which is elsewhere, of an existing service those of its migrations; false for a service that has none. @default false */
  database: z
    .union([z.literal(false), z.array(variable).min(1, "is empty: name a variable, or say false.")], {
      error: () => 'is neither false nor a list of variables, as ["DATABASE_URL"].',
    })
    .default(false),
  /**
   * Migrations before each deployment: true for `goose -dir migrations up`, or the command. It runs where deploy runs, with the
   * variables of `database` and `config` in its environment, and the image in `SLIPWAY_IMAGE`.
   * @default false
   */
  migrations,
  /** What the application itself may do in AWS. @default [] */
  permissions: z.array(permissionOptions).default([]),
});

export const appRunnerOptions = options({
  /** The environment's name: names and tags in AWS begin with it. @default the file's name */
  name: z.string().optional(),
  /**
   * AWS account: twelve digits, in quotes. Credentials of any other account are refused before anything is read.
   * @default that of the context in cdktf.json; without it, whichever the credentials are of
   */
  account: account.optional(),
  /** The environments whose apply comes before this one's: `"staging"`, or several. @default none */
  after,
  /** AWS region that has App Runner, like `"us-west-2"`. */
  region,
  /** Where images come from. */
  registry: registry.optional(),
  /** What runs, by name, in the order of deployment. @default {} */
  services: z.record(serviceName, appRunnerServiceOptions).default({}),
});

/** What a file says of a service of App Runner. */
export interface AppRunnerServiceProps extends z.input<typeof appRunnerServiceOptions> {}

type Written = z.input<typeof appRunnerOptions>;

/** What a person writes in the file of an environment on App Runner. */
export interface AppRunnerProps extends Readonly<Omit<Written, "services">> {
  /** What runs, by name, in the order of deployment. @default {} */
  readonly services?: Readonly<Record<string, AppRunnerServiceProps>> | undefined;
}

export interface AppRunnerServiceConfiguration
  extends Omit<z.output<typeof appRunnerServiceOptions>, "registry"> {
  readonly name: string;
  readonly registry: RegistryConfiguration;
}

/** Everything that an environment on App Runner is, with every default filled in: constructs read only this. */
export interface AppRunnerConfiguration {
  readonly name: string;
  /** Absent where the file names none. */
  readonly account?: string | undefined;
  /** The environments that are applied before this one. */
  readonly after: readonly string[];
  readonly region: string;
  /** The repositories, each once. */
  readonly registries: readonly RegistryConfiguration[];
  readonly services: readonly AppRunnerServiceConfiguration[];
}

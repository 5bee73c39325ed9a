import { z } from "zod";
import { show } from "../mistakes";
import { DEFAULT_SCHEMA, schemaName } from "../database/schema";
import { logDays, options, optionalPart, requiredPart, variable } from "../options";
import { isWildcard } from "../policy";
import { type RegistryConfiguration, registryOptions } from "../registry/props";
import { use, useName } from "../uses/props";

export const serviceName = z
  .string()
  .regex(
    /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/,
    "must start with a letter and hold a-z, 0-9 and single hyphens only.",
  )
  .max(32);

const command = z.array(z.string()).min(1, "is empty: give the command and its arguments.");

const healthOptions = options({
  /** The load balancer asks here, and expects an answer from 200 to 399. @default "/" */
  path: z
    .string()
    .regex(/^\/\S*$/, 'must start with "/".')
    .default("/"),
  /** Seconds between two questions. @default 15 */
  interval: z.int().min(5).max(300).default(15),
  /** Seconds after a task's start in which failures do not count. @default 120 */
  gracePeriod: z.int().min(0).default(120),
});

const databaseOptions = options({
  /**
   * Variables that hold the whole connection URL, beside the PG* variables that every client of libpq reads.
   * @default []
   */
  urls: z.array(variable).default([]),
  /**
   * The schema that its login has rights on, with `logins` of the environment's database: services that name the same one
   * share its tables, and nobody else sees them. Migrations of the service make their tables there.
   * @default "public"
   */
  schema: schemaName.default(DEFAULT_SCHEMA),
});

const migrationOptions = options({
  /** What migrates the database, in the service's image. @default ["goose","-dir","migrations","up"] */
  command: command.default(["goose", "-dir", "migrations", "up"]),
});

export const migrations = optionalPart<typeof migrationOptions, string[]>(
  migrationOptions,
  "command",
).default(false);

const autoscalingOptions = options({
  /** Tasks that there are at least. @default 1 */
  min: z.int().min(0).default(1),
  /** Tasks that there are at most. */
  max: z.int().min(1),
  /** Percent of the tasks' CPU that scaling keeps to. @default 60 */
  cpu: z.int().min(1).max(100).default(60),
});

const scheduleOptions = options({
  /** `cron(0 3 * * ? *)` or `rate(1 hour)`, in UTC. Source: EventBridge Scheduler user guide. */
  expression: z
    .string()
    .regex(
      /^(cron\(\S+( \S+){5}\)|rate\([1-9]\d* (minutes?|hours?|days?)\))$/,
      "is no cron(…) of six fields nor rate(…) of 1 and more.",
    ),
  /** What runs, in the service's image and with its environment. */
  command,
});

/** A condition of a listener rule: at most 128 characters. Source: "Path conditions", Application Load Balancer guide. */
const path = z
  .string()
  .regex(/^\//, 'must start with "/".')
  .regex(
    /^[\w\-.$/~"'@:+&*?]*$/,
    "holds what a load balancer takes for no path: there are letters, digits and _-.$/~\"'@:+&, and * and ? for any.",
  )
  .max(128, "is longer than the 128 characters that a load balancer takes; shorten it with *.");

/** An ARN that says which service's resources are meant; a reference stands for one. */
const resource = z.string().refine((arn) => /^(arn:[\w-]+:[\w-]+:[^:]*:[^:]*:.+|.*\$\{.+)$/s.test(arn), {
  error: ({ input }) =>
    /^[*?]+$/.test(String(input))
      ? `${show(input)} is everything: name the resources.`
      : `${show(input)} is no ARN: name the resources, like "arn:aws:s3:::uploads/*".`,
});

/** What a statement of a policy allows, and on what. */
const permitted = {
  /** IAM actions, like `"s3:GetObject"`. */
  actions: z
    .array(
      z
        .string()
        .regex(/^[a-z0-9-]+:[A-Za-z*?]+$/, "is no IAM action (s3:GetObject).")
        .refine((action) => !isWildcard(action), {
          error: (issue) => `${show(issue.input)} is all that a service can do: name the actions.`,
        }),
    )
    .min(1, "is empty: name at least one action."),
  /** ARNs, or references to resources. */
  resources: z.array(resource).min(1, "is empty: name at least one resource."),
};

export const permissionOptions = options({
  /** Letters and digits, names the statement. */
  sid: z.string().regex(/^[A-Za-z0-9]+$/, "must hold letters and digits only."),
  ...permitted,
});

/** What `Service.allow` is given. */
export const allowanceOptions = options(permitted);

/** What `Service.sidecar` is given. */
export const sidecarOptions = options({
  /** What its log streams begin with; on instances, its host name for the application's container. */
  name: z.string().regex(/^[a-z][a-z0-9-]*$/, "must start with a letter and hold a-z, 0-9 and - only."),
  /** An image of the repository that the service's releases are pushed to, with its tag or digest; of a public registry only where NAT or IPv6 leads there. */
  image: z.string().min(1, "is empty: name the image."),
  /** Replaces the image's command. */
  command: command.optional(),
  /** Environment variables; values of resources are references. @default {} */
  environment: z.record(variable, z.string()).default({}),
  /** Secrets of the service that it is given, too. @default [] */
  secrets: z.array(variable).default([]),
  /** CPU units of the task's own, 1024 to a vCPU. @default what the others leave */
  cpu: z.int().min(1).optional(),
  /** MiB of the task's own that it is killed beyond. @default what the others leave */
  memory: z.int().min(6).optional(),
  /** Whether the task ends when this container does. @default true */
  essential: z.boolean().default(true),
  /** Whether it can write to a `/tmp` of its own alone. @default as the application's container */
  readonlyRootFilesystem: z.boolean().optional(),
});

export const serviceOptions = options({
  /** The container's port; a worker has none. */
  port: z.int().min(1).max(65535).optional(),
  /**
   * Paths that are served, with * and ?. Longer ones are matched first.
   * @default ["/*"] with a port
   */
  paths: z.array(path).optional(),
  /**
   * Only services call it, by `$SERVICE_URL(name)` in their `config`; there is one more load balancer then, about 17 USD a
   * month.
   * @default false
   */
  internal: z.boolean().default(false),
  /** Host names that are served, each among the distribution's domain names. @default any */
  hosts: z.array(z.string()).default([]),
  /** Place among the listener's rules, 1 to 49999, lower first. @default by the length of the longest path; no two meet */
  priority: z.int().min(1).max(49999).optional(),
  /** The path that says whether a task is well, or how it is asked. @default true */
  health: requiredPart<typeof healthOptions, string>(healthOptions, "path").prefault(true),
  /** CPU units, 1024 to a vCPU. @default 256 */
  cpu: z.int().min(128).default(256),
  /** MiB. @default 512 */
  memory: z.int().min(64).default(512),
  /** Tasks that run; with autoscaling, that start. @default 1 */
  count: z.int().min(0).default(1),
  /** Replaces the image's command. */
  command: command.optional(),
  /**
   * Where tasks run: a capacity provider of the cluster, `"fargate"` or `"fargate-spot"`.
   * @default all of the cluster's providers by base and weight, Fargate if it has none
   */
  capacity: z.string().optional(),
  /** Processor of a Fargate task; an instance's own is known. @default "X86_64" */
  architecture: z.enum(["X86_64", "ARM64"]).default("X86_64"),
  /** An own repository. @default the environment's */
  registry: requiredPart<typeof registryOptions, string>(registryOptions, "repository").optional(),
  /**
   * Plain environment variables. `$URL` in a value is the environment's address, https:// included, and
   * `$SERVICE_URL(api)` that of the internal service `api`, http:// included.
   * @default {}
   */
  config: z.record(variable, z.string()).default({}),
  /** Variables whose values a person puts in SSM by hand, once; applies leave them alone. @default [] */
  secrets: z.array(variable).default([]),
  /** The database's connection; false for a service that has no business there. @default true where there is one */
  database: optionalPart<typeof databaseOptions, string[]>(databaseOptions, "urls").prefault(true),
  /**
   * What it keeps things in beside the database, by name: `{ uploads: "bucket", jobs: "queue", cache: "valkey" }`, or the
   * options of one with its `type`. Services that name the same share it. Each is told where it is (`UPLOADS_BUCKET`,
   * `JOBS_QUEUE_URL`, `CACHE_URL`), may use it, and has a way in.
   * @default {}
   */
  uses: z.record(useName, use).default({}),
  /** Migrations before each deployment: true for `goose -dir migrations up`, or the command. @default false */
  migrations,
  /** Tasks by their load, between two bounds. @default false */
  autoscaling: optionalPart(autoscalingOptions).default(false),
  /** A shell in running tasks through ECS Exec. @default false */
  exec: z.boolean().default(false),
  /**
   * The application's container can write to `/tmp` and mounted volumes alone. On Fargate `/tmp` is root's, unless the image
   * says `VOLUME /tmp` where its own user may write; ECS Exec does not go with it.
   * @default false
   */
  readonlyRootFilesystem: z.boolean().default(false),
  /** Commands by schedule, by name. @default {} */
  schedules: z
    .record(
      z.string().regex(/^[a-z][a-z0-9-]*$/, "must start with a letter and hold a-z, 0-9 and - only."),
      scheduleOptions,
    )
    .default({}),
  /** What the application itself may do in AWS. @default [] */
  permissions: z.array(permissionOptions).default([]),
  /** Days that logs are kept; the values CloudWatch takes. @default 30 */
  logDays: logDays.default(30),
});

/** What a file says of a service. */
export interface ServiceProps extends z.input<typeof serviceOptions> {}

export interface ServiceConfiguration
  extends Omit<z.output<typeof serviceOptions>, "capacity" | "registry" | "paths" | "database"> {
  readonly name: string;
  /** None for a worker. */
  readonly paths: readonly string[];
  readonly registry: RegistryConfiguration;
  /** Capacity providers: names of the cluster's own, or FARGATE and FARGATE_SPOT. */
  readonly strategy: readonly { readonly provider: string; readonly base: number; readonly weight: number }[];
  /** Variables that hold the whole URL, and those that hold its parts, which one that is elsewhere has none of. */
  readonly database:
    | false
    | { readonly urls: readonly string[]; readonly variables: readonly string[]; readonly schema: string };
  /** Runs on Fargate, in the network mode awsvpc; on instances it is bridge. */
  readonly fargate: boolean;
}

import { z } from "zod";
import { show } from "../mistakes";
import { expand, formed, into, options, variable } from "../options";

const shared = {
  /** The variable that tells the service where it is. @default by the name: UPLOADS_BUCKET, JOBS_QUEUE_URL, CACHE_URL */
  variable: variable.optional(),
  /** Refuses to destroy it, in the plan, until it is switched off and applied; off where `data` is disposable. @default true */
  deletionProtection: z.boolean().default(true),
};

const bucketOptions = options({
  /** A private S3 bucket, which keeps what was overwritten or deleted for a while. */
  type: z.literal("bucket"),
  ...shared,
  /** Days that an object is kept after it was overwritten or deleted. @default 30 */
  versionDays: z.int().min(1).max(3650).default(30),
});

const queueOptions = options({
  /** An SQS queue, and one beside it for the messages that nobody could work on. */
  type: z.literal("queue"),
  ...shared,
  /** Seconds that a message is out of sight while somebody works on it: longer than the longest job. @default 30 */
  visibilityTimeout: z.int().min(0).max(43200).default(30),
  /** Days that a message waits. @default 4 */
  retentionDays: z.int().min(1).max(14).default(4),
  /** Times that a message is given out before it goes to the dead letters. @default 5 */
  attempts: z.int().min(1).max(1000).default(5),
});

const valkeyOptions = options({
  /** A Valkey cache of ElastiCache. */
  type: z.literal("valkey"),
  ...shared,
  /** ElastiCache node type, about 9 USD a month and node for the smallest. @default "cache.t4g.micro" */
  nodeType: z
    .string()
    .regex(/^cache\.[a-z0-9]+\.[a-z0-9]+$/, "is no node type of ElastiCache; there is cache.t4g.micro, …")
    .default("cache.t4g.micro"),
  /** Valkey's version, of two parts. @default "8.0" */
  version: z
    .string()
    .regex(/^(7\.2|8\.\d+)$/, "is no version of Valkey on ElastiCache; there are 7.2 and 8.x.")
    .default("8.0"),
  /** Copies in other zones, of which one takes over where the first is lost. @default 0 */
  replicas: z.int().min(0).max(5).default(0),
  /** Days that daily snapshots are kept, 0 for none. @default 1 */
  snapshotDays: z.int().min(0).max(35).default(1),
});

const kinds = { bucket: bucketOptions, queue: queueOptions, valkey: valkeyOptions } as const;

export type UseKind = keyof typeof kinds;
export type BucketConfiguration = z.output<typeof bucketOptions>;
export type QueueConfiguration = z.output<typeof queueOptions>;
export type ValkeyConfiguration = z.output<typeof valkeyOptions>;
type Parsed = BucketConfiguration | QueueConfiguration | ValkeyConfiguration;
type Written = z.input<(typeof kinds)[UseKind]>;

/** What a preset says of each kind. */
export type UseDefaults = {
  readonly [Kind in UseKind]?: Readonly<Omit<z.input<(typeof kinds)[Kind]>, "type" | "variable">>;
};

const isKind = (type: unknown): type is UseKind => typeof type === "string" && Object.hasOwn(kinds, type);

/** `"bucket"`, `"queue"`, `"valkey"`, or the options of one with its `type`. */
export const use = formed(
  z.custom<UseKind | Written>().transform((value, context): Parsed => {
    const written = expand(value, "type");
    const type = (written as { type?: unknown } | null)?.type;
    if (isKind(type)) return into<z.ZodType<Parsed>>(context, kinds[type], written);
    const there = Object.keys(kinds).map(show).join(", ");
    context.addIssue(`${show(type ?? value)} is nothing that a service can use; there are ${there}.`);
    return z.NEVER;
  }),
  {
    options: Object.values(kinds),
    shorthand: "type",
    replaces: (over, under) => over.type !== undefined && over.type !== under.type,
  },
);

/** Names of uses, which begin with the environment's in AWS. */
export const useName = z
  .string()
  .regex(
    /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/,
    "must start with a letter and hold a-z, 0-9 and single hyphens only.",
  )
  .max(20)
  .refine((name) => name !== "access-logs" && !name.endsWith("dead-letter"), {
    error: (issue) => `${show(issue.input)} is made beside others already; choose another.`,
  });

const suffixes: Readonly<Record<UseKind, string>> = { bucket: "BUCKET", queue: "QUEUE_URL", valkey: "URL" };

/** Whether any of these services uses a queue, whose messages pass AWS's own endpoint. */
export const usesQueue = (
  services: readonly { readonly uses: Readonly<Record<string, Parsed>> }[],
): boolean => services.some(({ uses }) => Object.values(uses).some(({ type }) => type === "queue"));

/** The variable of a use by its name: `jobs`, a queue, is `JOBS_QUEUE_URL`. */
export const variableOf = (name: string, { type, variable }: Parsed): string =>
  variable ?? `${name.toUpperCase().replaceAll("-", "_")}_${suffixes[type]}`;

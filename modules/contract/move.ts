import { z } from "zod";

/** The parameter that says where an environment's move stands. Terraform makes and reads it, `slipway move` writes it. */
export const moveParameter = (environment: string) => `/${environment}/move`;

/** The parameter that exists for as long as somebody takes a step. */
export const moveLock = (environment: string) => `/${environment}/move/lock`;

/** The steps of a move, in their order; the last one undoes the others. */
export const MOVE_STEPS = ["survey", "front", "shift", "workers", "copy", "flip", "finish", "back"] as const;

export type MoveStep = (typeof MOVE_STEPS)[number];

const json: z.ZodType<Json> = z.lazy(() =>
  z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(json), z.record(z.string(), json)]),
);

type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/** Records of one name and type, as they stand in a zone of Route 53. */
const recordSet = z.object({
  name: z.string(),
  type: z.string(),
  /** Seconds; absent of an alias. */
  ttl: z.number().optional(),
  values: z.array(z.string()).optional(),
  alias: z.object({ zone: z.string(), name: z.string(), health: z.boolean() }).optional(),
});

export type RecordSet = z.infer<typeof recordSet>;

/** The last time that somebody took a step. */
const entry = z.object({
  step: z.enum(MOVE_STEPS),
  /** `begun`: nobody has seen its end; the step is taken again, or gone back from. */
  state: z.enum(["begun", "done"]),
  /** The caller's ARN, or the CI run. */
  by: z.string(),
  /** ISO 8601, UTC. */
  at: z.string(),
  /** What was done, for a person. */
  note: z.string(),
  /** What the step itself needs to go on or back. */
  data: z.record(z.string(), json).optional(),
});

export type MoveEntry = z.infer<typeof entry>;

/** Where a move stands: the text of its parameter, which holds 4,096 bytes at most before it costs. */
export const moveStateSchema = z.object({
  version: z.literal(1),
  /** Which database services get. */
  use: z.enum(["external", "own"]),
  /** Services without a port, and schedules' services, that run on the new side. */
  workers: z.array(z.string()),
  /** Per cent of the viewers that the new side has. */
  share: z.number().min(0).max(100),
  /** Whether the edge refuses whatever writes. */
  hold: z.boolean(),
  /** What stood at the domain before `front`. */
  records: z.array(recordSet).optional(),
  /** The last entry of each step, oldest first. */
  steps: z.array(entry),
});

export type MoveState = z.infer<typeof moveStateSchema>;

/** What the parameter holds before the first step. */
export const FIRST_MOVE_STATE: MoveState = {
  version: 1,
  use: "external",
  workers: [],
  share: 0,
  hold: false,
  steps: [],
};

const address = z.string().regex(/^https:\/\/[A-Za-z0-9.-]+$/, "an https address without a path");

/** What of a move an applied environment tells `slipway move`. */
export const moveContract = z.object({
  /** Name of the parameter that says where the move stands. */
  parameter: z.string(),
  /** Name of the parameter that exists while somebody takes a step. */
  lock: z.string(),
  /** The compute's half: the old origin behind the environment's distribution. */
  from: z
    .object({
      /** Where the old side answers: `https://` and a host. */
      origin: address,
      /** The name that people know, one of the distribution's. */
      domain: z.string(),
      /** A path that both sides answer with 2xx: the new side's health path. */
      health: z.string().startsWith("/"),
      distribution: z.object({ id: z.string(), domainName: z.string() }),
      /** Id of the Route 53 zone that the domain's records lie in; null where they are kept elsewhere. */
      zone: z.string().nullable(),
      /** ARN of the key-value store that the distribution's function reads. */
      store: z.string(),
    })
    .optional(),
  /** The data's half: the task that copies from the old database into the environment's own. */
  database: z
    .object({
      taskDefinition: z.string(),
      container: z.string(),
      network: z.object({ subnets: z.array(z.string()), securityGroups: z.array(z.string()) }),
      logs: z.object({ group: z.string(), prefix: z.string() }),
      /** SecureString with the old database's URL. */
      url: z.string(),
    })
    .optional(),
  /** ARNs of the two task definitions that each service has while there are two databases, by the service's name. */
  services: z.record(z.string(), z.object({ own: z.string(), external: z.string() })).default({}),
  /** What does not run on the new side until `workers` names it, by the service's name. */
  held: z
    .record(
      z.string(),
      z.object({
        /** Tasks that the service runs once it may; absent where only its schedules are held. */
        count: z.number().optional(),
        /** The autoscaling minimum and maximum from then on. */
        scaling: z.object({ min: z.number(), max: z.number() }).optional(),
        /** Names of the schedules in EventBridge Scheduler. */
        schedules: z.array(z.string()),
      }),
    )
    .default({}),
});

export type MoveContract = z.infer<typeof moveContract>;

/** The text that the parameter gets. */
export const moveStateText = (state: MoveState): string => JSON.stringify(moveStateSchema.parse(state));

import { z } from "zod";

/** The SSM parameter that says how far a move into an environment has come. Terraform makes and reads it, `slipway move` writes it. */
export const moveParameter = (environment: string) => `/${environment}/move`;

/** The SSM parameter that whoever is at a step holds: it is there for as long as the step runs. */
export const moveLock = (environment: string) => `/${environment}/move/lock`;

/** The steps of a move, in their order; `back` undoes. */
const moveSteps = ["survey", "front", "shift", "workers", "copy", "flip", "finish", "back"] as const;

/** One set of records as Route 53 holds it; either values with their TTL, or an alias. */
const record = z.object({
  /** The name without the dot at its end. */
  name: z.string(),
  /** A, AAAA or CNAME. */
  type: z.enum(["A", "AAAA", "CNAME"]),
  /** Seconds. */
  ttl: z.int().optional(),
  values: z.array(z.string()).optional(),
  alias: z.object({ name: z.string(), zone: z.string(), evaluateTargetHealth: z.boolean() }).optional(),
});

/** The last that became of a step. */
const entry = z.object({
  step: z.enum(moveSteps),
  /** `begun`: nobody has seen its end; it is taken again, or gone back from. */
  state: z.enum(["begun", "done"]),
  /** Whoever did it: an ARN or a name. */
  by: z.string(),
  /** Time as ISO 8601. */
  at: z.string(),
  note: z.string().optional(),
  /** What the step itself needs to go on or back: names and numbers. */
  data: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
});

/**
 * How far a move has come: the JSON of the parameter. Terraform's expressions read `use` and `workers`, so that an apply in the
 * middle of a move changes nothing back.
 */
export const moveStateSchema = z.object({
  version: z.literal(1),
  /** The database that services use, where the data moves: the one that is elsewhere, or the environment's. */
  use: z.enum(["external", "own"]),
  /** Services that may work: those without a port and all schedules are held until their service stands here. */
  workers: z.array(z.string()),
  /** Percent of viewers that the environment answers, 0 to 100 in hundredths. */
  share: z.number().min(0).max(100),
  /** Whether everything but reading is refused at the edge. */
  hold: z.boolean(),
  /** Whether the domain is the environment's distribution's own: where it was on another one, from `front` on. */
  alias: z.boolean().default(false),
  /** What stood under the domain before its records led to the distribution. */
  records: z.array(record).optional(),
  /** The last that became of each step, so that it stays below a parameter's 4 KB; the latest at the end. */
  steps: z.array(entry),
});

export type MoveState = z.infer<typeof moveStateSchema>;
export type MoveStep = (typeof moveSteps)[number];
export type MoveRecord = z.infer<typeof record>;
export type MoveEntry = z.infer<typeof entry>;

/** What the parameter says when Terraform makes it: everything is where it was. */
export const FIRST_MOVE_STATE: MoveState = {
  version: 1,
  use: "external",
  workers: [],
  share: 0,
  hold: false,
  alias: false,
  steps: [],
};

/** The wildcard that holds a name: `*.example.com` of `app.example.com`. */
export const wildcardOf = (name: string): string => `*.${name.split(".").slice(1).join(".")}`;

/** The region of an App Runner service, read from the address that App Runner gave it; undefined for another platform's address. */
export const appRunnerRegion = (origin: string): string | undefined =>
  /^[\w-]+\.([a-z0-9-]+)\.awsapprunner\.com$/.exec(new URL(origin).hostname)?.[1];

/** Whether what is written to the old database is on its way to the new one: a table that changes now would be other there. */
export const isFollowing = ({ use, steps }: MoveState): boolean =>
  use === "external" &&
  steps.some(({ step, state, data }) => step === "copy" && (state === "begun" || data?.following === true));

/** The state that a parameter's text holds; undefined where it holds none. */
export function parseMoveState(text: string | undefined): MoveState | undefined {
  try {
    return moveStateSchema.safeParse(JSON.parse(text ?? "")).data;
  } catch {
    return undefined;
  }
}

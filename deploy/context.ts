import type { DnsRecord, Finding } from "../dns/records";
import type { Contract } from "../modules/contract";
import type { MoveState } from "../modules/contract/move";
import type { Aws } from "./aws/gateway";
import type { Clock } from "./clock";
import type { Events } from "./events";

/** How long each wait may take, in milliseconds. */
export interface Limits {
  /** For a machine with room for the migration. */
  capacity: number;
  /** From there until its container runs, and for it to stop when told to. */
  start: number;
  /** For the migration, or the command of `run`, itself. */
  migration: number;
  /** For the roll-out of one service. */
  rollout: number;
}

const MINUTE = 60_000;

/** Long enough for a group that scales out, an image of gigabytes, a slow migration and a draining load balancer. */
export const DEFAULT_LIMITS: Limits = {
  capacity: 10 * MINUTE,
  start: 10 * MINUTE,
  migration: 30 * MINUTE,
  rollout: 20 * MINUTE,
};

/** How many services of one image roll out at the same time, at most: each asks ECS about 25 times a minute. */
export const DEFAULT_PARALLEL = 4;

export type FindRecord = (record: DnsRecord) => Promise<Finding>;

/** What every step works with. */
export interface Context {
  /** What was applied; of two databases it names the one that is used. */
  contract: Contract;
  /** How far the move of the database has come; undefined where none moves. */
  moveState?: MoveState | undefined;
  /** AWS, whose reads end with `signal`. */
  aws: Aws;
  /** The same without a signal, for cleaning up after Ctrl-C. */
  lasting: Aws;
  clock: Clock;
  /** Asks a domain's name servers for a record; undefined where AWS is stood in for, whose names nobody has. */
  find: FindRecord | undefined;
  signal: AbortSignal;
  events: Events;
  limits: Limits;
}

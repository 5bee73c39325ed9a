import { edgeOf } from "./edge-state";
import type { Runtime } from "./state";

/** Answers within one minute of one that counts for CloudWatch: a load balancer, a distribution, a service of App Runner's. */
export interface TrafficMinute {
  /** Requests that a target was found for; of a distribution or a service, all. */
  requests: number;
  /** Answers of 500 and above that a target gave; of a distribution, all. */
  failed: number;
  /** Answers of 500 and above that no target gave. */
  failedItself: number;
  /** How many answers of targets took so many milliseconds. */
  times: Record<string, number>;
}

/** Minutes by when they began, of each that counts: a load balancer's ARN suffix, a distribution's id, a service's ARN. */
export type Traffic = Record<string, Record<string, TrafficMinute>>;

/** One answer. */
export interface Answered {
  readonly by: string;
  /** The sandbox's time, in milliseconds. */
  readonly at: number;
  readonly status: number;
  /** What its target took, in milliseconds; absent where there was none. */
  readonly milliseconds?: number;
  /** Whether it counts by itself what it answered without a target, as a load balancer does. */
  readonly itself?: boolean;
}

const MINUTE = 60_000;
/** Minutes that are kept. Source: "Metrics retention", CloudWatch guide. */
const KEPT = 15 * 24 * 60;

const empty = (): TrafficMinute => ({ requests: 0, failed: 0, failedItself: 0, times: {} });

/** Adds answers to the minutes in which they were given. */
export function count(state: Runtime, answers: readonly Answered[]): void {
  const edge = edgeOf(state);
  edge.traffic ??= {};
  for (const { by, at, status, milliseconds, itself = false } of answers) {
    const began = Math.floor(at / MINUTE) * MINUTE;
    edge.traffic[by] ??= {};
    const minutes = edge.traffic[by];
    if (!minutes[began])
      for (const old of Object.keys(minutes)) if (Number(old) < began - KEPT * MINUTE) delete minutes[old];
    minutes[began] ??= empty();
    const minute = minutes[began];
    if (!itself) minute.requests++;
    if (status >= 500) minute[itself ? "failedItself" : "failed"]++;
    if (milliseconds !== undefined) {
      const time = Math.round(milliseconds);
      minute.times[time] = (minute.times[time] ?? 0) + 1;
    }
  }
}

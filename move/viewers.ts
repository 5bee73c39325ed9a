import { AwsError } from "../deploy/aws/error";
import type { Minute } from "./aws/minutes";
import type { Move } from "./move";
import { fromOf } from "./store";

/** What people were answered by a side; our own requests are not among them. */
export interface Answered {
  readonly requests: number;
  /** Answers of 500 and above: whoever asks for what is not there gets a 404 from either side. */
  readonly failed: number;
}

const MINUTE = 60_000;
/** CloudWatch tells of a minute one to three after its end; from here on nobody waits for it. */
const LATEST = 4 * MINUTE;
/** What was told before may still grow: a load balancer's parts report one by one. */
const SETTLED = 1.5 * MINUTE;
/** Milliseconds from one question to the next. */
const INTERVAL = 15_000;
/** How far back the old side's answers are looked at. */
const BEFORE = 15 * MINUTE;

/**
 * What people were answered by the old side in the quarter of an hour until now: by the distribution, whose counts have both sides in
 * them, without the new side's load balancer.
 * @returns undefined where CloudWatch may not be asked
 */
export async function answeredByOldSide(move: Move): Promise<Answered | undefined> {
  const { aws, clock } = move;
  const { distribution, loadBalancer } = fromOf(move);
  const to = wholeMinute(clock.now());
  const span = { from: to - BEFORE, to };
  try {
    const all = await aws.minutesOfDistribution(distribution.id, span);
    const own = loadBalancer === undefined ? [] : await aws.minutesOfLoadBalancer(loadBalancer, span);
    return without(sum(all), sum(own));
  } catch (error) {
    if (error instanceof AwsError) return undefined;
    throw error;
  }
}

/**
 * The people whom the new side answers while it is watched, as its load balancer counts them: by whole minutes, which are told some
 * minutes later. What we asked ourselves is taken out of it.
 */
export class Viewers {
  private readonly from: number;
  private readonly to: number;
  /** Requests of our own, by the minute that they were sent in. */
  private readonly ours = new Map<number, { requests: number; failed: number }>();
  private minutes: readonly Minute[] = [];
  private next: number;
  /** Why nothing is counted; undefined where something is. */
  private obstacle: string | undefined;

  /** @param limit milliseconds from now on that are watched */
  constructor(
    private readonly move: Move,
    limit: number,
  ) {
    const now = move.clock.now();
    this.from = wholeMinute(now + MINUTE - 1);
    this.to = wholeMinute(now + limit);
    this.next = this.from + MINUTE;
    if (this.to <= this.from) this.obstacle = "they are counted by whole minutes, and --watch is shorter";
    else if (fromOf(move).loadBalancer === undefined)
      this.obstacle = `the contract does not say by which load balancer: npx slipway apply ${move.contract.environment}`;
  }

  /** Takes a request of our own out of what the load balancer counts. */
  leaveOut(failed: boolean): void {
    const at = wholeMinute(this.move.clock.now());
    const ours = this.ours.get(at) ?? { requests: 0, failed: 0 };
    this.ours.set(at, { requests: ours.requests + 1, failed: ours.failed + (failed ? 1 : 0) });
  }

  /** Asks CloudWatch, now and then. */
  async look(): Promise<void> {
    const { aws, clock, contract } = this.move;
    const { loadBalancer } = fromOf(this.move);
    const now = clock.now();
    if (this.obstacle !== undefined || loadBalancer === undefined || now < this.next) return;
    this.next = now + INTERVAL;
    try {
      this.minutes = await aws.minutesOfLoadBalancer(loadBalancer, { from: this.from, to: this.to });
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      this.obstacle = `CloudWatch says: ${error.message}. npx slipway policy ${contract.environment} --for move prints what it takes`;
    }
  }

  /** Whether nothing more will be known of the minutes that are watched. */
  get isKnown(): boolean {
    if (this.obstacle !== undefined) return true;
    const now = this.move.clock.now();
    const last = this.minutes.at(-1)?.at === this.to - MINUTE;
    return now >= this.to + (last ? SETTLED : LATEST);
  }

  get answered(): Answered {
    return without(sum(this.minutes), sum(this.minutes.flatMap(({ at }) => this.ours.get(at) ?? [])));
  }

  /** What a person reads of them. */
  get text(): string {
    if (this.obstacle !== undefined) return `people are not counted: ${this.obstacle}`;
    const { requests, failed } = this.answered;
    const p95 = Math.max(0, ...this.minutes.map(({ p95 = 0 }) => p95));
    const slowest = p95 > 0 ? `, p95 up to ${Math.round(p95)} ms` : "";
    return `people on the new side: ${requests} requests, ${failed} with 5xx${slowest}`;
  }
}

const wholeMinute = (time: number) => Math.floor(time / MINUTE) * MINUTE;

const sum = (minutes: readonly Answered[]): Answered => ({
  requests: minutes.reduce((all, { requests }) => all + requests, 0),
  failed: minutes.reduce((all, { failed }) => all + failed, 0),
});

/** At least nothing: the edges of a minute are not the same for whoever counts. */
const without = (all: Answered, some: Answered): Answered => ({
  requests: Math.max(0, Math.round(all.requests - some.requests)),
  failed: Math.max(0, Math.round(all.failed - some.failed)),
});

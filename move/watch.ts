import type { Move } from "./move";
import { atEdge, type Said, type Side, SIDE } from "./probe";
import { type From, fromOf } from "./store";
import { type Answered, Viewers } from "./viewers";

/** What the new side may be worse by than the old one. */
export interface Bounds {
  /** Percentage points of requests that fail. */
  readonly errors: number;
  /** Times of the old side's 95th percentile. */
  readonly slower: number;
}

/** What is looked at, and how long. */
export interface Watch {
  /** Milliseconds. */
  readonly limit: number;
  readonly bounds: Bounds;
  /** Asked in turn, beside the health path: what people ask for says more. */
  readonly paths: readonly string[];
}

/** What a side answered us so far. A watch may take a day: what is kept of it does not grow with that. */
export class Seen {
  /** Answers that the side itself gave. */
  good = 0;
  /** Answers of 400 and above, and requests without one: what is asked for is there on both sides. */
  failed = 0;
  /** Answers that the other side gave in its place. */
  elsewhere = 0;
  /** How many of the good ones took so many whole milliseconds. */
  private readonly took: number[] = [];

  constructor(private readonly side: Side) {}

  /** Takes one more answer; undefined where there was none. */
  take(said: Said | undefined): void {
    if (said === undefined || said.status >= 400) this.failed++;
    else if (said.headers[SIDE] !== this.side) this.elsewhere++;
    else {
      const whole = Math.round(said.milliseconds);
      this.good++;
      this.took[whole] = (this.took[whole] ?? 0) + 1;
    }
  }

  get requests(): number {
    return this.good + this.failed + this.elsewhere;
  }

  /** Milliseconds within which 95 of 100 answers came. */
  get p95(): number {
    let rest = Math.ceil(this.good * 0.95);
    for (const [whole, count = 0] of this.took.entries()) {
      rest -= count;
      if (rest <= 0) return whole;
    }
    return 0;
  }

  get text(): string {
    return `${this.side} side ${this.requests} requests, ${share(this).toFixed(1)} % failed, p95 ${this.p95} ms`;
  }
}

/** Milliseconds from one pair of requests to the next: four a second to each side. */
export const INTERVAL = 250;

/** The same behind a firewall that counts what an address asks in five minutes: half of that is for people at the same address. */
export const intervalOf = ({ rateLimit }: Pick<From, "rateLimit">): number =>
  rateLimit === undefined ? INTERVAL : Math.max(INTERVAL, Math.ceil((2 * 300_000) / (rateLimit / 2)));
/** Requests before anything is said: one failure of three says nothing. */
const LEAST = 20;
/** A single failure is one, and a second a coincidence. */
const FAILURES = 3;
/** Milliseconds that no person notices: a side that is fast may be twice as slow. */
const UNNOTICED = 100;

/** Per cent of requests that failed. */
const share = ({ requests, failed }: Answered) => (requests === 0 ? 0 : (100 * failed) / requests);

/** Why the new side is worse than it may be; undefined while it is not. */
export function verdict(older: Seen, newer: Seen, { errors, slower }: Bounds): string | undefined {
  if (newer.elsewhere >= FAILURES)
    return `${newer.elsewhere} of ${newer.requests} requests for the new side were answered by the old one`;
  if (older.elsewhere >= FAILURES)
    return `${older.elsewhere} of ${older.requests} requests for the old side were answered by the new one`;
  if (newer.requests < LEAST) return undefined;
  const [one, other] = [share(newer), share(older)];
  if (newer.failed >= FAILURES && one > other + errors)
    return `${one.toFixed(1)} % of its requests fail, ${other.toFixed(1)} % of the old side's, ${errors} points more are the most`;
  const [late, usual] = [newer.p95, older.p95];
  if (newer.good >= LEAST && late > usual * slower + UNNOTICED)
    return `its p95 is ${late} ms, the old side's ${usual} ms, ${slower} times as much is the most`;
  return undefined;
}

/**
 * Why people are answered worse by the new side than they may be; undefined while they are not. They are held to what the old side
 * answered people before, and to what it answers us.
 */
function verdictOfPeople(
  before: Answered | undefined,
  older: Seen,
  newer: Answered,
  { errors }: Bounds,
): string | undefined {
  if (newer.requests < LEAST || newer.failed < FAILURES) return undefined;
  const known = before && before.requests >= LEAST ? share(before) : undefined;
  const usual = Math.max(known ?? 0, share(older));
  if (share(newer) <= usual + errors) return undefined;
  return `${share(newer).toFixed(1)} % of people's requests to it end with 5xx, ${usual.toFixed(1)} % of the old side's, ${errors} points more are the most${known === undefined ? " (of people there nothing is known: it is what we are answered)" : ""}`;
}

/**
 * Sends requests to both sides by the distribution, side by side, and counts those of people on the new side, until all that
 * happened in the time is known, or the new side is worse than it may be.
 * @param before what the old side answered people before the shift, where that is known
 * @returns what was seen, and why that is too bad where it is
 */
export async function watch(
  move: Move,
  { limit, bounds, paths }: Watch,
  before: Answered | undefined,
): Promise<{ text: string; worse: string | undefined }> {
  const { clock, signal } = move;
  const from = fromOf(move);
  const ask = atEdge(move.probe, from);
  const asked = [from.health, ...paths];
  const interval = intervalOf(from);
  const viewers = new Viewers(move, limit);
  const seen: Record<Side, Seen> = { old: new Seen("old"), new: new Seen("new") };
  const end = clock.now() + limit;
  const look = async (side: Side, path: string | undefined) => {
    const said = await ask({ [SIDE]: side }, signal, path).catch(() => undefined);
    signal.throwIfAborted();
    seen[side].take(said);
    if (side === "new") viewers.leaveOut(said === undefined || said.status >= 500);
  };
  let told = clock.now();
  let turn = 0;
  for (let next = clock.now(); ; next += interval) {
    const path = asked[turn++ % asked.length];
    await Promise.all([look("old", path), look("new", path), viewers.look()]);
    const worse =
      verdict(seen.old, seen.new, bounds) ?? verdictOfPeople(before, seen.old, viewers.answered, bounds);
    const summary = `${seen.new.text}; ${seen.old.text}; ${viewers.text}`;
    if (worse !== undefined || (clock.now() >= end && viewers.isKnown)) return { text: summary, worse };
    if (clock.now() - told >= 15_000) {
      told = clock.now();
      await move.tell(summary);
    }
    // Slow answers make fewer requests, not a burst afterwards.
    next = Math.max(next, clock.now() - interval);
    await clock.sleep(Math.max(0, next + interval - clock.now()), signal);
  }
}

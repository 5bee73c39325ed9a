import type { Move } from "./move";
import { atEdge, type Said, type Side, SIDE } from "./probe";
import { fromOf } from "./store";
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

/** What a side answered us so far. */
export interface Seen {
  readonly milliseconds: readonly number[];
  /** Answers of 400 and above, and requests without one: what is asked for is there on both sides. */
  readonly failed: number;
  /** Answers that the other side gave in its place. */
  readonly elsewhere: number;
}

export const NOTHING_SEEN: Seen = { milliseconds: [], failed: 0, elsewhere: 0 };

/** Milliseconds from one pair of requests to the next: four a second to each side. */
const INTERVAL = 250;
/** Requests before anything is said: one failure of three says nothing. */
const LEAST = 20;
/** A single failure is one, and a second a coincidence. */
const FAILURES = 3;
/** Milliseconds that no person notices: a side that is fast may be twice as slow. */
const UNNOTICED = 100;

/** Milliseconds within which 95 of 100 answers came. */
export function p95({ milliseconds }: Seen): number {
  const sorted = [...milliseconds].sort((one, other) => one - other);
  return sorted[Math.ceil(sorted.length * 0.95) - 1] ?? 0;
}

const count = ({ milliseconds, failed, elsewhere }: Seen) => milliseconds.length + failed + elsewhere;
const percent = (seen: Seen) => share({ requests: count(seen), failed: seen.failed });
const share = ({ requests, failed }: Answered) => (requests === 0 ? 0 : (100 * failed) / requests);

/** Why the new side is worse than it may be; undefined while it is not. */
export function verdict(older: Seen, newer: Seen, { errors, slower }: Bounds): string | undefined {
  if (newer.elsewhere >= FAILURES)
    return `${newer.elsewhere} of ${count(newer)} requests for the new side were answered by the old one`;
  if (older.elsewhere >= FAILURES)
    return `${older.elsewhere} of ${count(older)} requests for the old side were answered by the new one`;
  if (count(newer) < LEAST) return undefined;
  const [one, other] = [percent(newer), percent(older)];
  if (newer.failed >= FAILURES && one > other + errors)
    return `${one.toFixed(1)} % of its requests fail, ${other.toFixed(1)} % of the old side's, ${errors} points more are the most`;
  const [late, usual] = [p95(newer), p95(older)];
  if (newer.milliseconds.length >= LEAST && late > usual * slower + UNNOTICED)
    return `its p95 is ${Math.round(late)} ms, the old side's ${Math.round(usual)} ms, ${slower} times as much is the most`;
  return undefined;
}

/**
 * Why people are answered worse by the new side than they may be; undefined while they are not. They are held to what the old side
 * answered people before, and to what it answers us.
 */
export function verdictOfPeople(
  before: Answered | undefined,
  older: Seen,
  newer: Answered,
  { errors }: Bounds,
): string | undefined {
  if (newer.requests < LEAST || newer.failed < FAILURES) return undefined;
  const known = before && before.requests >= LEAST ? share(before) : undefined;
  const usual = Math.max(known ?? 0, percent(older));
  if (share(newer) <= usual + errors) return undefined;
  return `${share(newer).toFixed(1)} % of people's requests to it end with 5xx, ${usual.toFixed(1)} % of the old side's, ${errors} points more are the most${known === undefined ? " (of people there nothing is known: it is what we are answered)" : ""}`;
}

const text = (side: Side, seen: Seen) =>
  `${side} side ${count(seen)} requests, ${percent(seen).toFixed(1)} % failed, p95 ${Math.round(p95(seen))} ms`;

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
  const viewers = new Viewers(move, limit);
  const seen: Record<Side, Seen> = { old: NOTHING_SEEN, new: NOTHING_SEEN };
  const end = clock.now() + limit;
  const look = async (side: Side, path: string | undefined) => {
    const said = await ask({ [SIDE]: side }, signal, path).catch(() => undefined);
    signal.throwIfAborted();
    seen[side] = withAnswer(seen[side], side, said);
    if (side === "new") viewers.leaveOut(said === undefined || said.status >= 500);
  };
  let told = clock.now();
  let turn = 0;
  for (let next = clock.now(); ; next += INTERVAL) {
    const path = asked[turn++ % asked.length];
    await Promise.all([look("old", path), look("new", path), viewers.look()]);
    const worse =
      verdict(seen.old, seen.new, bounds) ?? verdictOfPeople(before, seen.old, viewers.answered, bounds);
    const summary = `${text("new", seen.new)}; ${text("old", seen.old)}; ${viewers.text}`;
    if (worse !== undefined || (clock.now() >= end && viewers.isKnown)) return { text: summary, worse };
    if (clock.now() - told >= 15_000) {
      told = clock.now();
      await move.tell(summary);
    }
    // Slow answers make fewer requests, not a burst afterwards.
    next = Math.max(next, clock.now() - INTERVAL);
    await clock.sleep(Math.max(0, next + INTERVAL - clock.now()), signal);
  }
}

function withAnswer(seen: Seen, side: Side, said: Said | undefined): Seen {
  if (said === undefined || said.status >= 400) return { ...seen, failed: seen.failed + 1 };
  if (said.headers[SIDE] !== side) return { ...seen, elsewhere: seen.elsewhere + 1 };
  return { ...seen, milliseconds: [...seen.milliseconds, said.milliseconds] };
}

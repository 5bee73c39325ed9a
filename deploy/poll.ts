import { isPassing } from "./aws/error";
import type { Clock } from "./clock";

/** Either the answer, or nothing yet. */
export type Fetched<T> = { done: true; value: T } | { done: false };

export const notYet: Fetched<never> = { done: false };
export const done = <T>(value: T): Fetched<T> => ({ done: true, value });

/**
 * From one look to the next, in milliseconds, counted from the start of a look. At 3 s the median delay
 * between an event and its verdict is 1.5 s, and the looks take 20 calls of the 40 a minute may have.
 */
const POLL_INTERVAL = 3_000;

/** How long AWS may fail to answer before we stop believing that we can see anything, in milliseconds. */
export const BLIND_LIMIT = 180_000;

/**
 * Looks until there is an answer. Throttling, server faults and broken connections are waited out for as
 * long as `BLIND_LIMIT`; every other error ends it at once. The SDK's own waiters do neither: they repeat
 * on every error, a missing permission included, and back off to minutes. The first look comes after one
 * interval: whoever polls has just had an answer.
 */
export async function poll<T>(
  { clock, signal }: { clock: Clock; signal?: AbortSignal },
  look: () => Promise<Fetched<T>>,
): Promise<T> {
  let sawAt = clock.now();
  for (let next = sawAt + POLL_INTERVAL; ; next = Math.max(clock.now(), next + POLL_INTERVAL)) {
    await clock.sleep(Math.max(0, next - clock.now()), signal);
    try {
      const fetched = await look();
      if (fetched.done) return fetched.value;
      sawAt = clock.now();
    } catch (error) {
      if (!isPassing(error) || clock.now() - sawAt >= BLIND_LIMIT) throw error;
    }
  }
}

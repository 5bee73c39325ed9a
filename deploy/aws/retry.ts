import type { Clock } from "../clock";
import { explained, isPassing } from "./error";

/** Five attempts spread over about ten seconds at most; the poll loops wait longer where that makes sense. */
const ATTEMPTS = 5;
const FIRST_WAIT = 300;
const LONGEST_WAIT = 5_000;

/**
 * Makes a call, and again while it is throttled or broken, with full jitter (throttling is per account and
 * region: everyone who waits the same time comes back together).
 * @throws AwsError after the last attempt, and at once for every other error.
 */
export async function withRetry<T>(
  operation: string,
  { clock, random, signal }: { clock: Clock; random: () => number; signal?: AbortSignal },
  call: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      signal?.throwIfAborted();
      return await call();
    } catch (thrown) {
      if (signal?.aborted) throw signal.reason;
      const error = explained(operation, thrown);
      if (attempt === ATTEMPTS || !isPassing(error)) throw error;
      const longest = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** (attempt - 1));
      await clock.sleep(Math.ceil(random() * longest), signal);
    }
  }
}

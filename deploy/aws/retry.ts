import type { Clock } from "../clock";
import { BLIND_LIMIT, done, notYet, poll } from "../poll";
import { AwsError, explained, isPassing, neverArrived } from "./error";

/** Five attempts spread over about ten seconds at most; the poll loops wait longer where that makes sense. */
const ATTEMPTS = 5;
const FIRST_WAIT = 300;
const LONGEST_WAIT = 5_000;

/** How long a change may take to show itself after its answer was lost, in milliseconds. */
const LOOK_LIMIT = 60_000;

export interface Patience {
  clock: Clock;
  /** 0 to 1, for the jitter of retries. */
  random: () => number;
  /** Ends reads, and changes that AWS has not begun. */
  signal?: AbortSignal;
}

/** Full jitter: throttling is per account and region, and everyone who waits the same time comes back together. */
function pause({ clock, random }: Patience, attempt: number, signal?: AbortSignal): Promise<void> {
  const longest = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** (attempt - 1));
  return clock.sleep(Math.ceil(random() * longest), signal);
}

/**
 * Makes a read, and again while it is throttled or broken.
 * @throws AwsError after the last attempt, and at once for every other error.
 */
export async function read<T>(operation: string, patience: Patience, call: () => Promise<T>): Promise<T> {
  const { signal } = patience;
  for (let attempt = 1; ; attempt++) {
    try {
      signal?.throwIfAborted();
      return await call();
    } catch (thrown) {
      if (signal?.aborted) throw signal.reason;
      const error = explained(operation, thrown);
      if (attempt === ATTEMPTS || !isPassing(error)) throw error;
      await pause(patience, attempt, signal);
    }
  }
}

/** A change, and how to find out whether it was made. */
export interface Change<T> {
  call(): Promise<T>;
  /** What the look looks for, such as `a new deployment`. */
  trace: string;
  /** The trace that the change has left, undefined when there is none. */
  look(last: AwsError): Promise<T | undefined>;
}

/**
 * Makes a change. An attempt without an answer may have been made all the same, whatever later attempts said: then only a
 * look decides. A throttled one was not made, and is repeated for as long as reads are.
 * @throws AwsError of kind `lost` when nobody can say whether the change was made; any other kind: it was not made.
 */
export async function change<T>(
  operation: string,
  patience: Patience,
  { call, trace, look }: Change<T>,
): Promise<T> {
  const { clock, signal } = patience;
  const began = clock.now();
  let lost = false;
  for (let attempt = 1, broken = 0; ; attempt++) {
    if (!lost) signal?.throwIfAborted();
    try {
      return await call();
    } catch (thrown) {
      const error = explained(operation, thrown);
      lost ||= error.kind === "transient" && !neverArrived(error);
      if (error.kind === "transient") broken++;
      if (isPassing(error) && broken < ATTEMPTS && clock.now() - began < BLIND_LIMIT) {
        await pause(patience, attempt, lost ? undefined : signal);
        continue;
      }
      if (!lost) throw error;
      return await decided(error, patience, trace, () => look(error));
    }
  }
}

/** Looks for a change whose answer was lost, until it shows or could have shown long ago. */
async function decided<T>(
  last: AwsError,
  { clock }: Patience,
  trace: string,
  look: () => Promise<T | undefined>,
): Promise<T> {
  const deadline = clock.now() + LOOK_LIMIT;
  const found = await poll({ clock }, async () => {
    const seen = await look();
    return seen !== undefined || clock.now() >= deadline ? done(seen) : notYet;
  }).catch((error: unknown) => {
    if (error === last || !(error instanceof AwsError)) throw error;
    throw lostError(
      last,
      `an answer was lost, and AWS does not show whether there is ${trace}. ${error.message}`,
    );
  });
  if (found !== undefined) return found;
  const { operation, kind, code, message, cause } = last;
  const seen = `An answer was lost, but AWS has shown no trace of it (${trace}) for ${LOOK_LIMIT / 1000} seconds.`;
  throw new AwsError(operation, kind, code, `${message} ${seen}`, cause);
}

const lostError = ({ operation, code, cause }: AwsError, message: string) =>
  new AwsError(operation, "lost", code, `${operation}: ${message}`, cause);

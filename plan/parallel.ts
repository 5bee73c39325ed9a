/**
 * Does the same for each of several things, at most so many at once; results in the order of the things.
 * Where some of it fails, the rest is done before the first failure is thrown.
 */
export async function parallel<T, R>(
  things: readonly T[],
  atOnce: number,
  work: (thing: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const rest = things.entries();
  const worker = async () => {
    for (const [index, thing] of rest) results[index] = await work(thing);
  };
  const workers = Array.from({ length: Math.min(atOnce, things.length) }, worker);
  for (const end of await Promise.allSettled(workers)) if (end.status === "rejected") throw end.reason;
  return results;
}

/** Lets one in at a time, in the order of the calls. */
export function oneAtATime(): <R>(work: () => Promise<R>) => Promise<R> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const result = last.then(work);
    last = result.catch(() => {});
    return result;
  };
}

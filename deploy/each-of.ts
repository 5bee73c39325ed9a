/**
 * Works a queue off from its front, so many items at once; whoever empties it ends it early.
 * @throws what the first to fail threw, after all that had begun have ended.
 */
export async function eachOf<T>(atOnce: number, queue: T[], work: (item: T) => Promise<void>): Promise<void> {
  const worker = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  const ended = await Promise.allSettled(Array.from({ length: atOnce }, worker));
  for (const worker of ended) if (worker.status === "rejected") throw worker.reason;
}

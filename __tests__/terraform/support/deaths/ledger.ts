/** What an application's users have written, one at a time, and what they were answered. */
export class Ledger {
  /** Writes that were answered with success, in their order. */
  readonly written: string[] = [];
  /** Writes that were answered with something else, or not at all: nobody knows. */
  readonly unknown = new Set<string>();
  private readonly open = new Set<string>();
  private timer: NodeJS.Timeout | undefined;
  private count = 0;

  /** @param write answers with the status */
  constructor(private readonly write: (path: string) => Promise<number>) {}

  start(): void {
    this.timer = setInterval(() => {
      if (this.open.size < 4) void this.send(`/write/${this.count++}`);
    }, 50);
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    while (this.open.size > 0) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  /** Writes that are no more there by somebody's own word. */
  forget(lost: ReadonlySet<string>): void {
    this.written.splice(0, this.written.length, ...this.written.filter((one) => !lost.has(one)));
  }

  /** What is wrong with the rows of a database. @param read how often each is there, asked now */
  async differences(read: () => Promise<ReadonlyMap<string, number>>): Promise<string[]> {
    const must = [...this.written];
    const there = await read();
    const may = new Set([...this.written, ...this.unknown, ...this.open]);
    return [
      ...must
        .filter((one) => !there.has(one))
        .map((one) => `${one} was answered with success, and is not there`),
      ...[...there].filter(([, times]) => times > 1).map(([one, times]) => `${one} is there ${times} times`),
      ...[...there.keys()]
        .filter((one) => !may.has(one))
        .map((one) => `${one} is there, and nobody wrote it`),
    ];
  }

  private async send(path: string): Promise<void> {
    this.open.add(path);
    const status = await this.write(path).catch(() => 0);
    this.open.delete(path);
    if (status === 200) this.written.push(path);
    else this.unknown.add(path);
  }
}

import { duration } from "../terminal/duration";
import type { Screen } from "../terminal/screen";
import { type Step, Steps } from "../terminal/steps";

/**
 * What happens to each stack, while it happens: where a person watches, a line for each stack and what was done last below
 * them; else a line for good when something began, was done or ended.
 */
export class Progress {
  private readonly since = new Map<string, number>();
  private readonly live: Steps | undefined;
  private drawn: Promise<void> | undefined;

  /** @param stacks how many will be at work in all */
  constructor(
    private readonly screen: Screen,
    private readonly stacks: number,
    private readonly now: () => number = Date.now,
  ) {
    if (screen.live) this.live = new Steps((steps) => this.heading(steps), screen.stream);
  }

  /** A stack's turn has come. */
  begin(stack: string, text: string): void {
    this.since.set(stack, this.now());
    this.live?.show(stack, text);
    if (this.live) this.drawn ??= this.live.draw();
    else this.write(`${stack}: ${text} …`);
  }

  /** What it is doing now: only for who watches. */
  update(stack: string, text: string): void {
    this.live?.show(stack, text);
  }

  /** Something that is worth a line. */
  note(stack: string, text: string): void {
    const line = `${stack}: ${text}`;
    if (this.live) this.live.add(line);
    else this.write(line);
  }

  /** The end of its turn. Returns how long it took, in seconds. */
  end(stack: string, good: boolean, text: string): number {
    const elapsed = (this.now() - (this.since.get(stack) ?? this.now())) / 1000;
    const ended = `${text} (${duration(elapsed)})`;
    const { green, red } = this.screen.colors;
    // What goes on alone has its time beside it.
    if (this.live) this.live.end(stack, !good, this.stacks === 1 ? text : ended);
    else this.write(`${good ? green("✓") : red("✗")} ${stack}: ${ended}`);
    return elapsed;
  }

  /** Nothing moves any more. Resolves when all of it has been drawn. */
  async close(): Promise<void> {
    this.live?.close();
    await this.drawn;
  }

  private heading(steps: ReadonlyMap<string, Step>): string {
    const all = [...steps];
    if (this.stacks === 1) return all.map(([stack, { text }]) => `${stack}: ${text}`).join();
    const ended = all.filter(([, { failed }]) => failed !== null).length;
    return `${this.stacks} stacks, ${ended} ended`;
  }

  private write(line: string) {
    this.screen.stream.write(`${line}\n`);
  }
}

import { cursorTo, moveCursor, clearScreenDown } from "node:readline";
import pc from "picocolors";
import { duration } from "../terminal/duration";

export type Colors = ReturnType<typeof pc.createColors>;

/** The terminal, or whatever takes its place, and what belongs to it. */
export interface Screen {
  readonly stream: NodeJS.WriteStream;
  readonly colors: Colors;
  /** Whether a person watches, so that lines may be drawn over. */
  readonly live: boolean;
}

/** Colours only on a terminal, and never with NO_COLOR; nothing is drawn over in CI. */
export function screenOf(stream: NodeJS.WriteStream, environment: NodeJS.ProcessEnv): Screen {
  const terminal = Boolean(stream.isTTY);
  return {
    stream,
    colors: pc.createColors(terminal && !environment.NO_COLOR),
    live: terminal && !environment.CI,
  };
}

interface Running {
  readonly since: number;
  text: string;
}

/**
 * What happens to each stack, while it happens: a line for good when something began or ended and, where a person
 * watches, below these a line for each stack that is at work, with its time.
 */
export class Progress {
  private readonly running = new Map<string, Running>();
  private drawn = 0;
  private readonly timer: NodeJS.Timeout | undefined;

  /** @param waiting how many stacks will be at work in all */
  constructor(
    private readonly screen: Screen,
    private waiting: number,
    private readonly now: () => number = Date.now,
  ) {
    if (screen.live) this.timer = setInterval(() => this.draw(), 100).unref();
  }

  /** A stack's turn has come. */
  begin(stack: string, text: string): void {
    this.waiting -= 1;
    this.running.set(stack, { since: this.now(), text });
    if (!this.screen.live) this.write(`${stack}: ${text} …`);
  }

  /** What it is doing now: only for who watches. */
  update(stack: string, text: string): void {
    const running = this.running.get(stack);
    if (running) running.text = text;
  }

  /** Something that is worth a line for good. */
  note(stack: string, text: string): void {
    this.above(`${stack}: ${text}`);
  }

  /** Its turn is over. Returns how long it took, in seconds. */
  end(stack: string, good: boolean, text: string): number {
    const elapsed = (this.now() - (this.running.get(stack)?.since ?? this.now())) / 1000;
    this.running.delete(stack);
    const { green, red } = this.screen.colors;
    this.above(`${good ? green("✓") : red("✗")} ${stack}: ${text} (${duration(elapsed)})`);
    return elapsed;
  }

  /** Nothing moves any more. */
  close(): void {
    clearInterval(this.timer);
    this.erase();
  }

  /** The lines for who watches. */
  lines(): string[] {
    const width = Math.max(0, ...[...this.running.keys()].map((name) => name.length));
    const { cyan, dim } = this.screen.colors;
    const columns = (this.screen.stream.columns || 80) - 1;
    const rows = [...this.running].map(([name, { since, text }]) => {
      const time = duration((this.now() - since) / 1000);
      const room = Math.max(0, columns - width - time.length - 6);
      return `${cyan("…")} ${name.padEnd(width)}  ${text.slice(0, room)}  ${dim(time)}`;
    });
    return this.waiting > 0 ? [...rows, dim(`  ${this.waiting} more to come`)] : rows;
  }

  private draw() {
    this.erase();
    const lines = this.lines();
    this.write(...lines);
    this.drawn = lines.length;
  }

  private above(line: string) {
    this.erase();
    this.write(line);
    if (this.screen.live) this.draw();
  }

  private erase() {
    if (this.drawn === 0) return;
    moveCursor(this.screen.stream, 0, -this.drawn);
    cursorTo(this.screen.stream, 0);
    clearScreenDown(this.screen.stream);
    this.drawn = 0;
  }

  private write(...lines: string[]) {
    for (const line of lines) this.screen.stream.write(`${line}\n`);
  }
}

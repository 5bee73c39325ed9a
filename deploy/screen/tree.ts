import { Listr, PRESET_TIMER } from "listr2";
import pc from "picocolors";
import type { DeployEvent, Stage, Subscriber } from "../events";
import { lines, resultLines } from "./words";

/** Lines below a step that goes on alone, and below several beside their own. */
const LINES_OF_ONE = 8;
const LINES_OF_MANY = 3;

/** Live steps with elapsed times, for a terminal. */
export class TreeScreen {
  private block: Block | null = null;
  private drawn: Promise<unknown> = Promise.resolve();

  constructor(private readonly write: (text: string) => void) {}

  readonly subscriber: Subscriber = (event) => {
    if (event.type === "stage") this.stage(event);
    else if (this.block && event.type === "progress") this.block.show(event.subject, event.text);
    else if (this.block) for (const line of lines(event)) this.block.add(line);
    else this.after(() => this.print(event));
  };

  /** Resolves when everything has been drawn. */
  async close(): Promise<void> {
    this.block?.close();
    await this.drawn;
  }

  private stage({ stage, subject, state, text }: DeployEvent & { type: "stage" }): void {
    if (this.block?.stage !== stage) this.next(new Block(stage));
    if (state === "started") this.block?.show(subject, text);
    else this.block?.end(subject, state === "failed", text);
    if (this.block?.isOver) this.next(null);
  }

  /** Blocks follow one another: each is drawn by a renderer of its own, after the one before has finished. */
  private next(block: Block | null): void {
    this.block?.close();
    this.block = block;
    if (block) this.after(() => block.draw());
  }

  private after(draw: () => unknown): void {
    this.drawn = this.drawn.then(draw);
  }

  private print(event: DeployEvent): void {
    const text = event.type === "result" ? resultLines(event.result) : lines(event);
    const failed = event.type === "result" && event.result.exitCode !== 0;
    this.write(`${text.map((line) => (failed ? pc.red(line) : line)).join("\n")}\n`);
  }
}

/** One step of a stage. */
interface Step {
  /** What has been told of it, newest last. */
  told: string[];
  /** Null while it goes on. */
  failed: boolean | null;
}

/** What goes on at one time: a step alone, or those of several services side by side, a line each. */
class Block {
  private readonly steps = new Map<string, Step>();
  /** What says itself what it is about: log lines, warnings. */
  private readonly others: string[] = [];
  private changed = () => {};
  private finish = () => {};
  private readonly finished = new Promise<void>((resolve) => {
    this.finish = resolve;
  });

  constructor(readonly stage: Stage) {}

  show(subject: string, text: string): void {
    this.tell(subject, text, null);
  }

  end(subject: string, failed: boolean, text: string): void {
    this.tell(subject, text, failed);
  }

  add(line: string): void {
    const [alone, ...more] = this.steps.values();
    keep(alone && more.length === 0 ? alone.told : this.others, line);
    this.changed();
  }

  get isOver(): boolean {
    return [...this.steps.values()].every(({ failed }) => failed !== null);
  }

  close(): void {
    this.finish();
  }

  /** Draws it until it is closed. */
  async draw(): Promise<void> {
    const list = new Listr(
      [
        {
          title: this.title,
          task: async (_, task) => {
            this.changed = () => {
              task.title = this.title;
              task.output = this.body;
            };
            this.changed();
            await this.finished;
            if ([...this.steps.values()].some(({ failed }) => failed)) throw new Error(task.title);
          },
          rendererOptions: { persistentOutput: true },
        },
      ],
      { exitOnError: false, registerSignalListeners: false, rendererOptions: { timer: PRESET_TIMER } },
    );
    await list.run();
  }

  private tell(subject: string, text: string, failed: boolean | null): void {
    const step = this.steps.get(subject) ?? { told: [], failed };
    step.failed = failed;
    if (text) keep(step.told, text);
    this.steps.set(subject, step);
    this.changed();
  }

  private get title(): string {
    const steps = [...this.steps];
    if (steps.length > 1) {
      const over = steps.filter(([, { failed }]) => failed !== null).length;
      return `${this.stage} ${steps.length} services, ${over} ended`;
    }
    return steps
      .map(([subject, { told, failed }]) =>
        [`${this.stage} ${subject}`, ...(failed === null ? [] : told.slice(-1))].join(": "),
      )
      .join();
  }

  private get body(): string {
    const steps = [...this.steps];
    if (steps.length > 1) {
      const own = steps.map(
        ([subject, { told, failed }]) => `${mark(failed)} ${subject}: ${told.at(-1) ?? ""}`,
      );
      return [...own, ...this.others.slice(-LINES_OF_MANY)].join("\n");
    }
    // Once it is over, its last line stands in the title.
    return steps.flatMap(([, { told, failed }]) => (failed === null ? told : told.slice(0, -1))).join("\n");
  }
}

function keep(told: string[], line: string): void {
  told.push(line);
  if (told.length > LINES_OF_ONE) told.shift();
}

const mark = (failed: boolean | null) => (failed === null ? "…" : failed ? "✗" : "✓");

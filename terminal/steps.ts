import { DefaultRenderer, Listr, ListrLogger, PRESET_TIMER, ProcessOutput } from "listr2";

/** Lines below a step that goes on alone, and below several beside their own. */
const LINES_OF_ONE = 8;
const LINES_OF_MANY = 3;

/** One step of a block. */
export interface Step {
  /** What was told of it last. */
  text: string;
  /** Null while it goes on. */
  failed: boolean | null;
}

/** Whoever draws has looked whether a person watches: standard output, which listr2 asks, need not be where it is drawn. */
class Live extends DefaultRenderer {
  static override readonly nonTTY = true;
}

/** What stands above the steps, by what they are called. */
export type Heading = (steps: ReadonlyMap<string, Step>) => string;

/** The live view of what goes on at one time: a step alone, or several side by side, a line each, and what was said last below them. */
export class Steps {
  private readonly steps = new Map<string, Step>();
  private readonly lines: string[] = [];
  private changed = () => {};
  private finish = () => {};
  private readonly finished = new Promise<void>((resolve) => {
    this.finish = resolve;
  });

  constructor(
    private readonly heading: Heading,
    private readonly stream: NodeJS.WriteStream = process.stdout,
  ) {}

  show(name: string, text: string): void {
    this.tell(name, text, null);
  }

  end(name: string, failed: boolean, text: string): void {
    this.tell(name, text, failed);
  }

  /** A line that says itself what it is about. */
  add(line: string): void {
    this.lines.push(line);
    if (this.lines.length > LINES_OF_ONE) this.lines.shift();
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
          title: this.heading(this.steps),
          task: async (_, task) => {
            this.changed = () => {
              task.title = this.heading(this.steps);
              task.output = this.body;
            };
            this.changed();
            await this.finished;
            if ([...this.steps.values()].some(({ failed }) => failed)) throw new Error(task.title);
          },
          rendererOptions: { persistentOutput: true },
        },
      ],
      {
        exitOnError: false,
        registerSignalListeners: false,
        renderer: Live,
        rendererOptions: { timer: PRESET_TIMER, logger: this.logger },
      },
    );
    await list.run();
  }

  private get logger() {
    return new ListrLogger({
      useIcons: true,
      toStderr: [],
      processOutput: new ProcessOutput(this.stream, this.stream),
    });
  }

  private tell(name: string, text: string, failed: boolean | null): void {
    const step = this.steps.get(name);
    this.steps.set(name, { text: text || step?.text || "", failed });
    this.changed();
  }

  /** The heading says what a step alone does. */
  private get body(): string {
    const steps = [...this.steps];
    if (steps.length <= 1) return this.lines.join("\n");
    const own = steps.map(([name, { text, failed }]) => `${mark(failed)} ${name}: ${text}`);
    return [...own, ...this.lines.slice(-LINES_OF_MANY)].join("\n");
  }
}

const mark = (failed: boolean | null) => (failed === null ? "…" : failed ? "✗" : "✓");

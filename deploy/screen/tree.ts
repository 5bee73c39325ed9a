import { Listr, PRESET_TIMER } from "listr2";
import pc from "picocolors";
import type { DeployEvent, Subscriber } from "../events";
import { lines, resultLines } from "./words";

/** One running step: its latest line, and how it ends. */
interface Step {
  title: string;
  show: (text: string) => void;
  end: (how: { failed: boolean; text: string }) => void;
}

const LINES_OF_LOG = 8;

/** Live steps with elapsed times, for a terminal. */
export class TreeScreen {
  private step: Step | null = null;
  private drawn: Promise<unknown> = Promise.resolve();

  constructor(private readonly write: (text: string) => void) {}

  readonly subscriber: Subscriber = (event) => {
    if (event.type === "stage") this.stage(event);
    else if (this.step && event.type === "progress") this.step.show(event.text);
    else if (this.step) for (const line of lines(event)) this.step.show(line);
    else this.after(() => this.print(event));
  };

  /** Resolves when everything has been drawn. */
  async close(): Promise<void> {
    this.step?.end({ failed: false, text: "" });
    await this.drawn;
  }

  private stage(event: DeployEvent & { type: "stage" }): void {
    const title = `${event.stage} ${event.subject}`;
    if (this.step?.title !== title) this.step = this.begin(title);
    if (event.state === "started") {
      if (event.text) this.step.show(event.text);
      return;
    }
    this.step.end({ failed: event.state === "failed", text: event.text });
    this.step = null;
  }

  /** Steps follow one another: each is drawn by a renderer of its own, after the one before has finished. */
  private begin(title: string): Step {
    let show: (text: string) => void = () => {};
    const waiting: string[] = [];
    let end: Step["end"] = () => {};
    const ended = new Promise<{ failed: boolean; text: string }>((resolve) => {
      end = resolve;
    });
    this.after(() =>
      new Listr(
        [
          {
            title,
            task: async (_, task) => {
              show = (text) => {
                task.output = text;
              };
              for (const text of waiting) show(text);
              const { failed, text } = await ended;
              task.title = text ? `${title}: ${text}` : title;
              if (failed) throw new Error(task.title);
            },
            rendererOptions: { outputBar: LINES_OF_LOG, persistentOutput: true },
          },
        ],
        { exitOnError: false, registerSignalListeners: false, rendererOptions: { timer: PRESET_TIMER } },
      ).run(),
    );
    return {
      title,
      show: (text) => {
        waiting.push(text);
        show(text);
      },
      end: (how) => end(how),
    };
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

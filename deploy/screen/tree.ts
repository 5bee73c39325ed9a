import pc from "picocolors";
import { type Heading, Steps } from "../../terminal/steps";
import type { DeployEvent, Stage, Subscriber } from "../events";
import { lines, resultLines } from "./words";

/** Live steps with elapsed times, for a terminal. */
export class TreeScreen {
  private block: { readonly stage: Stage; readonly steps: Steps } | null = null;
  private drawn: Promise<unknown> = Promise.resolve();

  constructor(private readonly write: (text: string) => void) {}

  readonly subscriber: Subscriber = (event) => {
    const steps = this.block?.steps;
    if (event.type === "stage") this.stage(event);
    else if (steps && event.type === "progress") steps.show(event.subject, event.text);
    else if (steps) for (const line of lines(event)) steps.add(line);
    else this.after(() => this.print(event));
  };

  /** Resolves when everything has been drawn. */
  async close(): Promise<void> {
    this.block?.steps.close();
    await this.drawn;
  }

  private stage({ stage, subject, state, text }: DeployEvent & { type: "stage" }): void {
    const { steps } = this.block?.stage === stage ? this.block : this.next(stage);
    if (state === "started") steps.show(subject, text);
    else steps.end(subject, state === "failed", text);
    if (!steps.isOver) return;
    steps.close();
    this.block = null;
  }

  /** Blocks follow one another: each is drawn by a renderer of its own, after the one before has finished. */
  private next(stage: Stage) {
    this.block?.steps.close();
    const steps = new Steps(heading(stage));
    this.block = { stage, steps };
    this.after(() => steps.draw());
    return this.block;
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

const heading =
  (stage: Stage): Heading =>
  (steps) => {
    const all = [...steps];
    if (all.length <= 1) {
      return all
        .map(([subject, { text }]) => [`${stage} ${subject}`, ...(text ? [text] : [])].join(": "))
        .join();
    }
    const over = all.filter(([, { failed }]) => failed !== null).length;
    return `${stage} ${all.length} services, ${over} ended`;
  };

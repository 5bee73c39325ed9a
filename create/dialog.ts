import { createInterface, type Interface } from "node:readline";

/** The person went away: Ctrl-C, or the end of the input. */
export class Interrupted extends Error {}

/** Questions on a terminal, one after the other. */
export class Dialog {
  private readonly lines: Interface;
  private readonly typed: AsyncIterator<string>;

  constructor(
    input: NodeJS.ReadableStream,
    private readonly output: NodeJS.WritableStream,
  ) {
    this.lines = createInterface({ input, output });
    // Keeps what is typed ahead of its question.
    this.typed = this.lines[Symbol.asyncIterator]();
  }

  /**
   * What a person types, without the space around it.
   * @throws Interrupted
   */
  async ask(question: string): Promise<string> {
    this.lines.setPrompt(question);
    this.lines.prompt();
    const { value, done } = await this.typed.next();
    if (done) throw new Interrupted("\nNothing was written.");
    return value.trim();
  }

  say(text: string): void {
    this.output.write(`${text}\n`);
  }

  close(): void {
    this.lines.close();
  }
}

import { type Colors, screenOf } from "../terminal/screen";

/** Where a command says what it found: to people on standard output or, where a program reads that, on standard error beside one object. */
export class Output {
  /** @param json whether standard output is for a program */
  constructor(private readonly json = false) {}

  /** Colours of where people read. */
  get colors(): Colors {
    return screenOf(this.stream, process.env).colors;
  }

  /** Writes for people. */
  say(text: string): void {
    this.stream.write(text);
  }

  /** Writes for a program, where one reads: once, at the end. */
  report(found: object): void {
    if (this.json) process.stdout.write(`${JSON.stringify(found, null, 2)}\n`);
  }

  private get stream(): NodeJS.WriteStream {
    return this.json ? process.stderr : process.stdout;
  }
}

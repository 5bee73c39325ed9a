/** Where the sandbox's own lines go. */
export interface Out {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** The sandbox's own lines. While a command has the terminal they wait: it may be painting a screen, which they would break. */
export class Notes {
  private held = false;
  private readonly waiting: string[] = [];

  constructor(private readonly out: Out) {}

  readonly say = (text: string): void => {
    const line = `sandbox: ${text}\n`;
    if (this.held) this.waiting.push(line);
    else this.out.write(line);
  };

  /** Leaves the terminal to a command; where there is none, lines go on as they come. */
  hold(): void {
    this.held = Boolean(this.out.isTTY);
  }

  /** Says what waited. */
  release(): void {
    this.held = false;
    for (const line of this.waiting.splice(0)) this.out.write(line);
  }
}

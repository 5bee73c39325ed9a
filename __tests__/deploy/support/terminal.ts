/** A terminal of so many columns, as far as a screen that repaints needs one: what stands on it is what a person sees. */
export class Terminal {
  private readonly rows: string[][] = [[]];
  private row = 0;
  private column = 0;

  constructor(private readonly columns: number) {}

  /** Everything that stands there, without what a line ends with in blanks. */
  get lines(): string[] {
    return this.rows.map((row) =>
      Array.from(row, (cell) => cell ?? " ")
        .join("")
        .trimEnd(),
    );
  }

  write(text: string): void {
    for (const part of text.match(PART) ?? []) {
      if (part.startsWith("\u001b")) this.obey(part);
      else if (part === "\n") this.goTo(this.row + 1, 0);
      else if (part === "\r") this.column = 0;
      else this.put(part);
    }
  }

  private put(character: string): void {
    if (this.column === this.columns) this.goTo(this.row + 1, 0);
    (this.rows[this.row] as string[])[this.column++] = character;
  }

  private goTo(row: number, column: number): void {
    this.row = Math.max(0, row);
    this.column = Math.max(0, column);
    while (this.rows.length <= this.row) this.rows.push([]);
  }

  /** @throws Error for a sequence that it does not know: it would show something that is not so. */
  private obey(sequence: string): void {
    const [, number = "", command = ""] = /^.\[\??([\d;]*)([A-Za-z])$/s.exec(sequence) ?? [];
    const count = Number(number || 1);
    const act: Record<string, () => void> = {
      A: () => this.goTo(this.row - count, this.column),
      B: () => this.goTo(this.row + count, this.column),
      G: () => this.goTo(this.row, count - 1),
      J: () => {
        this.rows[this.row]?.splice(this.column);
        this.rows.length = this.row + 1;
      },
      K: () => (number === "2" ? this.rows[this.row]?.splice(0) : this.rows[this.row]?.splice(this.column)),
      // Colours, and whether the cursor shows.
      m: () => {},
      h: () => {},
      l: () => {},
    };
    const known = act[command];
    if (!known) throw new Error(`a sequence that no screen here writes: ${JSON.stringify(sequence)}`);
    known();
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what a terminal obeys
const PART = /\u001b\[[?\d;]*[A-Za-z]|\u001b.|[\s\S]/gu;

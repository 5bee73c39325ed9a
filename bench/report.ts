import pc from "picocolors";

/** One line of the report: a ratio within this run, and the bound it should keep. */
export interface Row {
  readonly what: string;
  readonly measured: string;
  readonly ratio: number;
  /** Infinity for a line that only informs. */
  readonly bound: number;
}

export const kept = ({ ratio, bound }: Row): boolean => ratio <= bound;

export function line(row: Row): string {
  const { what, measured, ratio, bound } = row;
  const verdict = kept(row) ? pc.green("kept") : pc.red("missed");
  const against = Number.isFinite(bound) ? `at most ${bound.toFixed(2).padStart(5)}  ${verdict}` : "";
  return `${what.padEnd(44)} ${measured.padEnd(22)} ${ratio.toFixed(2).padStart(6)}  ${against}`;
}

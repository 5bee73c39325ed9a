import { createInterface } from "node:readline";
import type { Daily } from "./session";

/** Asks on a terminal whether something is meant. Elsewhere nobody answers. */
export async function confirmed(
  { stdin, stderr, signal }: Pick<Daily, "stdin" | "stderr" | "signal">,
  question: string,
): Promise<boolean> {
  if (!stdin.isTTY) return false;
  stderr.write(`${question} [y/N] `);
  const reader = createInterface({ input: stdin, signal });
  try {
    for await (const line of reader) return /^y(es)?$/i.test(line.trim());
    return false;
  } finally {
    reader.close();
  }
}

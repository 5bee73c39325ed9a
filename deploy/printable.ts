import { stripVTControlCharacters } from "node:util";
import { StreamMask } from "./mask";

const LONGEST_LINE = 2_000;

/**
 * Characters that a terminal obeys or that deceive a reader: controls (C0, C1), what turns the direction of
 * writing or has no width, line and paragraph separators, halves of characters, blank letters.
 */
const UNSEEN = /(?![\t\n])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\u115f\u1160\u3164\uffa0]/gu;

const escaped = (character: string) => {
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  if (code < 0x100) return `\\x${hex.padStart(2, "0")}`;
  return code < 0x10000 ? `\\u${hex.padStart(4, "0")}` : `\\u{${hex}}`;
};

/** `##[command]` and `##vso[command]`, which CI runners find anywhere in a line. */
const RUNNER_COMMAND = /#(?=#\w*\[)/g;

/** Text with what nobody sees written out as escapes, and with no command for a CI runner within a line. */
export const visible = (text: string) => text.replace(UNSEEN, escaped).replace(RUNNER_COMMAND, "\\x23");

/** A copy of the value with every string in it changed. */
export function everyString<T>(value: T, change: (text: string) => string): T {
  if (typeof value === "string") return change(value) as T;
  if (Array.isArray(value)) return value.map((item) => everyString(item, change)) as T;
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value).map(([key, item]) => [key, everyString(item, change)]);
  return Object.fromEntries(entries) as T;
}

/** What begins a colour, a cursor movement or a title: looked for first, because most lines have none. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const SEQUENCE = /[\u001b\u0090-\u009f]/;

/** The lines of one stream as a terminal or a CI log can bear them: no colours, no secrets, no endless ones. */
export class StreamLines {
  private readonly masks = new StreamMask();

  /** The lines of the next message. */
  of(message: string): string[] {
    const text = SEQUENCE.test(message) ? stripVTControlCharacters(message) : message;
    const lines: string[] = [];
    for (const line of text.split(/[\r\n]+/))
      if (line.trim() !== "") lines.push(visible(this.masks.line(line).slice(0, LONGEST_LINE)));
    return lines;
  }
}

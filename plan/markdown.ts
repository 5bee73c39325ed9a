import { writeFileSync } from "node:fs";
import type { Assumption } from "./assumed";
import { CommandError, reasonOf } from "./error";
import type { Report, StackReport } from "./report";
import type { Orphans } from "./states";
import { losses } from "./summary";
import {
  changeLines,
  countsText,
  driftLines,
  type Line,
  lossLines,
  orderText,
  orphanLines,
  problemLines,
  WITHOUT_FILE,
} from "./words";

/** The most that GitHub takes as one comment, in characters. */
export const LIMIT = 65_536;

/** What marks the part of one stack, so that its comment can be found and written anew. */
export const markerOf = (stack: string) => `<!-- slipway-plan: ${stack} -->`;

/**
 * Writes what `--markdown` names.
 * @throws CommandError where that cannot be written
 */
export function writeMarkdown(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw new CommandError(
      `--markdown ${file} cannot be written: ${reasonOf(error)}. Name a file in a folder that is there.`,
    );
  }
}

/** The summary for a job summary or a comment: never longer than the limit, and always with every stack's counts. */
export function markdownReport(
  stacks: readonly StackReport[],
  { assumed = [], orphans = { found: [] } }: Partial<Pick<Report, "assumed" | "orphans">> = {},
  limit = LIMIT,
): string {
  const preface = assumedText(assumed);
  const without = orphansText(orphans, limit / 4);
  // Behind the first marker, so that a comment of one stack begins with it.
  const heads = stacks.map((stack, index) => `${head(stack)}${index === 0 ? without : ""}`);
  const fixed = heads.reduce((sum, text) => sum + text.length + 2, preface.length);
  const room = Math.floor((limit - fixed) / Math.max(1, stacks.length));
  return preface + stacks.map((stack, index) => `${heads[index]}\n${details(stack, room)}`).join("\n");
}

/** What an offline plan stands on beside the configuration. */
const assumedText = (assumed: readonly Assumption[]) =>
  assumed.length === 0
    ? ""
    : `Taken as there, because the configuration only reads or imports it:\n\n${assumed
        .map(({ type, name }) => `- \`${type}\` \`${name.replaceAll("`", "'")}\`\n`)
        .join("")}\n`;

/** The states that no file describes, which is what a reader must see first. */
function orphansText(orphans: Orphans, room: number): string {
  const lines = orphanLines(orphans);
  return lines.length === 0 ? "" : block(`> [!CAUTION]\n> ${WITHOUT_FILE}\n`, lines, room);
}

function head({ name, outcome, summary, after }: StackReport): string {
  const result = summary === undefined || outcome === "no changes" ? outcome : countsText(summary.counts);
  const order = outcome === "changes" ? orderText(after) : "";
  return `${markerOf(name)}\n### ${name}: ${result}${order}\n`;
}

/** Each part is cut to the room that the ones before it leave: losses come first. */
function details({ summary, problems }: StackReport, room: number): string {
  const parts: [string, Line[]][] = [];
  if (summary !== undefined && losses(summary).length > 0) {
    parts.push(["> [!CAUTION]\n> No apply can make this again:\n", lossLines(summary)]);
  }
  if (problems.length > 0) parts.push(["**Terraform says**\n", problems.flatMap(problemLines)]);
  if (summary !== undefined && summary.drift.length > 0) {
    parts.push(["**Changed outside Terraform**\n", driftLines(summary.drift)]);
  }
  if (summary !== undefined) parts.push(["**To do**\n", changeLines(summary)]);
  let text = "";
  for (const [title, lines] of parts) {
    if (lines.length > 0) text += block(title, lines, room - text.length);
  }
  return text;
}

/** A title and a fenced block. In it nothing is read as Markdown: no name can mention anybody or end a comment. */
function block(title: string, lines: readonly Line[], room: number): string {
  const texts = lines.map(({ sign, text, indent }) =>
    indent > 0 ? `      ${text}` : `${diffSign(sign)} ${text}`,
  );
  const fence = "`".repeat(Math.max(3, longestRun(texts) + 1));
  const frame = `\n${title}\n${fence}diff\n${fence}\n`.length;
  const shown = fitting(texts, room - frame);
  return shown.length === 0 ? "" : `\n${title}\n${fence}diff\n${shown.join("\n")}\n${fence}\n`;
}

/** As many lines as there is room for; the last one then says how many more there are. */
function fitting(texts: readonly string[], room: number): string[] {
  const length = texts.reduce((sum, text) => sum + text.length + 1, 0);
  if (length <= room) return [...texts];
  const shown: string[] = [];
  let left = room - "… and 1,000,000 more lines: see the log\n".length;
  for (const text of texts) {
    left -= text.length + 1;
    if (left < 0) break;
    shown.push(text);
  }
  return room < 60 ? [] : [...shown, `… and ${texts.length - shown.length} more lines: see the log`];
}

/** GitHub colours lines by the signs of a diff, in which ! stands for a change. */
const diffSign = (sign: string) => (sign === "±" || sign === "~" ? "!" : sign === "✗" ? "-" : sign);

const longestRun = (texts: readonly string[]) =>
  Math.max(0, ...texts.flatMap((text) => text.match(/`+/g) ?? []).map((run) => run.length));

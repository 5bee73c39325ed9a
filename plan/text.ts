import type { Applied } from "./applier";
import { typed } from "./offline";
import type { Colors } from "../terminal/screen";
import type { StackReport } from "./report";
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

/** The summary over all stacks for a terminal or a log: what would be lost comes first. */
export function textReport(
  stacks: readonly StackReport[],
  colors: Colors,
  orphans: Orphans = { found: [] },
): string {
  const lost = orphanLines(orphans);
  const without =
    lost.length === 0
      ? []
      : [[colors.bold(colors.red(`!!! ${WITHOUT_FILE}`)), ...body(lost, colors)].join("\n")];
  const alarms = [...without, ...stacks.flatMap((stack) => alarm(stack, colors))];
  const sections = stacks.map((stack) => section(stack, colors));
  return [...alarms, ...sections].join("\n\n");
}

function alarm({ name, summary }: StackReport, colors: Colors): string[] {
  if (summary === undefined) return [];
  const number = losses(summary).length;
  if (number === 0) return [];
  const title = `!!! ${name}: ${number === 1 ? "something" : `${number} things`} that no apply can make again`;
  return [[colors.bold(colors.red(title)), ...body(lossLines(summary), colors)].join("\n")];
}

function section({ name, outcome, summary, problems, after }: StackReport, colors: Colors): string {
  const title =
    summary === undefined ? colors.red(outcome) : summaryTitle(outcome, countsText(summary.counts));
  return [
    `${colors.bold(name)}: ${title}${outcome === "changes" ? orderText(after) : ""}`,
    ...part("Changed outside Terraform", driftLines(summary?.drift ?? []), colors),
    ...part("To do", summary === undefined ? [] : changeLines(summary), colors),
    ...body(problems.flatMap(problemLines), colors),
  ].join("\n");
}

const summaryTitle = (outcome: StackReport["outcome"], counts: string) =>
  outcome === "no changes" ? outcome : counts;

function part(title: string, lines: readonly Line[], colors: Colors): string[] {
  return lines.length === 0 ? [] : [`  ${title}:`, ...body(lines, colors).map((line) => `  ${line}`)];
}

function body(lines: readonly Line[], colors: Colors): string[] {
  const paint: Record<string, (text: string) => string> = {
    "+": colors.green,
    "-": colors.red,
    "±": colors.magenta,
    "~": colors.yellow,
    "✗": colors.red,
    "!": colors.yellow,
    "→": colors.cyan,
  };
  return lines.map(({ sign, text, indent }) =>
    indent > 0 ? `${"    ".repeat(indent)}  ${colors.dim(text)}` : `  ${paint[sign]?.(sign) ?? sign} ${text}`,
  );
}

/** How the apply of each stack ended. */
export const appliedText = (results: readonly Applied[], colors: Colors): string =>
  results
    .flatMap((result) => [
      `${result.done ? colors.green("✓") : colors.red("✗")} ${result.name}: ${ending(result)}`,
      ...body(result.problems.flatMap(problemLines), colors),
    ])
    .join("\n");

function ending({ name, done, begun, made, changed, gone, replaced }: Applied): string {
  if (!done && !begun) return "failed, nothing was changed";
  const pairs = replaced > 0 ? ` (${replaced} of each are replacements)` : "";
  const counts = `${made} added, ${changed} changed, ${gone} destroyed${pairs}`;
  if (done) return counts;
  return `failed after ${counts}. This stands, and what failed may be there in part: ${typed(`npx slipway plan ${name}`)} shows what is left`;
}

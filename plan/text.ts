import type { Applied } from "./applier";
import type { Colors } from "./progress";
import type { StackReport } from "./report";
import { losses } from "./summary";
import { changeLines, countsText, driftLines, type Line, lossLines, problemLines } from "./words";

/** The summary over all stacks for a terminal or a log: what would be lost comes first. */
export function textReport(stacks: readonly StackReport[], colors: Colors): string {
  const alarms = stacks.flatMap((stack) => alarm(stack, colors));
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

function section({ name, outcome, summary, problems }: StackReport, colors: Colors): string {
  const title =
    summary === undefined ? colors.red(outcome) : summaryTitle(outcome, countsText(summary.counts));
  return [
    `${colors.bold(name)}: ${title}`,
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
export function appliedText(results: readonly Applied[], colors: Colors): string {
  return results
    .map(({ name, done, made, changed, gone, problems }) => {
      const counts = `${made} added, ${changed} changed, ${gone} destroyed`;
      if (done)
        return [`${colors.green("✓")} ${name}: ${counts}`, ...body(problems.flatMap(problemLines), colors)];
      const nothing = made + changed + gone === 0;
      const rest = nothing
        ? "nothing was changed"
        : `${counts} before it failed: this stands; what is left shows npm run plan -- ${name}`;
      return [`${colors.red("✗")} ${name}: ${rest}`, ...body(problems.flatMap(problemLines), colors)];
    })
    .map((lines) => lines.join("\n"))
    .join("\n");
}

import type { createColors } from "picocolors";
import { quotaText } from "../quotas";
import { openFindings, place, type Report, summary, suppressed } from "./report";

type Colors = ReturnType<typeof createColors>;

/** For people: grouped by stack, each finding with its reason and its mend. */
export function renderTable(report: Report, colors: Colors): string {
  const lines = report.looked.flatMap((name) => {
    const found = openFindings(report).filter(({ stack }) => stack === name);
    return [
      ...(found.length > 0 ? [colors.bold(name)] : []),
      ...found.flatMap((finding) => [
        `  ${colors.red("✗")} ${colors.red(finding.rule)}  ${place(finding)}`,
        `    ${finding.why} ${colors.dim(`(${finding.source})`)}`,
        `    ${colors.cyan(`→ ${finding.mend}`)}`,
        "",
      ]),
    ];
  });
  const quiet = suppressed(report).map((finding) =>
    colors.dim(`  ${finding.stack}: ${finding.rule}  ${place(finding)}: ${finding.suppressed}`),
  );
  const last =
    openFindings(report).length === 0 ? colors.green(`✓ ${summary(report)}`) : colors.red(summary(report));
  return [
    ...lines,
    ...(quiet.length > 0 ? ["Suppressed:", ...quiet, ""] : []),
    ...report.quotas.map((found) => colors.yellow(quotaText(found))),
    ...unseen(report),
    last,
  ].join("\n");
}

/** For pipes and logs: one line each. */
export function renderText(report: Report): string {
  return [
    ...openFindings(report).map(
      (finding) =>
        `${finding.stack}: ${finding.rule}: ${place(finding)}: ${finding.why} Mend: ${finding.mend}`,
    ),
    ...suppressed(report).map(
      (finding) => `${finding.stack}: suppressed ${finding.rule}: ${place(finding)}: ${finding.suppressed}`,
    ),
    ...report.quotas.map(quotaText),
    ...unseen(report),
    summary(report),
  ].join("\n");
}

const unseen = ({ unseenModules }: Report) =>
  unseenModules.length > 0
    ? [`Not looked into, modules have no resources here: ${unseenModules.join(", ")}`]
    : [];

import { quotaText } from "../quotas";
import { type RuleText, themes } from "../rule";
import { openFindings, place, type Report, summary, suppressed } from "./report";

/** A table's cell: nothing in it may end the cell or be read as HTML. */
const cell = (text: string) =>
  text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll("|", "\\|")
    .replaceAll(/\s*\n\s*/g, " ");
/** Code in a cell, whatever backticks it holds. */
const code = (text: string) => `<code>${cell(text).replaceAll("`", "&#96;")}</code>`;

const grid = (head: readonly string[], rows: readonly (readonly string[])[]) => [
  `| ${head.join(" | ")} |`,
  `|${" --- |".repeat(head.length)}`,
  ...rows.map((row) => `| ${row.join(" | ")} |`),
];

/** For a job's summary, or a comment on a pull request. */
export function renderMarkdown(report: Report): string {
  const found = openFindings(report);
  const quiet = suppressed(report);
  const lines = [`### Guardrails: ${found.length === 0 ? "✅" : "❌"} ${cell(summary(report))}`, ""];
  if (found.length > 0) {
    const rows = found.map((one) => [one.stack, one.rule, code(place(one)), `${one.why} **${one.mend}**`]);
    lines.push(...grid(["stack", "rule", "where", "why, and how to mend it"], rows.map(escaped)), "");
  }
  if (quiet.length > 0) {
    const rows = quiet.map((one) => [one.stack, one.rule, code(place(one)), one.suppressed]);
    lines.push(`<details><summary>${quiet.length} suppressed</summary>`, "");
    lines.push(...grid(["stack", "rule", "where", "reason"], rows.map(escaped)), "", "</details>", "");
  }
  lines.push(...report.quotas.flatMap((found) => [`- ${cell(quotaText(found))}`, ""]));
  if (report.unseenModules.length > 0) {
    lines.push(
      `Not looked into, modules have no resources here: ${report.unseenModules.map(code).join(", ")}`,
      "",
    );
  }
  return lines.join("\n");
}

/** All cells but the one that is code already. */
const escaped = ([stack = "", rule = "", where = "", reason = ""]: readonly string[]) => [
  cell(stack),
  `\`${rule}\``,
  where,
  cell(reason),
];

/** Every rule, by theme, as the documentation shows them. */
export const ruleMarkdown = (rules: readonly RuleText[]): string =>
  themes
    .map((theme) => {
      const rows = rules.filter((rule) => rule.theme === theme);
      const cells = rows.map(({ id, why, source }) => [`\`${id}\``, cell(why), cell(source)]);
      return [
        `### ${theme[0]?.toUpperCase()}${theme.slice(1)}`,
        "",
        ...grid(["rule", "why", "source"], cells),
      ].join("\n");
    })
    .join("\n\n");

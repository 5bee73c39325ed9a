import pc from "picocolors";
import { exitCodesOf, USAGE } from "../terminal/exit-codes";
import { createCommand, start } from "../terminal/program";
import { UsageError } from "./input";
import { renderMarkdown, ruleMarkdown } from "./report/markdown";
import { openFindings, type Report } from "./report/report";
import { renderText, renderTable } from "./report/text";
import { reportOn } from "./report-on";
import { ruleTable } from "./rules";

const HELP = `
Examples:
  slipway guardrails                        all stacks in cdktf.out
  slipway guardrails cdktf.out/stacks/prod  one of them
  slipway guardrails infra/main.tf.json     any Terraform JSON
  slipway guardrails plan.json              what a plan destroys (terraform show -json <plan file>)
  slipway guardrails --markdown >> "$GITHUB_STEP_SUMMARY"
  slipway guardrails --list                 every rule, its reason and how to mend it

${exitCodesOf("guardrails")}
docs/guardrails.md says how to suppress a rule.`;

interface Options {
  json?: boolean;
  markdown?: boolean;
  list?: boolean;
}

/** Reads, checks and reports. */
function run(paths: readonly string[], options: Options): number {
  if (options.json && options.markdown) throw new UsageError("--json and --markdown exclude each other.");
  if (options.list) {
    print(list(options));
    return 0;
  }
  const report = reportOn(paths);
  print(show(report, options));
  return openFindings(report).length > 0 ? 1 : 0;
}

function show(report: Report, options: Options): string {
  if (options.json) return JSON.stringify(report, null, 2);
  if (options.markdown) return renderMarkdown(report);
  // NO_COLOR takes the colours, not the shape. Source: no-color.org.
  return process.stdout.isTTY
    ? renderTable(report, pc.createColors(!process.env.NO_COLOR))
    : renderText(report);
}

function list(options: Options): string {
  if (options.json) return JSON.stringify(ruleTable, null, 2);
  if (options.markdown) return ruleMarkdown(ruleTable);
  return ruleTable.map(({ id, why, source, mend }) => `${id}: ${why} Mend: ${mend} (${source})`).join("\n");
}

const print = (text: string) => process.stdout.write(`${text}\n`);

const command = createCommand("slipway guardrails")
  .description("Rules over Terraform's JSON, as CDKTF synthesizes it: what must not be applied like this.")
  .argument("[paths...]", "folders and files to look at", ["cdktf.out"])
  .option("--json", "everything, for programs")
  .option("--markdown", "for a job summary or a comment")
  .option("--list", "the rules instead of findings")
  .addHelpText("after", HELP)
  .action((paths: string[], options: Options) => {
    process.exitCode = run(paths, options);
  });

// Whoever reads along may stop early: `… --list | head`.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});

/** The promise that settles once the command has ended. */
export const ended = start(command, process.argv.slice(2), "guardrails").catch((error: Error) => {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = USAGE;
});

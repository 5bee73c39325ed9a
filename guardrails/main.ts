import { Command, CommanderError } from "commander";
import pc from "picocolors";
import { UsageError } from "./input";
import { markdown, ruleMarkdown } from "./report/markdown";
import { open, type Report } from "./report/report";
import { plain, table } from "./report/text";
import { reportOn } from "./report-on";
import { ruleTable } from "./rules";

const HELP = `
Examples:
  node --require tsx/cjs guardrails/main.ts                       all stacks in cdktf.out
  node --require tsx/cjs guardrails/main.ts cdktf.out/stacks/prod one of them
  node --require tsx/cjs guardrails/main.ts infra/main.tf.json    any Terraform JSON
  node --require tsx/cjs guardrails/main.ts plan.json             what a plan destroys (terraform show -json <plan file>)
  node --require tsx/cjs guardrails/main.ts --markdown >> "$GITHUB_STEP_SUMMARY"
  node --require tsx/cjs guardrails/main.ts --list                every rule, its reason and how to mend it

Exit codes: 0 nothing found, or all suppressed; 1 something found; 2 wrong usage, or nothing to read.
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
  return open(report).length > 0 ? 1 : 0;
}

function show(report: Report, options: Options): string {
  if (options.json) return JSON.stringify(report, null, 2);
  if (options.markdown) return markdown(report);
  // NO_COLOR takes the colours, not the shape. Source: no-color.org.
  return process.stdout.isTTY ? table(report, pc.createColors(!process.env.NO_COLOR)) : plain(report);
}

function list(options: Options): string {
  if (options.json) return JSON.stringify(ruleTable, null, 2);
  if (options.markdown) return ruleMarkdown(ruleTable);
  return ruleTable.map(({ id, why, source, mend }) => `${id}: ${why} Mend: ${mend} (${source})`).join("\n");
}

const print = (text: string) => process.stdout.write(`${text}\n`);

function main(): number {
  let code = 0;
  const command = new Command("guardrails")
    .description("Rules over Terraform's JSON, as CDKTF synthesizes it: what must not be applied like this.")
    .argument("[paths...]", "folders and files to look at", ["cdktf.out"])
    .option("--json", "everything, for programs")
    .option("--markdown", "for a job summary or a comment")
    .option("--list", "the rules instead of findings")
    .addHelpText("after", HELP)
    .showHelpAfterError("(--help shows examples)")
    .exitOverride()
    .action((paths: string[], options: Options) => {
      code = run(paths, options);
    });
  try {
    command.parse();
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 2;
  }
}

// Whoever reads along may stop early: `… --list | head`.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});

process.exitCode = main();

/** npm run plan and npm run apply: the first argument says which. docs/plan.md describes both. */
import { Command } from "commander";
import { Interrupted } from "./children";
import { CommandError } from "./error";
import { againInSandbox, inSandbox } from "./offline";

const PLAN_EXAMPLES = `
Examples:
  npm run plan                              every environment
  npm run plan -- staging                   only this one
  npm run plan -- --offline                 against the sandbox: no account, no credentials
  npm run -s plan -- --json > plan.json     for programs
  npm run plan -- staging --markdown "$GITHUB_STEP_SUMMARY"

Exit codes: 0 no changes, 2 changes, 1 an error. The plans are kept for npm run apply.`;

const APPLY_EXAMPLES = `
Examples:
  npm run apply                             all plans of the last npm run plan
  npm run apply -- staging                  only this one
  npm run apply -- staging --auto-approve   where the plan was approved before, as in CI
  npm run apply -- staging --allow-destroy aws_db_instance.database

Exit codes: 0 applied, or nothing to do; 1 refused or failed.`;

// Loaded when a command needs them: --help answers without. This is require because import() needs tsx's ESM loader,
// which alone costs a tenth of a second.
const load = {
  plan: () => require("./plan-command") as typeof import("./plan-command"),
  apply: () => require("./apply-command") as typeof import("./apply-command"),
};

const OFFLINE = "on the sandbox: AWS is stood in for, no credentials are needed or used";

/** Runs a command here, or once more in the sandbox where --offline says so and this is not there yet. */
const run = async (offline: boolean | undefined, command: () => Promise<number>) => {
  process.exitCode = offline && !inSandbox(process.env) ? await againInSandbox() : await command();
};

const plan = new Command("npm run plan --")
  .description(
    "Shows what Terraform would change in each environment, and keeps the plans for npm run apply.",
  )
  .argument("[environment...]", "only these (default: all)")
  .option("--offline", OFFLINE)
  .option("--json", "the summary as JSON on standard output")
  .option("--markdown <file>", "write the summary as Markdown too, for a job summary or a comment")
  .addHelpText("after", PLAN_EXAMPLES)
  .action((names, { offline, ...options }) => run(offline, () => load.plan().planCommand(names, options)));

const apply = new Command("npm run apply --")
  .description("Applies exactly the plans of the last npm run plan: nothing is planned anew.")
  .argument("[environment...]", "only these (default: all that were planned)")
  .option("--offline", OFFLINE)
  .option("--auto-approve", "do not ask")
  .option(
    "--allow-destroy <address>",
    "allow this database, bucket, … to be destroyed or replaced; with several environments <environment>:<address>",
    (value: string, all: string[]) => [...all, value],
    [],
  )
  .addHelpText("after", APPLY_EXAMPLES)
  .action((names, { offline, ...options }) => run(offline, () => load.apply().applyCommand(names, options)));

async function main([which, ...words]: readonly string[]): Promise<void> {
  const command = which === "plan" ? plan : which === "apply" ? apply : undefined;
  if (command === undefined)
    throw new CommandError(`"${which}" is no command: write npm run plan or npm run apply.`);
  await command.showHelpAfterError("(--help shows examples)").parseAsync(words, { from: "user" });
}

main(process.argv.slice(2)).catch((error: Error) => {
  const expected = error instanceof CommandError || error instanceof Interrupted;
  process.stderr.write(`${expected ? error.message : error.stack}\n`);
  process.exitCode = error instanceof Interrupted ? error.exitCode : 1;
});

/** slipway plan, apply, destroy, move-state, synth and upgrade: the first argument says which. docs/plan.md describes them. */
import { exitCodesOf, USAGE } from "../terminal/exit-codes";
import { createCommand, start } from "../terminal/program";
import { type Command, InvalidArgumentError } from "commander";
import { existsSync } from "node:fs";
import { Interrupted } from "./children";
import { CommandError } from "./error";
import { inSandbox, runOffline } from "./offline";
import { namesFile } from "./upgrade/target";

const PLAN_EXAMPLES = `
Examples:
  slipway plan                              every environment
  slipway plan staging                      only this one
  slipway plan --offline                    against the sandbox: no account, no credentials
  slipway plan --json > plan.json           for programs
  slipway plan staging --markdown "$GITHUB_STEP_SUMMARY"
  slipway plan staging --replace terraform_data.database_password_written

The plans are kept for slipway apply.
${exitCodesOf("plan")}`;

const APPLY_EXAMPLES = `
Examples:
  slipway apply                             all plans of the last slipway plan
  slipway apply staging                     only this one
  slipway apply staging --auto-approve      where the plan was approved before, as in CI
  slipway apply staging --allow-destroy aws_db_instance.database

Where names are kept elsewhere, their DNS records are waited for up to ten minutes; in CI they are looked at once.
${exitCodesOf("apply")}`;

const DESTROY_EXAMPLES = `
Examples:
  slipway destroy qa                        shows all that goes, then asks for the name
  slipway destroy qa --dry-run              shows it, and ends
  slipway destroy qa --offline              the same on the sandbox
  slipway destroy qa --allow-destroy aws_db_instance.database_instance

The environment's file may be gone: its state is enough.
${exitCodesOf("destroy")}`;

const MOVE_EXAMPLES = `
Examples:
  slipway move-state                        once, after slipway apply bootstrap
  slipway move-state --offline              the same on the sandbox

It can be run again.
${exitCodesOf("move-state")}`;

const SYNTH_EXAMPLES = `
Examples:
  slipway synth                             every environment, and what they share

${exitCodesOf("synth")}`;

const UPGRADE_EXAMPLES = `
Examples:
  slipway upgrade                           to the newest there is: shows what it changes, then asks
  slipway upgrade 1.5.0                     to this one
  slipway upgrade ../slipway-1.5.0.tgz      to one that lies here: no network is needed for it
  slipway upgrade 1.5.0 --auto-approve      and write it to package.json

Needs no account: the sandbox applies what the installed version makes of your files, and plans over it what the new one does.
Without a terminal, and without --auto-approve, nothing is written.
${exitCodesOf("upgrade")}`;

// Loaded when a command needs them: --help answers without. This is require because import() needs tsx's ESM loader,
// which alone costs a tenth of a second.
const load = {
  plan: () => require("./plan-command") as typeof import("./plan-command"),
  apply: () => require("./apply-command") as typeof import("./apply-command"),
  destroy: () => require("./destroy-command") as typeof import("./destroy-command"),
  moveState: () => require("./move-state") as typeof import("./move-state"),
  synth: () => require("./synth-command") as typeof import("./synth-command"),
  upgrade: () => require("./upgrade/command") as typeof import("./upgrade/command"),
};

const LOCK_TIMEOUT =
  "wait so long where somebody else is applying, or takes a step of a move: 30s, 60m, 2h (default: not at all)";

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };

/** Seconds of a duration as Terraform takes it. */
function durationOf(text: string): number {
  const [, count, unit = ""] = /^(\d+)([smh])$/.exec(text) ?? [];
  if (count === undefined) throw new InvalidArgumentError("Give a whole number with s, m or h: 60m.");
  return Number(count) * (SECONDS[unit] ?? 1);
}

const OFFLINE = "on the sandbox: AWS is stood in for, no credentials are needed or used";

/** Runs a command, with AWS stood in for where --offline says so and it is not yet. */
const run = async (
  offline: boolean | undefined,
  command: () => Promise<number>,
  options: readonly string[] = [],
) => {
  process.exitCode =
    offline && !inSandbox(process.env) ? await runOffline(options, command) : await command();
};

const plan = createCommand("slipway plan")
  .description(
    "Shows what Terraform would change in each environment, and keeps the plans for slipway apply.",
  )
  .argument("[environment...]", "only these (default: all)")
  .option("--offline", OFFLINE)
  .option("--json", "the summary as JSON on standard output")
  .option("--markdown <file>", "write the summary as Markdown too, for a job summary or a comment")
  .option(
    "--replace <address>",
    "make this anew although nothing in it changes, as the way out of a failed apply may say; for one environment",
    (value: string, all: string[]) => [...all, value],
    [],
  )
  .addHelpText("after", PLAN_EXAMPLES)
  .action((names, { offline, ...options }) =>
    run(offline, () => load.plan().planCommand(names, options), ["--assume"]),
  );

const apply = createCommand("slipway apply")
  .description("Applies exactly the plans of the last slipway plan: nothing is planned anew.")
  .argument("[environment...]", "only these (default: all that were planned)")
  .option("--offline", OFFLINE)
  .option("--auto-approve", "do not ask")
  .option(
    "--json",
    "how each apply ended, as JSON on standard output; what people read goes to standard error",
  )
  .option(
    "--allow-destroy <address>",
    "allow this database, bucket, … to be destroyed or replaced; with several environments <environment>:<address>",
    (value: string, all: string[]) => [...all, value],
    [],
  )
  .option(
    "--replan-if-stale",
    "plan again where somebody applied since, and apply that where it does nothing that was not in the plan",
  )
  .option("--lock-timeout <duration>", LOCK_TIMEOUT, durationOf)
  .option(
    "--no-wait",
    "look at the DNS records of names that are kept elsewhere once, and do not wait for them",
  )
  .addHelpText("after", APPLY_EXAMPLES)
  .action((names, { offline, ...options }) => run(offline, () => load.apply().applyCommand(names, options)));

const destroy = createCommand("slipway destroy")
  .description("Destroys an environment: plans that, names what is lost, asks for the environment's name.")
  .argument("<environment>", "the one that is to go, with or without its file")
  .option("--offline", OFFLINE)
  .option("--dry-run", "show what would go, and destroy nothing")
  .option("--markdown <file>", "write that as Markdown too")
  .option("--json", "what goes, as JSON on standard output; what people read goes to standard error")
  .option("--auto-approve", "do not ask")
  .option(
    "--allow-destroy <address>",
    "allow this database, bucket, … to be destroyed",
    (value: string, all: string[]) => [...all, value],
    [],
  )
  .option("--lock-timeout <duration>", LOCK_TIMEOUT, durationOf)
  .addHelpText("after", DESTROY_EXAMPLES)
  .action((name, { offline, ...options }) =>
    run(offline, () => load.destroy().destroyCommand(name, options)),
  );

const moveState = createCommand("slipway move-state")
  .description("Moves the states that lie in this folder into the bucket that the bootstrap stack made.")
  .option("--offline", OFFLINE)
  .option("--json", "where each state lies, as JSON on standard output")
  .addHelpText("after", MOVE_EXAMPLES)
  .action(({ offline, ...options }) => run(offline, () => load.moveState().moveStateCommand(options)));

const synth = createCommand("slipway synth")
  .description("Writes the stack of each environment, and the one of what they share, to cdktf.out.")
  .option("--json", "names and folders as JSON on standard output")
  .addHelpText("after", SYNTH_EXAMPLES)
  .action(async (options) => {
    process.exitCode = await load.synth().synthCommand(options);
  });

/** A version, a tag or a range that a registry may have, or a file that is there. */
function parseTarget(text: string): string {
  const isFile = namesFile(text);
  if (isFile && !existsSync(text)) throw new InvalidArgumentError(`There is no file ${text}.`);
  if (!isFile && !/^[\w.^~+-]+$/.test(text))
    throw new InvalidArgumentError("Give a version, a tag, or the path of a tarball.");
  return text;
}

const upgrade = createCommand("slipway upgrade")
  .description(
    "Shows what another version of slipway changes in this project's environments, offline, and takes it where you say so.",
  )
  .argument("[target]", "a version, a tag, or the path of a tarball", parseTarget, "latest")
  .option("--auto-approve", "do not ask: write the version to package.json and its lock, and install it")
  .option("--json", "the comparison as JSON on standard output; nothing is asked")
  .addHelpText("after", UPGRADE_EXAMPLES)
  .action(async (target, options) => {
    process.exitCode = await load.upgrade().upgradeCommand(target, options);
  });

const commands: Readonly<Record<string, Command>> = {
  plan,
  apply,
  destroy,
  "move-state": moveState,
  synth,
  upgrade,
};

async function main([which, ...words]: readonly string[]): Promise<void> {
  const command = commands[which ?? ""];
  if (command === undefined) {
    const known = Object.keys(commands).map((name) => `slipway ${name}`);
    process.stderr.write(`"${which}" is no command: write ${known.join(" or ")}.\n`);
    process.exitCode = USAGE;
    return;
  }
  await start(command, words, which ?? "");
}

/** The promise that settles once the command has ended. */
export const ended = main(process.argv.slice(2)).catch((error: Error) => {
  const expected = error instanceof CommandError || error instanceof Interrupted;
  process.stderr.write(`${expected ? error.message : error.stack}\n`);
  process.exitCode = error instanceof Interrupted ? error.exitCode : 1;
});

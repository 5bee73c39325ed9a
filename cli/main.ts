/** The command `slipway`: a list of commands, of which the one that is called is loaded. */
import { createCommand, start } from "../terminal/program";
import { USAGE } from "../terminal/exit-codes";
import { COMMANDS, type Entry } from "./commands";

const EXAMPLES = `
Examples:
  slipway sandbox slipway plan staging      no account, no credentials
  slipway plan staging
  slipway apply staging
  slipway deploy staging --image v42

Each command has its own --help. Exit codes: docs/exit-codes.md; ${USAGE} for a mistake in the command line.`;

/** Hands the rest of the command line to a command's own program, which reads it from process.argv. */
function run({ alone, load, readsEnvironments }: Entry): Promise<unknown> {
  if (alone) process.argv.splice(2, 1);
  // Environment files are TypeScript.
  if (readsEnvironments && !require.extensions[".ts"]) require("tsx/cjs");
  return load().ended;
}

function program() {
  const all = createCommand("slipway")
    .description(
      "One TypeScript file is one complete, private, production-grade container environment on AWS.",
    )
    .version(version(), "-V, --version", "print the version")
    .addHelpText("after", EXAMPLES);
  for (const { name, description, group } of COMMANDS)
    all.command(name).description(description).helpGroup(group);
  return all.helpCommand(false);
}

/** Version of the package, whose package.json is two folders above what is built, and one above the sources. */
function version(): string {
  try {
    return require("../package.json").version;
  } catch {
    return require("../../package.json").version;
  }
}

const called = COMMANDS.find(({ name }) => name === process.argv[2]);
const completesIt = process.env.SLIPWAY_COMPLETE && process.argv.length === 3;
/** The promise that settles once the command has ended. */
export const ended =
  called && !completesIt ? run(called) : start(program(), process.argv.slice(2), "slipway");

import { Argument, type Command, InvalidArgumentError, Option } from "commander";
import { milliseconds } from "../deploy/duration";
import { exitCodesOf } from "../terminal/exit-codes";
import { createCommand, start } from "../terminal/program";

// Loaded when a step is taken: --help answers without the SDK. See deploy/main.ts.
const commands = () => require("./commands") as typeof import("./commands");

const EXAMPLES = `
Examples:
  slipway move staging                   where it stands, and what comes next
  slipway move staging survey            ready, or what is missing
  slipway move staging front             the domain leads to the distribution
  slipway move staging shift 1           one viewer in a hundred, watched
  slipway move staging back              the last step undone, its price first
  slipway move staging shift 100 --watch 10m
  slipway move staging workers worker    once the old one has stopped
  slipway move staging copy              the old rows, in the new database
  slipway move staging flip              every service on it, in one hold
  slipway move staging finish            then \`move\` goes out of the file

${exitCodesOf("move")}

docs/moving.md tells the whole road.`;

function duration(text: string): number {
  const value = milliseconds(text);
  if (value === null) throw new InvalidArgumentError("Give a whole number with s, m or h: 90s, 15m, 24h.");
  return value;
}

function number(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value) || value < 0)
    throw new InvalidArgumentError("Give a number from 0 on.");
  return value;
}

function share(text: string): number {
  const value = number(text.replace(/%$/, ""));
  if (value > 100) throw new InvalidArgumentError("Give a share of the viewers: 0 to 100 per cent.");
  return value;
}

function morePaths(text: string, paths: readonly string[]): readonly string[] {
  if (!/^\/[!-~]*$/.test(text))
    throw new InvalidArgumentError("Give a path as a browser sends it: /products.");
  return [...paths, text];
}

const examples = (...lines: string[]) =>
  `\nExamples:\n${lines.map((line) => `  slipway move ${line}`).join("\n")}\n`;

/** The steps, for one environment: its name comes first, so that the rest reads as a command of its own. */
function program(environment: string): Command {
  const all = createCommand(`slipway move ${environment}`)
    .description("Moves an address and a database from another platform into an environment, step by step.")
    .option("--outputs <file>", "read the outputs from a file instead of the SSM parameter")
    .option("--json", "JSON lines instead of text")
    // Commander takes an option behind the step for the one of the same name before it.
    .hook("preAction", (before, step) => {
      for (const name of ["json", "outputs"])
        if (step.getOptionValue(name) === undefined) step.setOptionValue(name, before.getOptionValue(name));
    })
    .addHelpText("after", EXAMPLES);
  const step = (name: string, description: string) =>
    all
      .command(name)
      .description(description)
      .option("--outputs <file>", "read the outputs from a file instead of the SSM parameter")
      .option("--json", "JSON lines instead of text");
  const change = (name: string, description: string) => step(name, description).option("--yes", "do not ask");

  step("survey", "look at everything that the move will meet, and change nothing")
    .addHelpText("after", examples("staging survey", "staging survey --json"))
    .action(async (options) => {
      process.exitCode = await commands().surveyCommand(environment, options);
    });
  change("front", "lead the domain to the distribution, which sends everybody to the old side")
    .addHelpText("after", examples("staging front", "staging front --yes"))
    .action(async (options) => {
      process.exitCode = await commands().frontCommand(environment, undefined, options);
    });
  addShift(environment, change);
  change("workers", "start services without a port, once their old ones have stopped")
    .argument("[name...]", "services that are held")
    .addHelpText("after", examples("staging workers", "staging workers worker mailer --yes"))
    .action(async (names, options) => {
      process.exitCode = await commands().workersCommand(environment, names, options);
    });
  addDataSteps(environment, change);
  change("finish", "say that it is over, and what is left to do by hand")
    .addOption(
      new Option(
        "--quiet <time>",
        "how long the new side must have had all viewers, and nobody called the old address",
      )
        .argParser(duration)
        .default(86_400_000, "24h"),
    )
    .addHelpText("after", examples("staging finish", "staging finish --quiet 72h"))
    .action(async ({ quiet, ...options }) => {
      process.exitCode = await commands().finishCommand(environment, { quiet }, options);
    });
  change("back", "undo the step that was taken last, after saying what that costs")
    .option("--copy-back", "bring what was written since to the old database first")
    .option("--lose", "the word for a way back that loses what was written since")
    .addHelpText("after", examples("staging back", "staging back --copy-back --yes"))
    .action(async ({ lose = false, copyBack = false, ...options }) => {
      process.exitCode = await commands().backCommand(environment, { word: lose, copyBack }, options);
    });
  return all;
}

/** A step's command, which can be told not to ask. */
type Change = (name: string, description: string) => Command;

function addShift(environment: string, change: Change): void {
  change("shift", "let the new side answer a share of the viewers, and watch both sides")
    .addArgument(new Argument("<share>", "per cent of the viewers, 0 to 100").argParser(share))
    .addOption(
      new Option("--watch <time>", "how long to watch: 90s, 10m").argParser(duration).default(120_000, "2m"),
    )
    .addOption(
      new Option(
        "--max-errors <points>",
        "percentage points of failures above the old side's, past which it goes back",
      )
        .argParser(number)
        .default(1),
    )
    .addOption(
      new Option("--max-slower <times>", "times the old side's p95, past which it goes back")
        .argParser(number)
        .default(2),
    )
    .addOption(
      new Option(
        "--path <path>",
        "what both sides are asked for beside the health path; as often as you like",
      )
        .argParser(morePaths)
        .default([], "the health path alone"),
    )
    .addHelpText(
      "after",
      examples(
        "staging shift 1",
        "staging shift 25 --watch 10m --path /products --path /search?q=tea",
        "staging shift 0 --yes",
      ),
    )
    .action(
      async (share, { watch: limit, maxErrors: errors, maxSlower: slower, path: paths, ...options }) => {
        const watch = { limit, bounds: { errors, slower }, paths };
        const args = { share, watch };
        process.exitCode = await commands().shiftCommand(environment, args, options);
      },
    );
}

/** The steps of the data, in their order. */
function addDataSteps(environment: string, change: Change): void {
  change("copy", "copy the database that is elsewhere to the environment's own, and let it follow")
    .option("--rehearse", "into another database of the instance, compared and dropped again")
    .addHelpText("after", examples("staging copy --rehearse", "staging copy --yes"))
    .action(async ({ rehearse = false, ...options }) => {
      process.exitCode = await commands().copyCommand(environment, { rehearse }, options);
    });
  change("flip", "bring every service to the environment's own database, in one hold of all writes")
    .addOption(
      new Option("--hold <time>", "how long writes may be held, past which everything goes back")
        .argParser(duration)
        .default(600_000, "10m"),
    )
    .addHelpText("after", examples("staging flip", "staging flip --hold 5m --yes"))
    .action(async ({ hold, ...options }) => {
      process.exitCode = await commands().flipCommand(environment, { hold }, options);
    });
}

/** What answers where no environment is named: help, a mistake, the names that there are. */
const unnamed = () =>
  program("<environment>")
    .usage("[options] [step]")
    .argument("<environment>", "its name, before the step")
    .action(() => {});

function main(): Promise<void> {
  const words = process.argv.slice(2);
  const [environment, ...rest] = words;
  const isUnfinished = process.env.SLIPWAY_COMPLETE !== undefined && rest.length === 0;
  const isNamed = environment !== undefined && !environment.startsWith("-") && !isUnfinished;
  if (!isNamed) return start(unnamed(), words, "move");
  const named = program(environment);
  if (named.commands.some((step) => step.name() === environment))
    named.error(`error: name the environment before the step: slipway move staging ${environment}`);
  // A word in the place of a step that is none is a mistake of its own.
  if (rest[0] === undefined || rest[0].startsWith("-"))
    named.action(async (options) => {
      process.exitCode = await commands().statusCommand(environment, options);
    });
  return start(named, rest, "move");
}

// Whoever reads may go away (`| head`, a closed terminal): a step that is under way goes on, in silence.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});

/** The promise that settles once the command has ended. */
export const ended = main();

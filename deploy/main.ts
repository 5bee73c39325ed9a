import { type Command, InvalidArgumentError, Option } from "commander";
import { PURPOSES } from "../modules/contract/purposes";
import { exitCodesOf } from "../terminal/exit-codes";
import { createCommand, start } from "../terminal/program";
import { DEFAULT_LIMITS, DEFAULT_PARALLEL, type Limits } from "./context";
import { addDailyCommands } from "./daily/command-line";
import { inMinutes, milliseconds } from "./duration";

// The AWS SDK and the rest are loaded when a command needs them: --help answers without. This is `require`
// because `import()` of TypeScript needs tsx's ESM loader, which alone costs a tenth of a second.
const commands = () => require("./commands") as typeof import("./commands");
const dailyCommands = () => require("./daily/commands") as typeof import("./daily/commands");

const EXAMPLES = `
Examples:
  slipway deploy staging --image v42             check, migrate, roll out, prove
  slipway deploy staging --image v42 --dry-run   the checks and the plan alone
  slipway deploy staging --image api:v7          services of the repository api
  slipway deploy staging --image api:v7 --image web:v9   both repositories'
  slipway deploy staging --image 1f2e… --commit 1f2e…    over no newer commit
  slipway check staging                          only the checks
  slipway status staging                         what runs, since when
  slipway rollback staging                       back to the image before
  slipway rollback staging --to sha256:…         back to that image
  slipway run staging -- goose -dir migrations status
  slipway policy staging > policy.json           what the deploy role needs
  slipway image app                              what was built of this commit
  slipway logs staging web --follow              what the containers write

${exitCodesOf("deploy")}

Region, credentials and AWS_ENDPOINT_URL are taken as the AWS CLI takes them.`;

function duration(text: string): number {
  const value = milliseconds(text);
  if (value === null) throw new InvalidArgumentError("Give a whole number with s, m or h: 90s, 15m, 1h.");
  return value;
}

function count(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError("Give a whole number from 1 on.");
  return value;
}

/** Set by GitHub, GitLab, CircleCI, Buildkite and others: there nobody sits by and tries again. */
const isCI = () => !["", "0", "false"].includes(process.env.CI ?? "");

const append = (value: string, values: string[] = []) => [...values, value];

interface CommonOptions {
  service: string[];
  outputs?: string;
  json?: boolean;
  capacityTimeout?: number;
  startTimeout?: number;
  migrationTimeout?: number;
  rolloutTimeout?: number;
}

const withLimits = <T extends CommonOptions>(options: T): T & { limits: Limits } => ({
  ...options,
  limits: {
    capacity: options.capacityTimeout ?? DEFAULT_LIMITS.capacity,
    start: options.startTimeout ?? DEFAULT_LIMITS.start,
    migration: options.migrationTimeout ?? DEFAULT_LIMITS.migration,
    rollout: options.rolloutTimeout ?? DEFAULT_LIMITS.rollout,
  },
});

/** What every command takes. */
function command(program: Command, name: string, description: string): Command {
  return program
    .command(`${name} <environment>`, { isDefault: name === "deploy" })
    .description(description)
    .addOption(
      new Option("--service <name>", "only this service; may be repeated")
        .argParser(append)
        .default([], "all, in the contract's order"),
    )
    .option("--outputs <file>", "read the outputs from a file instead of the SSM parameter")
    .option("--json", "events as JSON lines");
}

const text = (limit: keyof Limits) => `(default: ${inMinutes(DEFAULT_LIMITS[limit])})`;

const withTaskTimeouts = (one: Command) =>
  one
    .option("--capacity-timeout <time>", `wait for a machine with room ${text("capacity")}`, duration)
    .option("--start-timeout <time>", `from there until the container runs ${text("start")}`, duration)
    .option(
      "--migration-timeout <time>",
      `for the migration or command itself ${text("migration")}`,
      duration,
    );

const withRolloutTimeout = (one: Command) =>
  one
    .option("--rollout-timeout <time>", `for the roll-out of one service ${text("rollout")}`, duration)
    .option(
      "--parallel <number>",
      `roll out so many services of one image at once (default: ${DEFAULT_PARALLEL})`,
      count,
    )
    .option("--dry-run", "check, print the plan, change nothing");

async function main(): Promise<void> {
  const program = createCommand("slipway").description(
    "Ships a release into an applied environment, and tells the truth about it.",
  );

  const deploy = withRolloutTimeout(
    withTaskTimeouts(command(program, "deploy", "ship a release (the default command)")),
  )
    .requiredOption(
      "--image <tag or digest>",
      "what to deploy: v42 or sha256:…; app:v42 or app@sha256:… for the services of that repository alone; once for each of several repositories",
      append,
    )
    .option(
      "--commit <commit>",
      "refuse to put it over a newer commit's image: git tells, in a checkout of the service",
    )
    .option("--skip-migrations", "do not migrate")
    .option("--replace", "deploy even while another roll-out is in progress")
    .option("--wait", "wait for a roll-out that is in progress, such as an apply's (default in CI)")
    .option("--no-wait", "end at once with exit code 5 instead")
    .action(async (environment, options) => {
      const { wait = isCI() } = options;
      process.exitCode = await commands().deployCommand(environment, { ...withLimits(options), wait });
    });

  command(program, "check", "only the checks: nothing is changed")
    .option("--image <tag or digest>", "check this image too")
    .action(async (environment, options) => {
      process.exitCode = await commands().checkCommand(environment, withLimits(options));
    });

  withRolloutTimeout(command(program, "rollback", "deploy the image before, without migrations"))
    .option("--to <tag or digest>", "this image instead of the one before")
    .action(async (environment, options) => {
      process.exitCode = await commands().rollbackCommand(environment, withLimits(options));
    });

  command(program, "status", "what runs, since when, which image, the last deployments").action(
    async (environment, options) => {
      process.exitCode = await commands().statusCommand(environment, withLimits(options));
    },
  );

  withTaskTimeouts(command(program, "run", "run a command in a service's task definition, its log live"))
    .argument("<command...>", "the command, after --")
    .action(async (environment, words, options) => {
      process.exitCode = await commands().runCommand(environment, words, withLimits(options));
    });

  command(program, "copy-image", "copy what runs, with its tag, to where the next apply lets tasks pull from")
    .option("--to <repository>", "that repository's name, as the plan says it", undefined)
    .action(async (environment, options) => {
      process.exitCode = await commands().copyImageCommand(environment, withLimits(options));
    });

  command(program, "policy", "print the IAM policy that the deploy role needs")
    .addOption(
      new Option("--for <command>", "that whoever runs this daily command needs").choices([
        ...PURPOSES,
        "move",
      ]),
    )
    .action(async (environment, options) => {
      process.exitCode = options.for
        ? await dailyCommands().dailyPolicyCommand(environment, options.for, options)
        : await commands().policyCommand(environment, withLimits(options));
    });

  program
    .command("image <repository>")
    .description(
      "print the digest of the image that a commit has, under its tag; nothing where it is to be built",
    )
    .option(
      "--commit <commit>",
      "git tells which others have the same files: their image is its own, too",
      "HEAD",
    )
    .action(async (repository, options) => {
      process.exitCode = await commands().imageCommand(repository, options);
    });

  addDailyCommands(program);
  program.addHelpText("after", () => `\n${deploy.helpInformation()}${EXAMPLES}`);
  await start(program, process.argv.slice(2), "deploy");
}

// Whoever reads may go away (`| head`, a closed terminal): what is under way goes on, in silence.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});

/** The promise that settles once the command has ended. */
export const ended = main();

import { type Command, InvalidArgumentError, Option } from "commander";
import { milliseconds } from "../duration";

// Loaded when a command needs them: --help answers without. See `deploy/main.ts`.
const commands = () => require("./commands") as typeof import("./commands");

const append = (value: string, values: string[]) => [...values, value];

function since(text: string): string {
  if (milliseconds(text) === null)
    throw new InvalidArgumentError("Give a whole number with s, m or h: 90s, 15m, 24h.");
  return text;
}

const outputs = ["--outputs <file>", "read the outputs from a file instead of the SSM parameter"] as const;

const examples = (...lines: string[]) =>
  `\nExamples:\n${lines.map((line) => `  slipway ${line}`).join("\n")}\n`;

/** The commands of every day: they need the contract alone, neither Terraform nor its state. */
export function addDailyCommands(program: Command): void {
  addLogs(program);
  addExec(program);
  addPsql(program);
  addSecret(program);
  program
    .command("open <environment>")
    .description("print the environment's address, and open it in a browser")
    .option(...outputs)
    .option("--json", "JSON instead of text")
    .addHelpText("after", examples("open staging"))
    .action(async (environment, options) => {
      process.exitCode = await commands().openCommand(environment, options);
    });
}

function addLogs(program: Command): void {
  program
    .command("logs <environment> [service...]")
    .description("show what containers and the database write, merged by time, secrets masked")
    .addOption(new Option("--since <time>", "how far back: 90s, 15m, 24h").argParser(since).default("1h"))
    .option("--follow", "go on as lines come; Ctrl-C ends it")
    .option("--grep <text>", "only lines with this text, whatever its case")
    .option("--migration", "the migrations' lines instead of the services'")
    .option("--schedule <name>", "a schedule's lines: its tasks of the last hour, as long as ECS knows them")
    .option("--database", "Postgres' own lines; beside those of the services that are named")
    .option(...outputs)
    .option("--json", "one JSON object per line: at, source, stream, text")
    .addHelpText(
      "after",
      examples(
        "logs staging                         every service, the last hour",
        "logs staging web worker --follow     two services, as lines come",
        "logs staging --migration --since 24h",
        "logs staging web --schedule nightly",
        "logs prod --database --grep 'duration:'",
      ),
    )
    .action(async (environment, services, options) => {
      const read = { ...options, since: milliseconds(options.since) ?? 0, sinceText: options.since };
      process.exitCode = await commands().logsCommand(environment, services, read);
    });
}

function addExec(program: Command): void {
  program
    .command("exec <environment> [service] [command...]")
    .description("open a shell in a running task, or run a command there")
    .option("--task <id>", "this task, by the beginning of its id; the newest by default")
    .option(...outputs)
    .addHelpText(
      "after",
      `${examples("exec staging web", "exec staging web -- bin/console", "exec staging web --task 3f2a")}
The service needs \`exec: true\`, and this machine AWS's session-manager-plugin.
A command in a task of its own, with its exit code:
  slipway run staging -- <command>\n`,
    )
    .action(async (environment, service, words, options) => {
      const { before, after } = aroundDashes(service === undefined ? [] : [service, ...words]);
      if (before.length > 1)
        program.error(
          `error: write -- before the command: exec ${environment} ${before[0]} -- ${before.slice(1).join(" ")}`,
        );
      process.exitCode = await commands().execCommand(environment, before[0], after, options);
    });
}

/** What stood before `--` and after it: commander hands them over as one. */
function aroundDashes(operands: readonly string[]): { before: string[]; after: string[] } {
  const dashes = process.argv.indexOf("--");
  const after = dashes < 0 ? [] : process.argv.slice(dashes + 1);
  return { before: operands.slice(0, operands.length - after.length), after };
}

function addPsql(program: Command): void {
  program
    .command("psql <environment> [arguments...]")
    .description("open psql on the database, through the bastion")
    .option("--as <service>", "with the service's own login; the master user by default")
    .option("--database <which>", "of two: own or external; by default the one that services are given")
    .option(...outputs)
    .addHelpText(
      "after",
      `${examples("psql staging", "psql staging -- -c 'select now()'", "psql prod --as web -- -f report.sql")}
The server's certificate is verified; PGSSLROOTCERT and PGSSLMODE change how.
This machine needs psql and AWS's session-manager-plugin.\n`,
    )
    .action(async (environment, words, options) => {
      process.exitCode = await commands().psqlCommand(environment, words, options);
    });
}

function addSecret(program: Command): void {
  const secret = program
    .command("secret")
    .description("set, unset, list and compare secrets; no value is ever shown or an argument")
    .addHelpText(
      "after",
      examples(
        "secret set staging STRIPE_KEY             asks for it, without echo",
        "secret set staging STRIPE_KEY < key.txt   or takes it from its input",
        "secret set staging MAIL_KEY --service web --new   before web's apply",
        "secret list staging",
        "secret unset staging STRIPE_KEY",
        "secret diff staging prod",
      ),
    );
  const command = (name: string, description: string) =>
    secret
      .command(name)
      .description(description)
      .option(...outputs)
      .option("--json", "JSON instead of text");
  const ofServices = (one: Command) =>
    one.addOption(
      new Option("--service <name>", "only this service; may be repeated")
        .argParser(append)
        .default([], "all that have it"),
    );
  ofServices(command("set <environment> <name>", "write a new value, from the terminal or standard input"))
    .option("--new", "one that no applied service has yet; needs --service")
    .action(async (environment, name, options) => {
      process.exitCode = await commands().secretCommands.set(environment, name, options);
    });
  ofServices(command("unset <environment> <name>", "delete the value and all old ones"))
    .option("--yes", "do not ask")
    .action(async (environment, name, options) => {
      process.exitCode = await commands().secretCommands.unset(environment, name, options);
    });
  ofServices(command("list <environment>", "each secret: set or missing")).action(
    async (environment, options) => {
      process.exitCode = await commands().secretCommands.list(environment, options);
    },
  );
  command("diff <environment> <other>", "secrets that two environments do not have alike").action(
    async (environment, other, options) => {
      process.exitCode = await commands().secretCommands.diff(environment, other, {
        ...options,
        service: [],
      });
    },
  );
}

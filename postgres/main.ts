/** slipway postgres: which Postgres an environment has, as the official Docker image and its arguments. */
import { join } from "node:path";
import { ConfigurationError } from "../modules/mistakes";
import { exitCodesOf } from "../terminal/exit-codes";
import { createCommand, start } from "../terminal/program";
import { type Engine, engineLike } from "./engine";
import { CommandError, configurationOf, databaseOf } from "./environment";
import { migrationsOf } from "./migrations";

const HELP = `
Examples:
  slipway postgres staging                  for people
  slipway postgres staging --json           for programs: image, arguments, leftOut, database, username
  slipway postgres staging --migrations     for programs: that as engine, and what services migrate with
  eval "docker run --rm -e POSTGRES_PASSWORD=local $(slipway postgres staging --json |
    jq -r '[.image] + .arguments | @sh')"

The image is run without TLS: its clients connect with sslmode=disable.
${exitCodesOf("postgres")}`;

interface Options {
  json?: boolean;
  migrations?: boolean;
}

function run(environment: string, options: Options): void {
  process.stdout.write(`${textOf(join(process.cwd(), "environments"), environment, options)}\n`);
}

function textOf(folder: string, environment: string, { json, migrations }: Options): string {
  if (migrations) return JSON.stringify(migrationsOf(configurationOf(folder, environment)), null, 2);
  const engine = engineLike(databaseOf(folder, environment));
  return json ? JSON.stringify(engine, null, 2) : inWords(environment, engine);
}

function inWords(environment: string, engine: Engine): string {
  const { image, leftOut, database, username } = engine;
  const pairs = engine.arguments.filter((word) => word !== "-c");
  return [
    `${environment}: ${image}, database ${database}, user ${username}`,
    ...pairs.map((pair) => `  -c ${pair}`),
    ...(pairs.length === 0 ? ["  no parameters"] : []),
    ...leftOut.map(({ name, value, why }) => `  left out: ${name}=${value} (${why})`),
  ].join("\n");
}

const command = createCommand("slipway postgres")
  .description("Prints which Postgres an environment has, for a laptop or a runner to start one like it.")
  .argument("<environment>", "the name of a file in environments/")
  .option("--json", "for programs")
  .option("--migrations", "for programs, and without a database, too: what services run before a deployment")
  .addHelpText("after", HELP)
  .action(run);

/** The promise that settles once the command has ended. */
export const ended = start(command, process.argv.slice(2), "postgres").catch((error: Error) => {
  if (!(error instanceof CommandError || error instanceof ConfigurationError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});

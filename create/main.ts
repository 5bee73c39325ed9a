/** create-slipway, which `npm create slipway` runs: writes a project, and a service's repository where that is asked for. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { createCommand, start } from "../terminal/program";
import { AnswersError, complete, type Given, missing } from "./answers";
import { Dialog, Interrupted } from "./dialog";
import { PLACEHOLDER, projectFiles, serviceFiles, type Templates } from "./project";
import { obstacle, write, WriteError } from "./write";

const CALL = "npm create slipway@latest";

const EXAMPLES = `
Examples:
  ${CALL} my-platform
  ${CALL} -- my-platform --region eu-central-1 --port 3000 --yes
  ${CALL} -- my-platform --service guest-book

Nothing is fetched but by --install. Exit codes: 0 written, 1 refused or failed, 64 the command line cannot be understood,
130 interrupted. Nothing is there but after 0, and after an --install that failed.`;

interface Options {
  readonly region?: string;
  readonly port?: string;
  readonly health?: string;
  readonly postgres?: boolean;
  readonly service?: string;
  readonly slipway?: string;
  readonly install?: true;
  readonly yes?: true;
}

/** What the service of `--service` is, whatever a person would answer. */
const SERVICE = { port: "8080", health: "/health", postgres: "yes" };

const program = createCommand("create-slipway")
  .description("Writes a project whose environments are Slipway's: asks what it is not told.")
  .argument("[folder]", "the folder that is made; its name is the project's")
  .option("--region <region>", "of AWS")
  .option("--port <port>", "the container's")
  .option("--health <path>", "where it says that it is healthy")
  .option("--postgres", "with a database")
  .option("--no-postgres", "without one")
  .option(
    "--service <folder>",
    "write a service's repository, too: a guest book with Postgres, its migrations, its workflow",
  )
  .option("--slipway <version>", "another version of slipway than this one, or a tarball of it")
  .option("--install", "run npm install in the project")
  .option("--yes", "ask nothing: what is not given is as usual")
  .addHelpText("after", EXAMPLES)
  .action((folder: string | undefined, options: Options) => create(folder, options));

async function create(folder: string | undefined, options: Options): Promise<void> {
  const given = givenBy(folder, options);
  const interactive = Boolean(process.stdin.isTTY && process.stdout.isTTY);
  const left = missing(given);
  if (left.length > 0 && !options.yes && !interactive)
    program.error(
      `error: nobody can be asked here, because standard input is no terminal: give ${left.join(", ")}, or --yes for what is usual.`,
    );
  // Before any question: five answers for nothing would be a waste.
  refuse([folder, options.service]);
  const dialog = left.length > 0 && !options.yes ? new Dialog(process.stdin, process.stdout) : undefined;
  const answers = await complete(given, dialog).finally(() => dialog?.close());
  refuse([answers.folder]);
  const templates = readTemplates();
  const slipway = options.slipway && version(options.slipway, answers.folder);
  write({
    [answers.folder]: projectFiles(templates, answers, {
      ...(slipway && { slipway }),
      service: options.service !== undefined,
    }),
    ...(options.service && { [options.service]: serviceFiles(templates, answers.folder) }),
  });
  console.log(next(answers.folder, options, templates));
  if (options.install) install(answers.folder);
}

function givenBy(folder: string | undefined, { region, port, health, postgres, service }: Options): Given {
  const database = postgres === undefined ? undefined : postgres ? "yes" : "no";
  const given = { folder, region, port, health, postgres: database };
  if (!service) return withoutUndefined(given);
  const others = Object.entries(SERVICE).filter(([key, value]) => {
    const answer = given[key as keyof typeof SERVICE];
    return answer !== undefined && answer !== value;
  });
  if (others.length > 0)
    throw new AnswersError(
      `--service brings a service that listens on ${SERVICE.port}, is healthy at ${SERVICE.health} and has Postgres: leave out ${others.map(([key]) => `--${key}`).join(", ")}.`,
    );
  return withoutUndefined({ ...given, ...SERVICE });
}

const withoutUndefined = (given: Record<string, string | undefined>): Given =>
  Object.fromEntries(Object.entries(given).filter(([, answer]) => answer !== undefined));

/** @throws WriteError with each folder that cannot be made */
function refuse(folders: readonly (string | undefined)[]): void {
  const obstacles = folders.flatMap((folder) => (folder && obstacle(folder)) || []);
  const named = folders.flatMap((folder) => (folder ? resolve(folder) : []));
  if (new Set(named).size < named.length) obstacles.push("The project and the service are two folders.");
  if (obstacles.length > 0) throw new WriteError(obstacles.join("\n"));
}

/** A version as it is, a tarball as package.json of that folder names it. */
function version(asked: string, folder: string): string {
  if (!asked.endsWith(".tgz")) return asked;
  if (!existsSync(asked)) throw new AnswersError(`--slipway: there is no file ${asked}.`);
  return `file:${relative(resolve(folder), resolve(asked))}`;
}

const readTemplates = (): Templates => require(join(__dirname, "templates.json"));

function next(folder: string, { service, install: installed }: Options, { repository }: Templates): string {
  const lines = [
    `cd ${folder}`,
    ...(installed ? [] : ["npm install"]),
    "npm test                        # writes the lists of addresses: commit them",
    "npx slipway plan --offline      # what Terraform would make: no account needed",
  ];
  const also = service ? `, and a service's repository in ${service}` : "";
  const unknown = `${PLACEHOLDER} in the workflows and README.md stands for the repository that Slipway is published from, which this build does not know: put its name there.\n\n`;
  return `Written: ${folder}${also}. README.md there leads on.\n\n${repository ? "" : unknown}${lines.map((line) => `  ${line}`).join("\n")}\n`;
}

function install(folder: string): void {
  const { status, error } = spawnSync("npm", ["install"], { cwd: folder, stdio: "inherit" });
  if (status === 0) return;
  console.error(
    `npm install failed${error ? `: ${error.message}` : ""}. ${folder} is whole: run npm install there again, once the registry can be reached.`,
  );
  process.exitCode = 1;
}

const words = process.argv.slice(2);
// npm has an option of this name, and both mean the same: ask nothing.
if (process.env.npm_config_yes === "true") {
  words.push("--yes");
  delete process.env.npm_config_yes;
}
start(program, words, "npx", CALL).catch((error: Error) => {
  const known = [AnswersError, WriteError, Interrupted].some((one) => error instanceof one);
  console.error(known ? error.message : error.stack);
  process.exitCode = error instanceof Interrupted ? 130 : 1;
});

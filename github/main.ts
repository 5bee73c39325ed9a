/** slipway github: what the workflows tell people on GitHub, where a shell script would do it badly. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { exitCodesOf } from "../terminal/exit-codes";
import { createCommand, start } from "../terminal/program";
import { runnerOf } from "./api";
import { upsertComment } from "./comment";
import { type Planned, tellDrift } from "./drift";
import { CommandError } from "./error";
import { newerCommit } from "./newer";

const EXAMPLES = `
Examples:
  slipway github comment plan.md            on the pull request of this run
  slipway github newer                      whether main has moved on: superseded
  slipway github drift plans staging prod   of slipway plan staging --json --markdown plans/staging.md > plans/staging.json, …

In a workflow, with what every runner sets (GITHUB_API_URL, GITHUB_REPOSITORY, …) and the job's token:
  permissions: { pull-requests: write }           # issues: write for drift, contents: read for newer
  env: { GITHUB_TOKEN: \${{ github.token }} }

${exitCodesOf("github")}`;

const program = createCommand("slipway github")
  .description("Tells people on GitHub what a workflow found.")
  .addHelpText("after", EXAMPLES);

program
  .command("comment")
  .description("write a file as a comment on the pull request, or anew where there is one with its marker")
  .argument("<file>", "Markdown whose first line is the marker: <!-- name -->")
  .action((file) => tell(upsertComment(runnerOf(process.env), read(file), process.env.GITHUB_REF ?? "")));

program
  .command("drift")
  .description("open, update or close the one issue on what differs from the main branch")
  .argument(
    "<folder>",
    "by stack, what slipway plan --json printed (NAME.json), and what its --markdown wrote (NAME.md)",
  )
  .argument("<stacks...>", "all that there are: of one without its files nothing is known")
  .action((folder: string, stacks: string[]) =>
    tell(
      tellDrift(
        runnerOf(process.env),
        Object.fromEntries(stacks.map((stack) => [stack, planOf(folder, stack)])),
      ),
    ),
  );

program
  .command("newer")
  .description("print the commit that the branch of this run has by now, or nothing where it is this run's")
  .action(async () => {
    const { GITHUB_REF = "", GITHUB_SHA = "" } = process.env;
    process.stdout.write((await newerCommit(runnerOf(process.env), GITHUB_REF, GITHUB_SHA)) ?? "");
  });

async function tell(done: Promise<string>): Promise<void> {
  process.stdout.write(`${await done}\n`);
}

function planOf(folder: string, stack: string): Planned | undefined {
  const file = (ending: string) => join(folder, `${stack}.${ending}`);
  if (!existsSync(file("json")) || !existsSync(file("md"))) return undefined;
  return { report: read(file("json")), markdown: read(file("md")) };
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new CommandError(`${file} cannot be read: ${(error as Error).message}`);
  }
}

start(program, process.argv.slice(2), "github").catch((error: Error) => {
  process.stderr.write(`${error instanceof CommandError ? error.message : error.stack}\n`);
  process.exitCode = 1;
});

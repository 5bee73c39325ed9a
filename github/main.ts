/** slipway github: what the workflows tell people on GitHub, where a shell script would do it badly. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { turnsOf } from "../plan/order";
import { outputOf, readStacks } from "../plan/stacks";
import { exitCodesOf } from "../terminal/exit-codes";
import { createCommand, start } from "../terminal/program";
import { planAgain } from "./again";
import { runnerOf } from "./api";
import { upsertComment } from "./comment";
import { type Planned, tellDrift } from "./drift";
import { CommandError } from "./error";
import { newerCommit } from "./newer";
import { plansText } from "./plans";
import { targetsOf } from "./targets";

const EXAMPLES = `
Examples:
  slipway github comment plans staging prod   of slipway plan staging --markdown plans/staging.md, …: on this run's pull request
  slipway github order                      of the last synthesis: {"prod":{"turn":2,"after":["staging"]},…}
  slipway github targets "$INPUTS"          of build-and-deploy.yaml: {"images":[…],"first":["staging"],…}
  slipway github newer                      whether main has moved on: superseded
  slipway github again                      starts the workflow anew where main moved on while this run applied
  slipway github drift plans staging prod   of slipway plan staging --json --markdown plans/staging.md > plans/staging.json, …

In a workflow, with what every runner sets (GITHUB_API_URL, GITHUB_REPOSITORY, …) and the job's token:
  permissions: { pull-requests: write }           # issues: write for drift, contents: read for newer, actions: write for again
  env: { GITHUB_TOKEN: \${{ github.token }} }

${exitCodesOf("github")}`;

const JSON_OPTION = ["--json", "the same as JSON on standard output"] as const;

interface Json {
  readonly json?: boolean;
}

const program = createCommand("slipway github")
  .description("Tells people on GitHub what a workflow found.")
  .addHelpText("after", EXAMPLES);

program
  .command("comment")
  .description("write one comment with all plans on the pull request, or write it anew where there is one")
  .argument("<folder>", "by stack, what slipway plan --markdown wrote (NAME.md)")
  .argument("<stacks...>", "all that there are")
  .option(...JSON_OPTION)
  .action((folder: string, stacks: string[], options: Json) => {
    const plans = stacks.map((stack) => [stack, readIfThere(join(folder, `${stack}.md`))]);
    const { GITHUB_REF = "" } = process.env;
    return tell(
      upsertComment(runnerOf(process.env), plansText(Object.fromEntries(plans)), GITHUB_REF, head()),
      options,
    );
  });

program
  .command("drift")
  .description("open, update or close the one issue on what differs from the main branch")
  .argument(
    "<folder>",
    "by stack, what slipway plan --json printed (NAME.json), and what its --markdown wrote (NAME.md)",
  )
  .argument("<stacks...>", "all that there are: of one without its files nothing is known")
  .option(...JSON_OPTION)
  .action((folder: string, stacks: string[], options: Json) =>
    tell(
      tellDrift(
        runnerOf(process.env),
        Object.fromEntries(stacks.map((stack) => [stack, planOf(folder, stack)])),
      ),
      options,
    ),
  );

program
  .command("order")
  .description(
    "print when each stack is applied, as JSON: of those behind each other, 1 for the first; 0 for all others",
  )
  .action(() => {
    const turns = turnsOf(readStacks(outputOf(process.cwd())));
    process.stdout.write(`${JSON.stringify(Object.fromEntries(turns))}\n`);
  });

program
  .command("newer")
  .description("print the commit that the branch of this run has by now, or nothing where it is this run's")
  .option("--json", "that commit, or null, as JSON on standard output")
  .action(async ({ json }: Json) => {
    const { GITHUB_REF = "", GITHUB_SHA = "" } = process.env;
    const newer = (await newerCommit(runnerOf(process.env), GITHUB_REF, GITHUB_SHA)) ?? null;
    process.stdout.write(json ? `${JSON.stringify({ newer })}\n` : (newer ?? ""));
  });

program
  .command("targets")
  .description("print what a run of build-and-deploy.yaml builds, and where that goes in which turn, as JSON")
  .argument("<inputs>", "those of the workflow, as toJSON(inputs) gives them")
  .action((inputs: string) => {
    const { GITHUB_REF: ref = "", GITHUB_BASE_REF: base = "" } = process.env;
    process.stdout.write(`${JSON.stringify(targetsOf(inputs, { ref, base }))}\n`);
  });

program
  .command("again")
  .description("start the workflow for the newest commit, where its branch moved on while this run applied")
  .option(...JSON_OPTION)
  .action((options: Json) => {
    const { GITHUB_REF: ref = "", GITHUB_SHA: sha = "", GITHUB_WORKFLOW_REF: workflow = "" } = process.env;
    return tell(planAgain(runnerOf(process.env), { ref, sha, workflow }), options);
  });

/** Prints what was done. */
async function tell(doing: Promise<string>, { json }: Json): Promise<void> {
  const done = await doing;
  process.stdout.write(`${json ? JSON.stringify({ done }) : done}\n`);
}

function planOf(folder: string, stack: string): Planned | undefined {
  const file = (ending: string) => join(folder, `${stack}.${ending}`);
  const report = readIfThere(file("json"));
  const markdown = readIfThere(file("md"));
  return report === undefined || markdown === undefined ? undefined : { report, markdown };
}

/** The commit of the pull request that this run is of, as the event tells it. */
function head(): string | undefined {
  const { GITHUB_EVENT_PATH: file } = process.env;
  return file ? JSON.parse(read(file)).pull_request?.head?.sha : undefined;
}

/** A plan that ended before it planned leaves an empty file: as good as none. */
const readIfThere = (file: string) => (existsSync(file) && read(file)) || undefined;

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new CommandError(`${file} cannot be read: ${(error as Error).message}`);
  }
}

/** The promise that settles once the command has ended. */
export const ended = start(program, process.argv.slice(2), "github").catch((error: Error) => {
  process.stderr.write(`${error instanceof CommandError ? error.message : error.stack}\n`);
  process.exitCode = 1;
});

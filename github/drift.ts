import { z } from "zod";
import type { Report } from "../plan/report";
import { Api, type Runner } from "./api";
import { CommandError } from "./error";
import { fitted, isOurs, type Post } from "./post";

const MARKER = "<!-- slipway-drift -->";

interface Issue extends Post {
  readonly number: number;
  readonly title: string;
  /** Lists of issues hold pull requests, too. */
  readonly pull_request?: object;
}

const shape = z.object({
  version: z.literal(1 satisfies Report["version"]),
  stacks: z.array(z.object({ name: z.string(), outcome: z.enum(["no changes", "changes", "failed"]) })),
  orphans: z.object({ found: z.array(z.object({ name: z.string() })), problem: z.string().optional() }),
});

/** What a plan of one stack said. */
export interface Planned {
  /** What `npx slipway plan --json` printed. */
  readonly report: string;
  /** What it wrote for people. */
  readonly markdown: string;
}

/**
 * Keeps one issue open for as long as the plan of any stack changes something, and closes it then.
 * @param plans by stack; nothing for one that was not planned
 * @returns what was done, in words
 */
export async function tellDrift(
  runner: Runner,
  plans: Readonly<Record<string, Planned | undefined>>,
): Promise<string> {
  const made = Object.values(plans).flatMap((plan) => plan ?? []);
  const reports = made.map(({ report }) => parse(report));
  const of = (outcome: string) =>
    reports.flatMap(({ stacks }) =>
      stacks.filter((stack) => stack.outcome === outcome).map(({ name }) => name),
    );
  const orphans = new Set(reports.flatMap(({ orphans }) => orphans.found.map(({ name }) => name)));
  const drifting = [...of("changes"), ...[...orphans].map((name) => `${name} has no file`)];
  const failed = [
    ...Object.keys(plans).filter((stack) => plans[stack] === undefined),
    ...of("failed"),
    ...(reports.some(({ orphans }) => orphans.problem !== undefined) ? ["states without a file"] : []),
  ];
  const markdown = made.map((plan) => plan.markdown).join("\n");
  const api = new Api(runner, "issues: write");
  const issue = await find(api);
  if (drifting.length > 0) {
    const title = `Drift: ${drifting.join(", ")}`;
    const body = fitted(`${introduction(runner)}\n${markdown}`, "");
    if (issue === undefined) {
      const { number } = await api.send<Issue>("POST", "/issues", { title, body });
      return `Opened issue ${number}: ${title}.`;
    }
    await api.send("PATCH", `/issues/${issue.number}`, { title, body });
    return `Updated issue ${issue.number}: ${title}.`;
  }
  if (failed.length > 0)
    return `No drift is known, but not planned: ${failed.join(", ")}. No issue was touched.`;
  if (issue === undefined) return "No drift, and no open issue of it.";
  await api.send("POST", `/issues/${issue.number}/comments`, {
    body: `No drift any more: [run](${runner.run}).`,
  });
  await api.send("PATCH", `/issues/${issue.number}`, { state: "closed", state_reason: "completed" });
  return `No drift any more: closed issue ${issue.number}.`;
}

function parse(text: string) {
  try {
    return shape.parse(JSON.parse(text));
  } catch {
    throw new CommandError(
      "The report is not what npx slipway plan --json prints (version 1): see above why it printed none.",
    );
  }
}

async function find(api: Api): Promise<Issue | undefined> {
  for await (const issue of api.list<Issue>("/issues?state=open")) {
    if (issue.pull_request === undefined && isOurs(issue, MARKER)) return issue;
  }
  return undefined;
}

const introduction = ({ run }: Runner) => `${MARKER}
The main branch does not describe what runs: somebody changed it by hand, or an apply is still to be approved or failed.

- To make it as the main branch says: run the workflow \`terraform\` on main, and approve the plan.
- To keep what was changed by hand: say the same in the environment's file, until its plan is empty.

[The run that found it](${run}) writes this anew as long as there is drift, and closes it then.
`;

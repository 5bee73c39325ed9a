import { availableParallelism } from "node:os";
import { alone } from "./alone";
import { assumptions } from "./assumed";
import { Children } from "./children";
import { CommandError } from "./error";
import { markdownReport, writeMarkdown } from "./markdown";
import { inSandbox } from "./offline";
import { parallel } from "./parallel";
import { Planner } from "./planner";
import { screenOf } from "../terminal/screen";
import { Progress } from "./progress";
import { reportOf, type StackReport } from "./report";
import { SavedPlans } from "./saved";
import { type Stack, select } from "./stacks";
import { refuseLocalStates } from "./state-place";
import { findOrphans } from "./states";
import { losses } from "./summary";
import { synthesize } from "./synthesize";
import { Terraform } from "./terraform";
import { textReport } from "./text";

export interface PlanOptions {
  readonly json?: boolean;
  readonly markdown?: string;
  /** Addresses of what is to be made anew although nothing in it changes. */
  readonly replace: readonly string[];
}

/** Synthesizes once, plans each stack, prints the summary over all. Returns the exit code. */
export function planCommand(
  names: readonly string[],
  { json, markdown, replace }: PlanOptions,
): Promise<number> {
  const project = process.cwd();
  const offline = inSandbox(process.env);
  return alone(project, async () => {
    // Before all the work: a file that cannot be written is a mistake in the command line.
    if (markdown !== undefined) writeMarkdown(markdown, "");
    const children = new Children();
    const saved = new SavedPlans(project);
    const all = await synthesize(project, children);
    const stacks = select(all, names, "environment");
    refuseLocalStates(stacks, process.env);
    if (replace.length > 0 && stacks.length !== 1)
      throw new CommandError(`--replace ${replace[0]}: name the one environment that it is in.`);
    // Only now: a mistake in the command line or the configuration leaves the plans that there are.
    saved.clear();
    const planner = new Planner(new Terraform(project, children), saved, offline, replace);
    const [planned, orphans] = await Promise.all([
      planAll(stacks, planner),
      findOrphans(project, all, stacks),
    ]);
    children.check();
    const report = reportOf(planned, offline, assumptions(process.env), orphans);
    if (markdown !== undefined) writeMarkdown(markdown, markdownReport(planned, report));
    if (json) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
    else {
      const { colors } = screenOf(process.stdout, process.env);
      process.stdout.write(`\n${textReport(planned, colors, orphans)}\n${next(planned, offline)}`);
    }
    return report.exitCode;
  });
}

async function planAll(stacks: readonly Stack[], planner: Planner): Promise<StackReport[]> {
  // Standard output is for the summary.
  const progress = new Progress(screenOf(process.stderr, process.env), stacks.length);
  try {
    return await parallel(stacks, availableParallelism(), (stack) => planner.plan(stack, progress));
  } finally {
    await progress.close();
  }
}

/** How to go on from here. */
function next(planned: readonly StackReport[], offline: boolean): string {
  const changed = planned.filter(({ outcome }) => outcome === "changes");
  if (changed.length === 0) return "";
  const lossy = changed.some(({ summary }) => summary !== undefined && losses(summary).length > 0);
  const names = changed.map(({ name }) => name).join(" ");
  return `\nTo apply exactly this: npx slipway apply ${offline ? "--offline " : ""}${names}${lossy ? " --allow-destroy …" : ""}\n`;
}

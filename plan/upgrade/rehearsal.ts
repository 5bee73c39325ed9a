/**
 * A program of the upgrade's, which runs in the sandbox, in the folder of the trial:
 *
 *   rehearsal apply APPLIED          applies what the old version makes
 *   rehearsal plan APPLIED PLANNED   plans over that what the new version makes
 *
 * Each writes what it found to its last file.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { Applier } from "../applier";
import { assumptions } from "../assumed";
import { Children } from "../children";
import { parallel } from "../parallel";
import { Planner } from "../planner";
import type { Problem } from "../problems";
import { screenOf } from "../../terminal/screen";
import { Progress } from "../progress";
import type { StackReport } from "../report";
import { SavedPlans } from "../saved";
import { isBootstrap, outputOf, readStacks, type Stack } from "../stacks";
import { Terraform } from "../terraform";
import { oldOutput } from "./synthesized";

interface Applied {
  /** What went wrong, by stack. */
  readonly failed: Readonly<Record<string, readonly Problem[]>>;
  /** Whether the sandbox took something as there, which another stack may have made by now. */
  readonly assumed: boolean;
}

const project = process.cwd();
const terraform = new Terraform(project, new Children());
const saved = new SavedPlans(project);
const planner = new Planner(terraform, saved, true, []);

/** Applies each stack; bootstrap first, on which the others stand. */
async function applyAll(stacks: readonly Stack[]): Promise<Applied> {
  const failed: Record<string, readonly Problem[]> = {};
  const isFirst = ({ name }: Stack) => isBootstrap(name);
  for (const some of [stacks.filter(isFirst), stacks.filter((stack) => !isFirst(stack))])
    await watched(2 * some.length, (progress) =>
      parallel(some, availableParallelism(), async (stack) => {
        const problems = await apply(stack, progress);
        if (problems) failed[stack.name] = problems;
      }),
    );
  return { failed, assumed: assumptions(process.env).length > 0 };
}

/** What went wrong; undefined where all is there. */
async function apply(stack: Stack, progress: Progress): Promise<readonly Problem[] | undefined> {
  const { outcome, problems } = await planner.plan(stack, progress);
  if (outcome === "failed") return problems;
  const plan = saved.list().find(({ name }) => name === stack.name);
  if (outcome === "no changes" || plan === undefined) return undefined;
  const applied = await new Applier(terraform, saved).apply(stack, plan, progress);
  return applied.done ? undefined : applied.problems;
}

async function planAll(stacks: readonly Stack[], { failed }: Applied): Promise<StackReport[]> {
  return watched(stacks.length, (progress) =>
    parallel(stacks, availableParallelism(), async (stack): Promise<StackReport> => {
      const { name } = stack;
      const problems = failed[name];
      if (problems) return { name, outcome: "failed", seconds: 0, problems: [NOT_APPLIED, ...problems] };
      const { summary, ...report } = await planner.plan(stack, progress);
      // What AWS noted since the apply is nothing that anybody changed.
      return summary ? { ...report, summary: { ...summary, drift: [] } } : report;
    }),
  );
}

const NOT_APPLIED: Problem = {
  severity: "error",
  summary:
    "The sandbox does not take what the installed version makes, so that there is nothing to plan over",
  detail: "",
};

/** Progress without a line for each resource that is made: nobody asked for any of them. */
class Rough extends Progress {
  override note() {}
}

async function watched<R>(turns: number, work: (progress: Progress) => Promise<R>): Promise<R> {
  const progress = new Rough(screenOf(process.stderr, process.env), turns);
  try {
    return await work(progress);
  } finally {
    await progress.close();
  }
}

async function main([phase, applied = "", planned = ""]: readonly string[]): Promise<void> {
  saved.makeFolder();
  const old = readStacks(oldOutput(project));
  if (phase === "apply") {
    writeFileSync(applied, JSON.stringify(await applyAll(old)));
    return;
  }
  const before: Applied = JSON.parse(readFileSync(applied, "utf8"));
  const settled = before.assumed ? await applyAll(old) : before;
  writeFileSync(planned, JSON.stringify(await planAll(readStacks(outputOf(project)), settled)));
}

main(process.argv.slice(2)).catch((error: Error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exitCode = 1;
});

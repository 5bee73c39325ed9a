import { availableParallelism } from "node:os";
import { Again } from "./again";
import { alone } from "./alone";
import { Applier } from "./applier";
import { Children } from "./children";
import { askForYes, checkLosses } from "./consent";
import { missingRecords, missingText, PATIENCE } from "./dns";
import { CommandError } from "./error";
import { inSandbox } from "./offline";
import { parallel } from "./parallel";
import { Planner } from "./planner";
import { Progress, screenOf } from "./progress";
import { type SavedPlan, SavedPlans } from "./saved";
import { readStacks, type Stack, select } from "./stacks";
import { refuseLocalStates } from "./state-place";
import { Terraform } from "./terraform";
import { appliedText, textReport } from "./text";

export interface ApplyOptions {
  readonly autoApprove?: boolean;
  /** Addresses of what may be lost. */
  readonly allowDestroy: readonly string[];
  /** Whether a stale plan is planned again, and applied where it does nothing that was not approved. */
  readonly replanIfStale?: boolean;
  /** Whether DNS records that a person makes are waited for. */
  readonly wait: boolean;
}

/** A saved plan, and where it belongs. */
interface Pending {
  readonly stack: Stack;
  readonly plan: SavedPlan;
}

/** Applies exactly the plans of the last `npm run plan`. Returns the exit code. */
export function applyCommand(
  names: readonly string[],
  { autoApprove, allowDestroy, replanIfStale, wait }: ApplyOptions,
): Promise<number> {
  const project = process.cwd();
  return alone(project, async () => {
    const saved = new SavedPlans(project);
    const pending = find(project, saved, names).filter(({ plan }) => plan.changes);
    refuseLocalStates(
      pending.map(({ stack }) => stack),
      process.env,
    );
    const plans = pending.map(({ plan }) => plan);
    checkLosses(plans, allowDestroy);
    if (pending.length === 0) {
      process.stdout.write("The saved plans change nothing: there is nothing to apply.\n");
      return 0;
    }
    const { colors } = screenOf(process.stdout, process.env);
    const shown = plans.map(
      ({ name, summary }) => ({ name, summary, outcome: "changes", seconds: 0, problems: [] }) as const,
    );
    process.stdout.write(`${textReport(shown, colors)}\n`);
    if (!autoApprove) await askForYes(plans);
    const children = new Children();
    const terraform = new Terraform(project, children);
    const plain = new Applier(terraform, saved);
    const planner = new Planner(terraform, saved, inSandbox(process.env), []);
    const applier = replanIfStale ? new Again(plain, planner, saved) : plain;
    const progress = new Progress(screenOf(process.stderr, process.env), pending.length);
    // Side by side: no stack reads another one's outputs, each was approved for itself, and nearly all of the time
    // is spent waiting for AWS. Whoever wants one environment before another applies them by name.
    const results = await parallel(pending, availableParallelism(), ({ stack, plan }) =>
      applier.apply(stack, plan, progress),
    ).finally(() => progress.close());
    process.stdout.write(`\n${appliedText(results, colors)}\n`);
    children.check();
    const applied = pending.filter((_, at) => results[at]?.done).map(({ stack }) => stack);
    const waits = wait && !process.env.CI;
    const missing = await missingRecords(applied, terraform, children, waits ? PATIENCE.limit : 0);
    if (missing.length > 0) process.stdout.write(`\n${missingText(missing)}\n`);
    if (applied.length < pending.length) return 1;
    return waits && missing.length > 0 ? RECORDS_MISSING : 0;
  });
}

/** The exit code of an apply that did all, and waited for records in vain. */
const RECORDS_MISSING = 3;

/**
 * The saved plans that are named, each with its stack.
 * @throws CommandError where there is none, or one may not be applied: then none is
 */
function find(project: string, saved: SavedPlans, names: readonly string[]): Pending[] {
  const all = saved.list();
  const offline = inSandbox(process.env);
  if (all.length === 0) {
    throw new CommandError(
      `There is no saved plan: run npm run plan${offline ? " -- --offline" : ""} first, and read what it says.`,
    );
  }
  const stacks = new Map(readStacks(project).map((stack) => [stack.name, stack]));
  const refused: string[] = [];
  const found = select(all, names, "saved plan of").flatMap((plan) => {
    const stack = stacks.get(plan.name);
    const reason =
      stack === undefined ? "its stack is not synthesized any more." : saved.refusal(plan, stack, offline);
    if (stack !== undefined && reason === undefined) return [{ stack, plan }];
    refused.push(`  ${plan.name}: ${reason}`);
    return [];
  });
  if (refused.length > 0) throw new CommandError(["Refused, nothing was applied:", ...refused].join("\n"));
  return found;
}

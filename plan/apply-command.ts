import { availableParallelism } from "node:os";
import { Again } from "./again";
import { alone } from "./alone";
import { type Applied, Applier } from "./applier";
import { Children } from "./children";
import { askForYes, checkLosses } from "./consent";
import { type MissingRecord, missingRecords, missingText, PATIENCE } from "./dns";
import { CommandError } from "./error";
import { inSandbox } from "./offline";
import { turnsOf } from "./order";
import { Output } from "./output";
import { parallel } from "./parallel";
import { Planner } from "./planner";
import { screenOf } from "../terminal/screen";
import { Progress } from "./progress";
import { type SavedPlan, SavedPlans } from "./saved";
import { isBootstrap, outputOf, readStacks, type Stack, select } from "./stacks";
import { refuseLocalStates } from "./state-place";
import { Terraform } from "./terraform";
import { appliedText, textReport } from "./text";

export interface ApplyOptions {
  readonly json?: boolean;
  readonly autoApprove?: boolean;
  /** Addresses of what may be lost. */
  readonly allowDestroy: readonly string[];
  /** Whether a stale plan is planned again, and applied where it does nothing that was not approved. */
  readonly replanIfStale?: boolean;
  /** How long each state's lock is waited for, in seconds. */
  readonly lockTimeout?: number;
  /** Whether DNS records that a person makes are waited for. */
  readonly wait: boolean;
}

/** What `npx slipway apply --json` prints. `version` goes up when something is renamed or taken away. */
export interface ApplyReport {
  readonly version: 1;
  /** Applied in the sandbox. */
  readonly offline: boolean;
  /** How each apply ended; none where the plans change nothing. */
  readonly stacks: readonly Applied[];
  /** DNS records that a person has yet to make. */
  readonly records: readonly MissingRecord[];
}

/** A saved plan, and where it belongs. */
interface Pending {
  readonly stack: Stack;
  readonly plan: SavedPlan;
}

/** Applies exactly the plans of the last `npx slipway plan`. Returns the exit code. */
export function applyCommand(
  names: readonly string[],
  { autoApprove, allowDestroy, replanIfStale, lockTimeout, wait, json }: ApplyOptions,
): Promise<number> {
  const project = process.cwd();
  const output = new Output(json);
  const offline = inSandbox(process.env);
  const report = (found: Pick<ApplyReport, "stacks" | "records">) =>
    output.report({ version: 1, offline, ...found } satisfies ApplyReport);
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
      output.say("The saved plans change nothing: there is nothing to apply.\n");
      report({ stacks: [], records: [] });
      return 0;
    }
    const { colors } = output;
    const shown = plans.map(
      ({ name, summary }) => ({ name, summary, outcome: "changes", seconds: 0, problems: [] }) as const,
    );
    output.say(`${textReport(shown, colors)}\n`);
    if (!autoApprove) await askForYes(plans);
    const children = new Children();
    const terraform = new Terraform(project, children);
    const plain = new Applier(terraform, saved, { change: "apply", patience: lockTimeout ?? 0 });
    const planner = new Planner(terraform, saved, offline, []);
    const applier = replanIfStale ? new Again(plain, planner, saved) : plain;
    const progress = new Progress(screenOf(process.stderr, process.env), pending.length);
    // Side by side, but for those that come after another: no stack reads another one's outputs, each was approved for
    // itself, and nearly all of the time is spent waiting for AWS.
    const results = await inTurns(pending, turnsOf(readStacks(outputOf(project))), ({ stack, plan }) =>
      applier.apply(stack, plan, progress),
    ).finally(() => progress.close());
    output.say(`\n${appliedText(results, colors)}\n`);
    const done = results.filter((result) => result.done).map(({ name }) => name);
    const applied = pending.map(({ stack }) => stack).filter(({ name }) => done.includes(name));
    const waits = wait && !process.env.CI;
    let missing: readonly MissingRecord[] = [];
    try {
      children.check();
      missing = await missingRecords(applied, terraform, children, waits ? PATIENCE.limit : 0);
    } finally {
      // Interrupted or not: what was applied is applied.
      report({ stacks: results, records: missing });
    }
    if (missing.length > 0) output.say(`\n${missingText(missing)}\n`);
    if (applied.length < pending.length) return 1;
    return waits && missing.length > 0 ? RECORDS_MISSING : 0;
  });
}

/** The exit code of an apply that did all, and waited for records in vain. */
const RECORDS_MISSING = 3;

type Turns = ReturnType<typeof turnsOf>;

/** Applies each once all that come before it are applied, bootstraps first; where one of those is not, it is left as it is. */
function inTurns(
  pending: readonly Pending[],
  turns: Turns,
  apply: (one: Pending) => Promise<Applied>,
): Promise<Applied[]> {
  const begun = new Map<string, Promise<Applied>>();
  // What environments stand on, in whichever account: their roles, where images lie.
  const bootstraps = pending.map(({ stack }) => stack.name).filter(isBootstrap);
  const whenReady = async (one: Pending): Promise<Applied> => {
    const { name } = one.stack;
    const others = [...(isBootstrap(name) ? [] : bootstraps), ...(turns.get(name)?.after ?? [])];
    const before = await Promise.all(others.flatMap((other) => begun.get(other) ?? []));
    const missing = before.filter(({ done }) => !done).map((other) => other.name);
    return missing.length > 0 ? heldBack(name, missing) : apply(one);
  };
  // Whatever another one waits for is begun before it.
  const order = [...pending].sort((a, b) => turnIn(turns, a) - turnIn(turns, b));
  return parallel(order, availableParallelism(), (one) => {
    const applied = whenReady(one);
    begun.set(one.stack.name, applied);
    return applied;
  });
}

const turnIn = (turns: Turns, { stack }: Pending) =>
  isBootstrap(stack.name) ? -1 : (turns.get(stack.name)?.turn ?? 0);

const heldBack = (name: string, missing: readonly string[]): Applied => ({
  name,
  done: false,
  begun: false,
  made: 0,
  changed: 0,
  gone: 0,
  replaced: 0,
  problems: [
    {
      severity: "error",
      summary: `It comes after ${missing.join(", ")}, which ${missing.length === 1 ? "is" : "are"} not applied`,
      detail: "",
    },
  ],
});

/**
 * The saved plans that are named, each with its stack.
 * @throws CommandError where there is none, or one may not be applied: then none is
 */
function find(project: string, saved: SavedPlans, names: readonly string[]): Pending[] {
  const all = saved.list();
  const offline = inSandbox(process.env);
  if (all.length === 0) {
    throw new CommandError(
      `There is no saved plan: run npx slipway plan${offline ? " --offline" : ""} first, and read what it says.`,
    );
  }
  const stacks = new Map(readStacks(outputOf(project)).map((stack) => [stack.name, stack]));
  const turns = turnsOf([...stacks.values()]);
  const refused: string[] = [];
  const found = select(all, names, "saved plan of").flatMap((plan) => {
    const stack = stacks.get(plan.name);
    const missing = names.length > 0 || stack === undefined ? [] : unplanned(stack, turns, all);
    const reason =
      stack === undefined
        ? "its stack is not synthesized any more."
        : missing.length > 0
          ? `it comes after ${missing.join(", ")}, of which there is no plan. Plan both, or name it alone: npx slipway apply ${plan.name}`
          : saved.refusal(plan, stack, offline);
    if (stack !== undefined && reason === undefined) return [{ stack, plan }];
    refused.push(`  ${plan.name}: ${reason}`);
    return [];
  });
  if (refused.length > 0) throw new CommandError(["Refused, nothing was applied:", ...refused].join("\n"));
  return found;
}

/** Stacks before this one that no saved plan is of: whether they are as they should be is not known. */
const unplanned = ({ name: own }: Stack, turns: Turns, plans: readonly SavedPlan[]) =>
  (turns.get(own)?.after ?? []).filter((before) => !plans.some(({ name }) => name === before));

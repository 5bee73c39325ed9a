import { accountOf } from "./account";
import { alone } from "./alone";
import { type Applied, Applier } from "./applier";
import { Children } from "./children";
import { askForName, checkLosses } from "./consent";
import { CommandError } from "./error";
import { inSandbox } from "./offline";
import { markdownReport, writeMarkdown } from "./markdown";
import { Output } from "./output";
import { parsePlan, type PlanJson } from "./plan-json";
import { unprotecting } from "./problems";
import { screenOf } from "../terminal/screen";
import { Progress } from "./progress";
import { type SavedPlan, SavedPlans, toldOf } from "./saved";
import { isBootstrap, type Stack } from "./stacks";
import { refuseLocalStates } from "./state-place";
import { otherStates } from "./states";
import { stackOfState } from "./stack-of-state";
import type { Summary } from "./summary";
import { synthesize } from "./synthesize";
import { Terraform } from "./terraform";
import { appliedText, textReport } from "./text";
import { withoutProtection } from "./without-protection";
import { problemLines } from "./words";

export interface DestroyOptions {
  readonly json?: boolean;
  readonly autoApprove?: boolean;
  /** Shows what would go, and ends. */
  readonly dryRun?: boolean;
  /** File that gets the same as Markdown. */
  readonly markdown?: string;
  /** Addresses of what may be lost. */
  readonly allowDestroy: readonly string[];
  /** How long the state's lock is waited for, in seconds. */
  readonly lockTimeout?: number;
}

/** What `npx slipway destroy --json` prints. `version` goes up when something is renamed or taken away. */
export interface DestroyReport {
  readonly version: 1;
  readonly name: string;
  /** What goes, or would; nothing where nothing was there. */
  readonly summary: Summary;
  /** How that ended; missing where nothing was destroyed. */
  readonly destroyed?: Applied;
}

/** Destroys one environment, whether its file is there or only its state. Returns the exit code. */
export function destroyCommand(
  name: string,
  { autoApprove, dryRun, markdown, allowDestroy, lockTimeout, json }: DestroyOptions,
): Promise<number> {
  const project = process.cwd();
  const output = new Output(json);
  return alone(project, async () => {
    if (markdown !== undefined) writeMarkdown(markdown, "");
    const children = new Children();
    const stack = await find(name, project, await synthesize(project, children));
    refuseLocalStates([stack], process.env);
    const saved = new SavedPlans(project);
    saved.makeFolder();
    // A plan of the same environment would be stale; this one is nobody else's to apply.
    saved.remove(name);
    const terraform = new Terraform(project, children);
    try {
      const { result: plan, lifted } = await withoutProtection(stack, () =>
        planDestroy(stack, terraform, saved),
      );
      children.check();
      const { summary } = plan;
      const report = (destroyed?: Applied) =>
        output.report({ version: 1, name, summary, ...(destroyed && { destroyed }) } satisfies DestroyReport);
      if (summary.resources.length === 0) {
        output.say(`${name} has no resources: there is nothing to destroy.\n`);
        report();
        return 0;
      }
      const { colors } = output;
      const shown = { name, summary, outcome: "changes", seconds: 0, problems: [] } as const;
      output.say(`${textReport([shown], colors)}\n`);
      if (markdown !== undefined) writeMarkdown(markdown, markdownReport([shown]));
      checkLosses([plan], allowDestroy);
      output.say(liftedText(lifted, plan));
      if (dryRun) {
        output.say("\nNothing was destroyed: --dry-run.\n");
        report();
        return 2;
      }
      if (!autoApprove) await askForName(name);
      const progress = new Progress(screenOf(process.stderr, process.env), 1);
      const result = await new Applier(terraform, saved, { change: "destroy", patience: lockTimeout ?? 0 })
        .apply(stack, plan, progress)
        .finally(() => progress.close());
      output.say(`\n${appliedText([result], colors)}\n`);
      report(result);
      children.check();
      return result.done ? 0 : 1;
    } finally {
      saved.remove(name);
    }
  });
}

/**
 * The stack of an environment: the one that its file makes, else one made of its state.
 * @throws CommandError where there is neither, or others still stand on it
 */
async function find(name: string, project: string, stacks: readonly Stack[]): Promise<Stack> {
  const stack = stacks.find((one) => one.name === name);
  if (isBootstrap(name)) {
    const account = stack && accountOf(stack);
    const others = (await otherStates(project, stack ? [stack] : []))
      .map((one) => one.name)
      .filter((other) => !isElsewhere(other, account, stacks));
    if (others.length > 0) {
      throw new CommandError(
        `Refused, nothing was destroyed: ${others.join(", ")} stand${others.length === 1 ? "s" : ""} on ${name}, whose bucket holds the states. Destroy ${others.length === 1 ? "it" : "them"} first: ${others.map((other) => `npx slipway destroy ${other}`).join(", ")}. Then docs/adopting.md, "Take everything down".`,
      );
    }
  }
  if (stack !== undefined) return stack;
  const orphans = await otherStates(project, stacks, name);
  const orphan = orphans.find((one) => one.name === name);
  if (orphan !== undefined) return stackOfState(orphan, project);
  const there = [...stacks, ...orphans].map((one) => one.name).sort();
  throw new CommandError(
    `There is no environment ${JSON.stringify(name)}: no file makes it, and no state has resources of it. There is ${there.join(", ")}.`,
  );
}

/** What --allow-destroy lifts, of what is there to be destroyed. */
function liftedText(lifted: readonly string[], { summary }: SavedPlan): string {
  const going = summary.resources.filter(({ address }) => lifted.includes(address));
  if (going.length === 0) return "";
  return `\n--allow-destroy lifts Terraform's own protection (prevent_destroy) for this one plan: ${going.map(({ address }) => address).join(", ")}.\n`;
}

/** Whether a stack is known to be in another account: its state may lie in the same folder. */
const isElsewhere = (name: string, account: string | undefined, stacks: readonly Stack[]) =>
  stacks.some((one) => one.name === name && accountOf(one) !== account);

/** @throws CommandError in Terraform's words, or naming what AWS would not let go */
async function planDestroy(stack: Stack, terraform: Terraform, saved: SavedPlans): Promise<SavedPlan> {
  const { name } = stack;
  const progress = new Progress(screenOf(process.stderr, process.env), 1);
  const file = saved.file(name);
  try {
    progress.begin(name, "init");
    const init = await terraform.init(stack);
    if (init.code === 0) progress.update(name, "plan");
    const { code, problems } =
      init.code === 0 ? await terraform.plan(stack, file, ["-destroy"], () => {}) : init;
    progress.end(name, code === 0 || code === 2, "planned");
    if (code !== 0 && code !== 2) {
      const lines = problems.flatMap(problemLines).map(({ sign, text }) => `  ${sign || " "} ${text}`);
      throw new CommandError(
        [`Refused, nothing was destroyed: ${name} cannot be planned.`, ...lines].join("\n"),
      );
    }
    const plan = parsePlan(await terraform.show(stack, file));
    checkProtection(name, plan);
    return saved.sealed(stack, toldOf(stack, plan, { offline: inSandbox(process.env), changes: code === 2 }));
  } finally {
    await progress.close();
  }
}

/**
 * Makes sure that AWS protects nothing of it from deletion: it would refuse halfway. Terraform itself refuses where the
 * file is there and says so.
 */
function checkProtection(name: string, { resource_changes }: PlanJson): void {
  const held = resource_changes
    .filter(({ change }) => change.actions.includes("delete"))
    .filter(({ change }) => {
      const before = (change.before ?? {}) as Record<string, unknown>;
      return before.deletion_protection === true || before.enable_deletion_protection === true;
    });
  if (held.length === 0) return;
  const addresses = held.map(({ address }) => address).join(", ");
  const options = [...new Set(held.map(({ type }) => unprotecting(type)))].join(" and ");
  throw new CommandError(
    `Refused, nothing was destroyed: AWS protects ${addresses} from deletion. Put ${options} into environments/${name}.ts, plan and apply that; then run this again.`,
  );
}

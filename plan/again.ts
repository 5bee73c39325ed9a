import { isDeepStrictEqual } from "node:util";
import type { Applied, Applier } from "./applier";
import type { Planner } from "./planner";
import { type Problem, STALE } from "./problems";
import type { Progress } from "./progress";
import type { SavedPlan, SavedPlans } from "./saved";
import type { Stack } from "./stacks";
import type { Summary } from "./summary";

/**
 * Applies plans, and plans again where Terraform calls one stale because somebody applied since. The new plan is applied where it
 * does nothing that was not approved with the old one.
 */
export class Again {
  constructor(
    private readonly applier: Applier,
    private readonly planner: Planner,
    private readonly saved: SavedPlans,
  ) {}

  async apply(stack: Stack, approved: SavedPlan, progress: Progress): Promise<Applied> {
    const first = await this.applier.apply(stack, approved, progress);
    const stale = !first.begun && first.problems.some(({ summary }) => STALE.test(summary));
    if (first.done || !stale) return first;
    const { summary, outcome, problems } = await this.planner.plan(stack, progress);
    if (summary === undefined) return { ...first, problems: [...first.problems, ...problems] };
    if (outcome === "no changes") return { ...first, done: true, problems: [] };
    const more = beyond(approved.summary, summary);
    const plan = this.saved.list().find(({ name }) => name === stack.name);
    if (more.length === 0 && plan !== undefined) return this.applier.apply(stack, plan, progress);
    // Nobody approved it: no later apply may take it for the one that was.
    this.saved.remove(stack.name);
    const refused: Problem = {
      severity: "error",
      summary: "Planned again, it does more than what was approved",
      detail: more.join("\n"),
    };
    return { ...first, problems: [...first.problems, refused] };
  }
}

/** What a plan does that another one did not, or did otherwise: addresses, and names of outputs. */
export function beyond(approved: Summary, again: Summary): string[] {
  // A saved plan was JSON in between.
  const { resources, outputs }: Summary = JSON.parse(JSON.stringify(again));
  return [
    ...resources
      .filter((one) => !approved.resources.some((other) => isDeepStrictEqual(one, other)))
      .map(({ address }) => address),
    ...outputs.filter((name) => !approved.outputs.includes(name)).map((name) => `output ${name}`),
  ];
}

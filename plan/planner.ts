import { capacityProblems } from "./capacity";
import { ipv6Problems } from "./ipv6";
import { CommandError } from "./error";
import { readAfter } from "./order";
import { parsePlan } from "./plan-json";
import { problemOf } from "./problems";
import type { Progress } from "./progress";
import { rebootProblems } from "./reboots";
import { askRoute53, standingRecords, withImports } from "./records";
import { repositoryProblems } from "./repositories";
import type { StackReport } from "./report";
import { type SavedPlans, toldOf } from "./saved";
import type { Stack } from "./stacks";
import type { Summary } from "./summary";
import type { Terraform } from "./terraform";
import { countsText } from "./words";
import { moveProblems } from "./unfinished-move";

type Planned = Omit<StackReport, "seconds">;

/** Plans a stack, and keeps its plan. */
export class Planner {
  constructor(
    private readonly terraform: Terraform,
    private readonly saved: SavedPlans,
    private readonly offline: boolean,
    private readonly replace: readonly string[],
  ) {}

  async plan(stack: Stack, progress: Progress): Promise<StackReport> {
    const { name } = stack;
    progress.begin(name, "init");
    const report = await this.attempt(stack, (text) => progress.update(name, text)).catch((error) => {
      this.saved.remove(name);
      return { name, outcome: "failed", problems: [problemOf(error)] } as const;
    });
    const { summary, outcome }: Planned = report;
    const text = summary === undefined || outcome === "no changes" ? outcome : countsText(summary.counts);
    const seconds = progress.end(name, outcome !== "failed", text);
    const after = readAfter(stack);
    return { ...report, ...(after.length > 0 && { after }), seconds: Math.round(seconds * 10) / 10 };
  }

  private async attempt(stack: Stack, show: (text: string) => void): Promise<Planned> {
    const { name } = stack;
    const failed = { name, outcome: "failed" } as const;
    const file = this.saved.file(name);
    const init = await this.terraform.init(stack);
    if (init.code !== 0) return { ...failed, problems: init.problems };
    show("plan");
    const replacing = this.replace.map((address) => `-replace=${address}`);
    const planOnce = async () => {
      let refreshed = 0;
      const { code, problems } = await this.terraform.plan(stack, file, replacing, (event) => {
        if (event.type === "refresh_complete") show(`plan, ${++refreshed} read`);
      });
      if (code !== 0 && code !== 2) return { code, problems, plan: undefined };
      show("sum up");
      return { code, problems, plan: parsePlan(await this.terraform.show(stack, file)) };
    };
    let { code, problems, plan } = await planOnce();
    const { imports, problems: unasked } = plan
      ? await standingRecords(plan, askRoute53(stack))
      : { imports: [], problems: [] };
    if (imports.length > 0) {
      show("plan, with records that stand");
      ({ code, problems, plan } = await withImports(stack, imports, planOnce));
    }
    if (!plan) {
      // Terraform may have written a plan with errors in it.
      this.saved.remove(name);
      return { ...failed, problems };
    }
    const refused = [...capacityProblems(plan), ...ipv6Problems(plan), ...moveProblems(plan)];
    if (refused.length > 0) {
      this.saved.remove(name);
      return { ...failed, problems: [...problems, ...refused] };
    }
    const changes = code === 2;
    const told = toldOf(stack, plan, { offline: this.offline, changes });
    const { summary } = told;
    checkReplaced(this.replace, summary);
    this.saved.save(stack, told);
    const outcome = changes ? "changes" : "no changes";
    const warnings = [...rebootProblems(plan), ...repositoryProblems(name, plan), ...unasked];
    return { name, outcome, summary, problems: [...problems, ...warnings] };
  }
}

/** Terraform says nothing of an address that it does not know. */
function checkReplaced(replace: readonly string[], { resources }: Summary) {
  const made = new Set(resources.filter(({ kind }) => kind !== "update").map(({ address }) => address));
  const unknown = replace.filter((address) => !made.has(address));
  if (unknown.length === 0) return;
  throw new CommandError(
    `--replace ${unknown.join(", ")}: the state has no such resource, so nothing would be made anew. Addresses stand in a plan, as type.name.`,
  );
}

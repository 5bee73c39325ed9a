import type { TerraformEvent } from "./events";
import { type Holder, holderText, onceFree } from "./state-lock";
import { type Problem, problemOf, unsureSecrets, wayToUnlock } from "./problems";
import { duration } from "../terminal/duration";
import { type How, holdMove } from "./move-lock";
import { movedOn } from "./moved-on";
import type { Progress } from "./progress";
import type { SavedPlan, SavedPlans } from "./saved";
import type { Stack } from "./stacks";
import type { Counts } from "./summary";
import type { Outcome, Terraform } from "./terraform";

/** What became of one stack. */
export interface Applied {
  readonly name: string;
  /** Whether all of its plan is done. */
  readonly done: boolean;
  /** Whether Terraform began to change anything: what fails halfway may be there in part. */
  readonly begun: boolean;
  /** Objects that were made, changed and taken away: each as Terraform reported it. */
  readonly made: number;
  readonly changed: number;
  readonly gone: number;
  /** Objects made whose address another one had before: the plan counts each of these pairs as one. */
  readonly replaced: number;
  readonly problems: readonly Problem[];
}

/** Applies saved plans, and forgets those that are used up. */
export class Applier {
  constructor(
    private readonly terraform: Terraform,
    private readonly saved: SavedPlans,
    /** What the plans do, and for how many seconds locks are waited for. */
    private readonly how: Pick<How, "change" | "patience"> = { change: "apply", patience: 0 },
    private readonly hold: typeof holdMove = holdMove,
  ) {}

  async apply(stack: Stack, plan: SavedPlan, progress: Progress): Promise<Applied> {
    const { name } = stack;
    progress.begin(name, "init");
    const steps = new Steps(stepsOf(plan.summary.counts));
    const { code, problems } = await this.attempt(stack, plan, progress, (event) =>
      steps.take(event, name, progress),
    ).catch((error) => ({ code: 1, problems: [problemOf(error)] }));
    const done = code === 0;
    // One of which nothing was done can be tried again, as with fresh credentials: Terraform refuses it if it is stale.
    if (done || steps.begun) this.saved.remove(name);
    progress.end(name, done, done ? "applied" : "failed");
    const { begun, made, changed, gone, replaced, failed } = steps;
    const unsure = plan.summary.resources.filter(({ address }) => failed.has(address));
    return {
      name,
      done,
      begun,
      made,
      changed,
      gone,
      replaced,
      problems: [...problems, ...unsure.flatMap((one) => unsureSecrets(one, stack))],
    };
  }

  private async attempt(
    stack: Stack,
    { move }: SavedPlan,
    progress: Progress,
    onEvent: (event: TerraformEvent) => void,
  ): Promise<Outcome> {
    const init = await this.terraform.init(stack);
    if (init.code !== 0) return init;
    const { name } = stack;
    const { patience } = this.how;
    const apply = () =>
      onceFree(
        (seconds) => this.terraform.apply(stack, this.saved.file(name), onEvent, seconds),
        { patience, stopping: this.terraform.stopping },
        (holder, left) => progress.note(name, waitingText(holder, left, stack)),
      );
    if (!move) return apply();
    const held = await this.hold(stack, move, {
      ...this.how,
      signal: this.terraform.stopping,
      waiting: (text) => progress.note(name, `${text} It is waited for: ${duration(patience)} at most.`),
    });
    if ("problem" in held) return { code: 1, problems: [held.problem] };
    try {
      const stale = await movedOn(stack, move);
      return stale ? { code: 1, problems: [stale] } : await apply();
    } finally {
      await held.release();
    }
  }
}

const waitingText = (holder: Holder, left: number, stack: Stack) =>
  `the state is locked by ${holderText(holder, Date.now())}, and waited for: ${duration(left)} more. ${wayToUnlock(stack, holder)}`;

/** A replacement is two. */
const stepsOf = ({ create, update, replace, destroy }: Counts) => create + update + destroy + 2 * replace;

/** Counts what Terraform reports as done. */
class Steps {
  begun = false;
  made = 0;
  changed = 0;
  gone = 0;
  /** Addresses of what was begun and failed. */
  readonly failed = new Set<string>();

  private readonly places = { made: new Set<string>(), changed: new Set<string>(), gone: new Set<string>() };

  constructor(private readonly planned: number) {}

  get replaced(): number {
    const { made, gone } = this.places;
    return [...made].filter((address) => gone.has(address)).length;
  }

  get total(): number {
    return this.made + this.changed + this.gone;
  }

  take(event: TerraformEvent, stack: string, progress: Progress): void {
    if (event.type === "diagnostic" || event.type === "refresh_complete") return;
    const { action, resource, elapsed_seconds } = event.hook;
    const done = action === undefined ? undefined : DONE[action];
    if (action === undefined || done === undefined) return;
    this.begun = true;
    if (event.type === "apply_errored") {
      this.failed.add(resource.addr);
      return;
    }
    if (event.type !== "apply_complete") {
      const since = event.type === "apply_progress" ? ` for ${duration(elapsed_seconds)}` : "";
      progress.update(stack, `${this.total}/${this.planned}, ${action} ${resource.addr}${since}`);
      return;
    }
    this[done] += 1;
    this.places[done].add(resource.addr);
    const count = `${this.total}/${this.planned}`;
    progress.update(stack, count);
    progress.note(stack, `${count} ${resource.addr} ${action}d (${elapsed_seconds} s)`);
  }
}

const DONE: Readonly<Record<string, "made" | "changed" | "gone">> = {
  create: "made",
  update: "changed",
  delete: "gone",
};

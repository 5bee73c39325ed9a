import { type Contexts, evaluate, holds, interpolate, type Status } from "../support/evaluate";
import { type Job, needsOf, type Step, type Workflow } from "../support/workflows";
import type { End, Process } from "./account";
import type { Clock } from "./clock";

/** How a job ended. */
export type Result = "success" | "failure" | "cancelled" | "skipped";

export interface Artifact {
  readonly content: unknown;
  /** The minute in which GitHub deletes it. */
  readonly until: number;
}

export interface Trigger {
  readonly event: string;
  readonly ref: string;
  readonly sha: string;
  readonly inputs?: Readonly<Record<string, string>>;
  /** The number of a pull request. */
  readonly number?: number;
}

/** What a job's outputs and result are, as `needs` shows them. */
interface Done {
  readonly result: Result;
  readonly outputs: Readonly<Record<string, string>>;
  /** By value of the matrix, so that only what failed runs again. */
  readonly legs: ReadonlyMap<string, Result>;
}

/** A run of the workflow; run again it has further attempts. */
export class Run {
  readonly artifacts = new Map<string, Artifact>();
  done = new Map<string, Done>();
  legs: Leg[] = [];
  attempt = 0;
  over = false;
  cancelled = false;

  constructor(
    readonly number: number,
    readonly trigger: Trigger,
  ) {}

  get title(): string {
    const { event, sha } = this.trigger;
    return `run ${this.number}${this.attempt > 1 ? `.${this.attempt}` : ""} (${event} of ${sha})`;
  }
}

/** One job of a run, or of a job with a matrix one part of it. */
export class Leg implements Process {
  state: "new" | "pending" | "waiting" | "running" | "over" = "new";
  interrupted: End | undefined;
  /** Whether somebody with the right to do so approved it. */
  approved = false;
  /** The minute in which its first step began. */
  started = 0;
  /** The machine is gone: no step of the job runs any more. */
  lost = false;
  answer: ((given: "approved" | "rejected" | "cancelled") => void) | undefined;
  readonly outputs: Record<string, string> = {};
  /** What its steps leave in the machine's folder. */
  readonly files = new Map<string, unknown>();

  constructor(
    readonly run: Run,
    readonly id: string,
    readonly job: Job,
    readonly matrix: Readonly<Record<string, string>>,
  ) {}

  get environment(): string | undefined {
    return this.job.environment === undefined ? undefined : Object.values(this.matrix)[0];
  }

  get name(): string {
    return [this.id, ...Object.values(this.matrix)].join(" ");
  }

  get title(): string {
    return `${this.run.title}: ${this.name}`;
  }

  /** Ends it, as a person or a group does that cancels it. */
  cancel(end: End = "ends"): void {
    this.interrupted ??= end;
    this.answer?.("cancelled");
  }
}

/** What a step does, and hands on. */
export interface Effect {
  readonly good: boolean;
  readonly outputs?: Readonly<Record<string, string>>;
}

/** What stands behind the queue: what steps do, and whom an environment asks. */
export interface World {
  readonly reviewed: ReadonlySet<string>;
  /** Whether a job that waits for its approval holds its concurrency group. */
  readonly approvalHoldsGroup: boolean;
  readonly variables: Readonly<Record<string, string>>;
  /** Minutes until a machine is ready. */
  pace(): number;
  step(leg: Leg, step: Step, contexts: Contexts): Promise<Effect>;
  note(line: string): void;
}

/** The most that wait in one group with `queue: max`. Source: "Control the concurrency of workflows and jobs", GitHub documentation. */
const QUEUE = 100;
/** Days until GitHub fails a job that nobody approved. Source: "Reviewing deployments", GitHub documentation. */
const APPROVAL = 30 * 24 * 60;

/** GitHub's queue for one workflow file: runs, jobs, groups, approvals. */
export class Queue {
  readonly runs: Run[] = [];
  /** What the simulation could not go on with. */
  readonly errors: unknown[] = [];
  private readonly holders = new Map<string, Leg>();
  private readonly pending = new Map<string, { leg: Leg; enter: (entered: boolean) => void }[]>();

  constructor(
    private readonly workflow: Workflow,
    private readonly clock: Clock,
    private readonly world: World,
  ) {}

  start(trigger: Trigger): Run {
    const run = new Run(this.runs.length + 1, trigger);
    this.runs.push(run);
    this.attempt(run, new Map());
    return run;
  }

  /** Runs all jobs again, or those that failed and what needs them. */
  again(run: Run, onlyFailed: boolean): void {
    const kept = new Map<string, Done>();
    // Of a matrix, too, only what failed.
    const legs = new Map<string, ReadonlyMap<string, Result>>();
    for (const id of onlyFailed ? Object.keys(this.workflow.jobs) : []) {
      const done = run.done.get(id);
      if (!done || !needsOf(this.workflow.jobs[id] as Job).every((need) => kept.has(need))) continue;
      if (done.result === "success" || done.result === "skipped") kept.set(id, done);
      else legs.set(id, done.legs);
    }
    this.attempt(run, kept, legs);
  }

  /** Cancels a run: what does not say `always()` ends. */
  cancel(run: Run, end: End): void {
    run.cancelled = true;
    for (const leg of run.legs) {
      if (leg.state !== "over" && !holds(leg.job.if, this.contexts(run, leg.job), "cancelled"))
        leg.cancel(end);
    }
  }

  get waiting(): Leg[] {
    return this.runs.flatMap(({ legs }) => legs.filter(({ state }) => state === "waiting"));
  }

  private attempt(
    run: Run,
    kept: ReadonlyMap<string, Done>,
    legs: ReadonlyMap<string, ReadonlyMap<string, Result>> = new Map(),
  ): void {
    run.attempt++;
    run.done = new Map(kept);
    run.legs = [];
    run.over = false;
    run.cancelled = false;
    const started = new Map<string, Promise<void>>();
    const whenReady = async (id: string, job: Job) => {
      await Promise.all(needsOf(job).map((need) => started.get(need)));
      if (!kept.has(id)) run.done.set(id, await this.play(run, id, job, legs.get(id)));
    };
    for (const [id, job] of Object.entries(this.workflow.jobs)) started.set(id, whenReady(id, job));
    void Promise.all(started.values()).then(
      () => {
        run.over = true;
      },
      (error) => this.errors.push(error),
    );
  }

  private contexts({ trigger, number, done }: Run, job: Job): Contexts {
    const { event, ref, sha, inputs = {}, number: request } = trigger;
    const repository = "octo/infra";
    return {
      github: {
        event_name: event,
        ref,
        sha,
        repository,
        actor: "octocat",
        run_id: String(number),
        token: "job-token",
        event: request === undefined ? {} : { pull_request: { head: { repo: { full_name: repository } } } },
      },
      vars: this.world.variables,
      inputs,
      needs: Object.fromEntries(needsOf(job).map((need) => [need, done.get(need)])),
    };
  }

  /** What a job may meet before it: all that it needs, at whatever distance. */
  private before(job: Job): string[] {
    return needsOf(job).flatMap((need) => [need, ...this.before(this.workflow.jobs[need] as Job)]);
  }

  private async play(
    run: Run,
    id: string,
    job: Job,
    earlier: ReadonlyMap<string, Result> = new Map(),
  ): Promise<Done> {
    const contexts = this.contexts(run, job);
    const results = this.before(job).map((need) => run.done.get(need)?.result);
    const status: Status = run.cancelled
      ? "cancelled"
      : results.every((one) => one === "success")
        ? "success"
        : "failure";
    const nothing = { outputs: {}, legs: new Map() };
    if (!holds(job.if, contexts, status))
      return { result: run.cancelled ? "cancelled" : "skipped", ...nothing };
    const [key, values] = Object.entries(job.strategy?.matrix ?? {})[0] ?? [];
    const list = key === undefined ? [undefined] : listOf(values ?? "", contexts);
    // "Matrix vector does not contain any values".
    if (list.length === 0) return { result: "failure", ...nothing };
    const legs = list.map((value) => new Leg(run, id, job, key && value ? { [key]: value } : {}));
    const rest = legs.filter(({ name }) => earlier.get(name) !== "success");
    const ran = new Map(earlier);
    run.legs.push(...rest);
    await Promise.all(rest.map(async (leg) => ran.set(leg.name, await this.leg(leg, contexts))));
    const all = legs.map(({ name }) => ran.get(name));
    const result = all.includes("failure") ? "failure" : all.includes("cancelled") ? "cancelled" : "success";
    const outputs = Object.assign({}, ...legs.map((leg) => leg.outputs));
    return { result, outputs, legs: ran };
  }

  private async leg(leg: Leg, given: Contexts): Promise<Result> {
    const { environment } = leg;
    const own = environment === undefined ? {} : { AWS_APPLY_ROLE: `arn:apply-${environment}` };
    const contexts = { ...given, matrix: leg.matrix, vars: { ...this.world.variables, ...own } };
    const { approvalHoldsGroup, reviewed } = this.world;
    const asks = environment !== undefined && reviewed.has(environment);
    const approved = async () => !asks || (await this.approval(leg));
    const entered = () => this.enter(leg, contexts);
    const [first, second] = approvalHoldsGroup ? [entered, approved] : [approved, entered];
    let result: Result = "cancelled";
    if ((await first()) && (await second()) && !leg.interrupted) result = await this.steps(leg, contexts);
    else if (!leg.interrupted) result = "failure";
    leg.state = "over";
    this.leave(leg);
    this.world.note(`${leg.title}: ${result}`);
    return result;
  }

  /** Whether the leg may go on; false where it was cancelled or replaced meanwhile. */
  private async enter(leg: Leg, contexts: Contexts): Promise<boolean> {
    const { concurrency } = leg.job;
    if (leg.interrupted) return false;
    if (!concurrency) return true;
    const group = interpolate(concurrency.group, contexts).toLowerCase();
    const holder = this.holders.get(group);
    if (holder === undefined) {
      this.holders.set(group, leg);
      return true;
    }
    const cancels = interpolate(concurrency["cancel-in-progress"] ?? false, contexts) === "true";
    const line = this.pending.get(group) ?? [];
    this.pending.set(group, line);
    leg.state = "pending";
    return new Promise((enter) => {
      const leaveLine = (one: (typeof line)[number]) => {
        line.splice(line.indexOf(one), 1);
        one.enter(false);
      };
      const own = { leg, enter };
      leg.answer = () => leaveLine(own);
      if (concurrency.queue !== "max") {
        for (const other of [...line]) {
          this.world.note(`${other.leg.title}: leaves its place to ${leg.run.title}`);
          other.leg.cancel();
        }
      }
      line.push(own);
      if (line.length > QUEUE) leg.cancel();
      if (cancels) {
        this.world.note(`${holder.title}: cancelled by ${leg.run.title}`);
        holder.cancel();
      }
    });
  }

  private leave(leg: Leg): void {
    for (const [group, holder] of this.holders) {
      if (holder !== leg) continue;
      this.holders.delete(group);
      const next = this.pending.get(group)?.shift();
      if (!next) continue;
      next.leg.answer = undefined;
      this.holders.set(group, next.leg);
      next.enter(true);
    }
  }

  private async approval(leg: Leg): Promise<boolean> {
    if (leg.interrupted) return false;
    leg.state = "waiting";
    this.world.note(`${leg.title}: asks for approval`);
    const asked = this.clock.now;
    const given = await new Promise((resolve) => {
      leg.answer = resolve;
    });
    leg.answer = undefined;
    leg.approved = given === "approved" && this.clock.now - asked < APPROVAL;
    return leg.approved;
  }

  private async steps(leg: Leg, given: Contexts): Promise<Result> {
    leg.state = "running";
    leg.answer = undefined;
    await this.clock.sleep(this.world.pace());
    leg.started = this.clock.now;
    const steps: Record<string, object> = {};
    let status: Status = "success";
    for (const step of leg.job.steps ?? []) {
      if (leg.lost) return "failure";
      if (leg.interrupted) status = "cancelled";
      if (leg.interrupted === "killed") return "cancelled";
      const contexts = { ...given, steps };
      const runs = holds(step.if, contexts, status);
      const { good, outputs = {} } = runs ? await this.world.step(leg, step, contexts) : { good: true };
      const conclusion = !runs ? "skipped" : good || step["continue-on-error"] ? "success" : "failure";
      if (step.id) steps[step.id] = { outputs, conclusion };
      if (conclusion === "failure" && status === "success") status = "failure";
    }
    if (leg.lost) return "failure";
    for (const [key, value] of Object.entries(leg.job.outputs ?? {}))
      leg.outputs[key] = interpolate(value, { ...given, steps });
    return leg.interrupted ? "cancelled" : status;
  }
}

/** What a matrix has, of `${{ fromJSON(…) }}`. */
const listOf = (written: string, contexts: Contexts) =>
  evaluate(/^\$\{\{(.*)\}\}$/s.exec(written)?.[1] ?? "", contexts) as string[];

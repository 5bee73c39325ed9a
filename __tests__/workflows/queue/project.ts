import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { planAgain } from "../../../github/again";
import { upsertComment } from "../../../github/comment";
import { newerCommit } from "../../../github/newer";
import { Again } from "../../../plan/again";
import type { Applied, Applier } from "../../../plan/applier";
import { checkLosses } from "../../../plan/consent";
import { turnsOf } from "../../../plan/order";
import type { Planner } from "../../../plan/planner";
import type { Progress } from "../../../plan/progress";
import type { SavedPlan, SavedPlans } from "../../../plan/saved";
import type { Stack } from "../../../plan/stacks";
import { type Contexts, interpolate } from "../support/evaluate";
import { decide, type Question } from "./turn";
import type { Step, Workflow } from "../support/workflows";
import { DATABASE, type End, Place, type Plan, saved, type Things } from "./account";
import { Clock } from "./clock";
import { type Effect, type Leg, Queue, type Run, type World } from "./github";

/** By environment: those right before it. */
export type Rows = Readonly<Record<string, readonly string[]>>;

/** A commit of main: what each environment is to be. */
interface Commit {
  readonly sha: string;
  readonly wanted: Readonly<Record<string, Things>>;
  /** The minute in which main left it behind. */
  until: number;
}

export interface Settings {
  readonly rows: Rows;
  /** Environments whose reviewers are asked. */
  readonly reviewed: readonly string[];
  readonly approvalHoldsGroup: boolean;
  /** How many minutes things take, one after another, over and over. */
  readonly paces: readonly number[];
}

const MAIN = "refs/heads/main";
const GOOD: Effect = { good: true };
const BAD: Effect = { good: false };

/** Actions that leave nothing that a decision reads. */
const IDLE = ["actions/checkout", "actions/setup-node", "hashicorp/setup-terraform"];

/** Scripts that leave nothing that a decision reads: they fail where the timeline says so, as any step does. */
const PLAIN = [
  /^npm ci\b/,
  /^npm run typecheck$/,
  /^npm run "\$TESTS"$/,
  /^npx slipway guardrails\b/,
  /^npx slipway plan --offline\b/,
];
const WORDS = [
  "Say where the plan is",
  "Say that no role plans it",
  "What to do now",
  "What is left to do",
  "How to push that state",
];

/** A repository with its environments: what the steps of terraform.yaml do there, and whether that is as it should be. */
export class Project implements World {
  readonly clock = new Clock();
  readonly queue: Queue;
  readonly places: ReadonlyMap<string, Place>;
  readonly commits: Commit[] = [];
  /** What was not as it should be. */
  readonly lies: string[] = [];
  readonly story: string[] = [];
  readonly reviewed: ReadonlySet<string>;
  readonly approvalHoldsGroup: boolean;
  readonly variables: Readonly<Record<string, string>>;
  /** Whether something went wrong that a person has to look at. */
  trouble = false;
  /** By number: the newest commit of a pull request, and what its comment says. */
  readonly requests = new Map<number, { head: string; comment?: string }>();
  /** What happens as soon as an apply begins. */
  readonly amid: (() => void)[] = [];
  private readonly before: Readonly<Record<string, readonly string[]>>;
  private readonly order: string;
  private readonly plans = new Map<Run, Map<string, Plan>>();
  private readonly applied = new Map<Run, Map<string, string>>();
  private paced = 0;

  constructor(
    workflow: Workflow,
    private readonly settings: Settings,
    wanted: Readonly<Record<string, Things>>,
  ) {
    const { rows, reviewed, approvalHoldsGroup } = settings;
    this.queue = new Queue(workflow, this.clock, this);
    this.reviewed = new Set(reviewed);
    this.approvalHoldsGroup = approvalHoldsGroup;
    const names = Object.keys(rows);
    this.places = new Map(names.map((name) => [name, new Place(name, this.clock)]));
    for (const [name, place] of this.places) {
      place.real = { ...wanted[name] };
      place.state = { ...wanted[name] };
    }
    this.commits.push({ sha: "c0", wanted, until: Infinity });
    this.order = orderOf(rows);
    const turns: Record<string, { after: string[] }> = JSON.parse(this.order);
    this.before = Object.fromEntries(names.map((name) => [name, turns[name]?.after ?? []]));
    const roles = ["bootstrap", ...names].map((name) => [name, `arn:plan-${name}`]);
    this.variables = { AWS_REGION: "us-west-2", AWS_PLAN_ROLES: JSON.stringify(Object.fromEntries(roles)) };
  }

  get head(): Commit {
    return this.commits.at(-1) as Commit;
  }

  /** Minutes that the next thing takes. */
  pace(): number {
    const { paces } = this.settings;
    return paces[this.paced++ % paces.length] ?? 1;
  }

  note(line: string): void {
    const { now } = this.clock;
    const [day, hour, minute] = [Math.floor(now / 1440), Math.floor(now / 60) % 24, now % 60];
    this.story.push(`day ${day} ${two(hour)}:${two(minute)}  ${line}`);
  }

  lie(line: string): void {
    this.lies.push(line);
    this.note(`!! ${line}`);
  }

  /** What GitHub answers to what the commands ask; the address of a request is what follows the repository's. */
  async answer(url: string, init: RequestInit = {}): Promise<Response> {
    const [, path = ""] = /\/repos\/octo\/infra(\/.*)$/.exec(url) ?? [];
    const [, number] = /^\/(?:pulls|issues)\/(\d+)/.exec(path) ?? [];
    const request = this.requests.get(Number(number));
    const body = init.body ? JSON.parse(String(init.body)) : {};
    if (path === "/actions/workflows/terraform.yaml/dispatches") {
      this.dispatch();
      return new Response(null, { status: 204 });
    }
    if (path === "/git/ref/heads/main") return Response.json({ object: { sha: this.head.sha } });
    if (request && path === `/pulls/${number}`) return Response.json({ head: { sha: request.head } });
    if (request && init.method === "POST") {
      request.comment = body.body;
      return Response.json({});
    }
    if (path.startsWith("/issues/")) return Response.json([]);
    throw new Error(`The simulation does not know what GitHub answers to ${url}.`);
  }

  /** @param edits by environment: what changes in it; nothing for what goes */
  merge(edits: Readonly<Record<string, Readonly<Record<string, number | undefined>>>>): void {
    const wanted = Object.fromEntries(
      Object.entries(this.head.wanted).map(([name, things]) => {
        const next = Object.entries({ ...things, ...edits[name] }).filter(([, value]) => value !== undefined);
        return [name, Object.fromEntries(next) as Things];
      }),
    );
    this.push(wanted, textOf(edits));
  }

  /** Takes the newest commit back. */
  revert(): void {
    const before = this.commits.at(-2);
    if (before) this.push(before.wanted, `as ${before.sha}`);
  }

  private push(wanted: Commit["wanted"], text: string): void {
    this.head.until = this.clock.now;
    const sha = `c${this.commits.length}`;
    this.commits.push({ sha, wanted, until: Infinity });
    this.note(`merge of ${sha}: ${text}`);
    this.queue.start({ event: "push", ref: MAIN, sha });
  }

  dispatch(inputs: Readonly<Record<string, string>> = {}): Run {
    this.note(`Run workflow on main ${JSON.stringify(inputs)}`);
    return this.queue.start({ event: "workflow_dispatch", ref: MAIN, sha: this.head.sha, inputs });
  }

  nightly(): Run {
    return this.queue.start({ event: "schedule", ref: MAIN, sha: this.head.sha });
  }

  mergeQueue(): void {
    const sha = `q${this.queue.runs.length}`;
    this.queue.start({ event: "merge_group", ref: `refs/heads/gh-readonly-queue/main/${sha}`, sha });
  }

  pushRequest(number: number): void {
    const sha = `p${number}-${this.queue.runs.length}`;
    this.requests.set(number, { ...this.requests.get(number), head: sha });
    this.queue.start({ event: "pull_request", ref: `refs/pull/${number}/merge`, sha, number });
  }

  review(leg: Leg, given: "approved" | "rejected"): void {
    this.note(`${leg.title}: ${given}`);
    if (given === "rejected") this.trouble = true;
    leg.answer?.(given);
  }

  cancel(run: Run, end: End): void {
    this.note(
      `${run.title}: cancelled by a person, what works is told so and ${end === "ends" ? "ends" : "is killed"}`,
    );
    this.trouble = true;
    this.queue.cancel(run, end);
  }

  /** The machine of a job is gone. */
  lose(leg: Leg): void {
    this.note(`${leg.title}: its machine is gone`);
    this.trouble = true;
    leg.lost = true;
    leg.interrupted = "killed";
  }

  async step(leg: Leg, step: Step, contexts: Contexts): Promise<Effect> {
    if (leg.files.delete("fails")) {
      this.note(`${leg.title}: ${step.name ?? step.uses ?? step.run} fails`);
      return BAD;
    }
    const env = values(step.env, contexts);
    return step.uses
      ? this.action(leg, step.uses.split("@")[0] ?? "", values(step.with, contexts))
      : this.script(leg, step, env);
  }

  private action(leg: Leg, action: string, inputs: Readonly<Record<string, string>>): Effect {
    if (IDLE.includes(action)) return GOOD;
    if (action === "aws-actions/configure-aws-credentials") return { good: inputs["role-to-assume"] !== "" };
    const { artifacts } = leg.run;
    const { now } = this.clock;
    const { name = "", pattern = "" } = inputs;
    if (action === "actions/upload-artifact") {
      const until = now + Number(inputs["retention-days"]) * 1440;
      const [kind = ""] = name.split("-");
      artifacts.set(name, { content: leg.files.get(kind), until });
      return GOOD;
    }
    if (action !== "actions/download-artifact")
      throw new Error(`The simulation does not know the action ${action} of ${leg.id}.`);
    const fresh = [...artifacts].filter(([, { until }]) => until > now);
    const found = fresh.filter(
      ([one]) => one === name || (pattern && one.startsWith(pattern.replace("*", ""))),
    );
    if (name && found.length === 0) {
      this.note(`${leg.title}: its artifact ${name} is deleted`);
      this.trouble = true;
      return BAD;
    }
    const kind = (name || pattern).split("-")[0] ?? "";
    leg.files.set(kind, name ? found[0]?.[1].content : found.map(([, { content }]) => content));
    return GOOD;
  }

  private async script(
    leg: Leg,
    { name = "", run = "", id }: Step,
    env: Readonly<Record<string, string>>,
  ): Promise<Effect> {
    if (PLAIN.some((one) => one.test(run)) || WORDS.includes(name)) return GOOD;
    if (run.includes("slipway github order")) {
      const stacks = JSON.stringify(["bootstrap", ...this.places.keys()]);
      return { good: true, outputs: { stacks, order: this.order } };
    }
    if (run.includes("slipway github newer")) return this.newer(leg);
    if (run.includes("slipway github again")) return this.planAgain(leg);
    if (run.includes("slipway github comment")) return this.comment(leg);
    if (run.includes("slipway github drift")) return GOOD;
    if (run.includes("plans=$(")) return this.turn(leg, { run, ...(id && { id }) }, env);
    switch (name) {
      case "Refuse what Run workflow cannot do":
      case "Refuse what no role may plan":
        return BAD;
      case "Plan":
        return this.plan(leg, env.STACK ?? "");
      case "Note which plan it is": {
        const plan = leg.files.get("plan") as Plan;
        leg.files.set("applied", { [plan.name]: saved(plan).plan });
        return GOOD;
      }
      case "Apply exactly this plan":
        return this.apply(leg, run, env);
      case "Plan what would go":
        return this.planDestroy(env);
      case "Destroy":
        return this.destroy(leg, run, env);
      case "Is there a state that could not be saved":
        return { good: true, outputs: { file: "" } };
    }
    throw new Error(`The simulation does not know the step ${name || run} of ${leg.id}.`);
  }

  private async newer(leg: Leg): Promise<Effect> {
    const { ref, sha } = leg.run.trigger;
    const newer = await this.clock.during(newerCommit(RUNNER, ref, sha));
    if (newer) this.note(`${leg.title}: superseded by ${newer}`);
    return { good: true, outputs: { newer: newer ?? "" } };
  }

  private async planAgain({ run }: Leg): Promise<Effect> {
    const { ref, sha } = run.trigger;
    const workflow = "octo/infra/.github/workflows/terraform.yaml@refs/heads/main";
    const said = planAgain(RUNNER, { ref, sha, workflow });
    this.note(`${run.title}: ${await this.clock.during(said)}`);
    return GOOD;
  }

  private async comment({ run }: Leg): Promise<Effect> {
    const { ref, sha } = run.trigger;
    await this.clock.during(upsertComment(RUNNER, `<!-- plans -->\nof ${sha}`, ref, sha));
    return GOOD;
  }

  /** What the jobs between plan and apply decide. */
  private turn(leg: Leg, { run = "", id = "" }: Step, env: Readonly<Record<string, string>>): Effect {
    const applied: Record<string, string> = Object.assign(
      {},
      ...((leg.files.get("applied") as object[]) ?? []),
    );
    const plans = ((leg.files.get("plan") as Plan[]) ?? []).map((plan) => {
      const { name, changes, plan: hash } = saved(plan);
      const fate = applied[name] === undefined ? undefined : applied[name] === hash ? "this" : "another";
      return { name, changes, fate } as const;
    });
    const question: Question = { script: run, id, turn: Number(env.TURN), order: env.ORDER ?? "", plans };
    questions.set(JSON.stringify([question.turn, question.order, plans]), question);
    const outputs = decide(question);
    this.note(`${leg.title}: ${outputs.environments} of turn ${env.TURN}`);
    return { good: true, outputs };
  }

  private plan(leg: Leg, stack: string): Effect {
    const place = this.places.get(stack);
    const wanted = this.wanted(leg.run, stack);
    const plan = (place ?? new Place(stack, this.clock)).plan(place ? wanted : {});
    const own = this.plans.get(leg.run) ?? new Map();
    this.plans.set(leg.run, own.set(stack, plan));
    leg.files.set("plan", plan);
    leg.files.set("report", plan);
    const changes = plan.summary.resources.map(({ kind, address }) => `${kind} ${address}`);
    if (changes.length > 0) this.note(`${leg.title}: ${changes.join(", ")}`);
    return { good: true, outputs: { made: "yes" } };
  }

  /** A commit of a pull request changes nothing here. */
  private wanted({ trigger }: Run, name: string): Things {
    const commit = this.commits.find(({ sha }) => sha === trigger.sha) ?? this.head;
    return commit.wanted[name] ?? {};
  }

  private async apply(leg: Leg, run: string, env: Readonly<Record<string, string>>): Promise<Effect> {
    const { ENVIRONMENT: name = "", ALLOW_DESTROY = "" } = env;
    const approved = leg.files.get("plan") as Plan;
    const allowed = ALLOW_DESTROY.split(" ").filter((address) => address.startsWith(`${name}:`));
    const done = await this.terraform(leg, run, name, approved, allowed);
    if (done) {
      const own = this.applied.get(leg.run) ?? new Map();
      this.applied.set(leg.run, own.set(name, saved(approved).plan));
    }
    return done ? GOOD : BAD;
  }

  private planDestroy({
    ENVIRONMENT: name = "",
    ALLOW_DESTROY = "",
  }: Readonly<Record<string, string>>): Effect {
    const plan = saved((this.places.get(name) as Place).plan({}));
    if (!this.consents(plan, ALLOW_DESTROY.split(" ").filter(Boolean))) return BAD;
    return { good: true, outputs: { environments: plan.changes ? JSON.stringify([name]) : "[]" } };
  }

  private async destroy(leg: Leg, run: string, env: Readonly<Record<string, string>>): Promise<Effect> {
    const { ENVIRONMENT: name = "", ALLOW_DESTROY = "" } = env;
    const plan = (this.places.get(name) as Place).plan({});
    return (await this.terraform(leg, run, name, plan, ALLOW_DESTROY.split(" ").filter(Boolean)))
      ? GOOD
      : BAD;
  }

  private consents(plan: SavedPlan, allowed: readonly string[]): boolean {
    try {
      checkLosses([plan], allowed);
      return true;
    } catch {
      this.trouble = true;
      return false;
    }
  }

  /** `slipway apply`, by the options that stand in the script. */
  private async terraform(
    leg: Leg,
    script: string,
    name: string,
    approved: Plan,
    allowed: readonly string[],
  ): Promise<boolean> {
    this.lookAtBegin(leg, name);
    const place = this.places.get(name) as Place;
    const first = saved(approved);
    if (!this.consents(first, allowed)) {
      this.note(`${leg.title}: refused, the database would be lost`);
      return false;
    }
    const patience = Number(/--lock-timeout (\d+)m/.exec(script)?.[1] ?? 0);
    const plans = new Map([[first.plan, approved]]);
    const apply = (_: Stack, one: SavedPlan): Promise<Applied> =>
      place.apply(plans.get(one.plan) as Plan, leg, {
        by: leg.title,
        patience,
        pace: () => this.pace(),
        onBegin: () => {
          this.note(`${leg.title}: begins to change ${name}`);
          for (const happen of this.amid.splice(0)) this.clock.at(this.clock.now, happen);
        },
        onChange: (address) => this.lookAtChange(leg, approved, address),
      });
    const plan = async () => {
      const again = place.plan(approved.wanted);
      plans.set(saved(again).plan, again);
      const { summary } = again;
      const outcome = saved(again).changes ? "changes" : "no changes";
      return { name, summary, outcome, seconds: 0, problems: [] };
    };
    const store = {
      list: () => [...plans.values()].map(saved).reverse(),
      remove: () => {},
    } as Partial<SavedPlans>;
    const plain = { apply } as Partial<Applier> as Applier;
    const applier = script.includes("--replan-if-stale")
      ? new Again(plain, { plan } as Partial<Planner> as Planner, store as SavedPlans)
      : plain;
    const { done, problems } = await applier.apply({ name, folder: "" }, first, {} as Progress);
    for (const { summary, detail } of problems) this.note(`${leg.title}: ${summary} ${detail}`);
    if (problems.some(({ summary }) => summary.includes("lock"))) {
      this.trouble = true;
      if (place.lock?.alive && patience < 60)
        this.lie(`${leg.title} gave up while ${place.lock.by} was applying`);
    }
    return done;
  }

  private lookAtBegin(leg: Leg, name: string): void {
    const { run } = leg;
    const commit = this.commits.find(({ sha }) => sha === run.trigger.sha);
    if (commit === undefined || commit.until < leg.started)
      this.lie(`${leg.title} applies a commit that main had left behind before it began`);
    if (this.reviewed.has(name) && !leg.approved) this.lie(`${leg.title} applies what nobody approved`);
    if (leg.id === "destroy") return;
    for (const before of this.before[name] ?? []) {
      const plan = this.plans.get(run)?.get(before);
      const isApplied = plan && this.applied.get(run)?.get(before) === saved(plan).plan;
      if (!plan || (saved(plan).changes && !isApplied))
        this.lie(`${leg.title} goes before ${before}, which it comes after`);
    }
  }

  private lookAtChange({ run, title }: Leg, approved: Plan, address: string): void {
    const { name, summary } = approved;
    if (!summary.resources.some((one) => one.address === address))
      this.lie(`${title} changes ${address}, which was in no plan that was approved`);
    const there = this.places.get(name)?.real[DATABASE];
    const goes = address === DATABASE && there !== undefined && there !== approved.wanted[DATABASE];
    const named = run.trigger.inputs?.["allow-destroy"]?.split(" ").includes(`${name}:${DATABASE}`);
    if (goes && !named) this.lie(`${title} loses the database of ${name}, which nobody allowed`);
    if (run.trigger.inputs?.destroy && run.trigger.inputs.destroy !== name)
      this.lie(`${title} was to destroy ${run.trigger.inputs.destroy}, and changes ${name}`);
  }
}

/** `staging: aws_sqs_queue.jobs 2, aws_db_instance.database gone` */
const textOf = (edits: Parameters<Project["merge"]>[0]) =>
  Object.entries(edits)
    .map(([name, things]) => {
      const parts = Object.entries(things).map(([address, value]) => `${address} ${value ?? "gone"}`);
      return `${name}: ${parts.join(", ")}`;
    })
    .join("; ");

const two = (value: number) => String(value).padStart(2, "0");

const values = (given: Step["env"], contexts: Contexts): Record<string, string> =>
  Object.fromEntries(Object.entries(given ?? {}).map(([key, text]) => [key, interpolate(text, contexts)]));

const RUNNER = {
  api: "https://api.github.example",
  repository: "octo/infra",
  token: "job-token",
  run: "https://github.example/octo/infra/actions/runs/1",
};

/** All questions of all timelines, which the real script can be asked, too. */
export const questions = new Map<string, Question>();

const orders = new Map<string, string>();

/** What `slipway github order` prints of these environments. */
function orderOf(rows: Rows): string {
  const key = JSON.stringify(rows);
  const known = orders.get(key);
  if (known !== undefined) return known;
  const folder = mkdtempSync(join(tmpdir(), "slipway-rows-"));
  const stacks = Object.entries({ bootstrap: [], ...rows }).map(([name, after]) => {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, "cdk.tf.json"), JSON.stringify({ "//": { after } }));
    return { name, folder: join(folder, name) };
  });
  const order = JSON.stringify(Object.fromEntries(turnsOf(stacks)));
  rmSync(folder, { recursive: true });
  orders.set(key, order);
  return order;
}

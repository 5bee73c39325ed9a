import { targetsOf } from "../../../github/targets";
import { type Contexts, holds } from "./evaluate";
import { type Job, needsOf, type Workflow } from "./workflows";

const REPOSITORY = "octo/infra";

const github = (event_name: string, ref: string, rest: object = {}) => ({
  event_name,
  ref,
  actor: "octocat",
  base_ref: "",
  repository: REPOSITORY,
  token: "job-token",
  sha: "1f".repeat(20),
  run_id: "7",
  event: { repository: { private: false } },
  ...rest,
});

const pullRequest = (from: string | null, base_ref = "main") =>
  github("pull_request", "refs/pull/7/merge", {
    base_ref,
    // The repository of a fork that was deleted is null.
    event: { pull_request: { head: { repo: from && { full_name: from } } } },
  });

/** What happens on GitHub, as the context `github` shows it. */
export const events = {
  "pull request": pullRequest(REPOSITORY),
  "pull request to prod": pullRequest(REPOSITORY, "prod"),
  "pull request of a fork": pullRequest("mallory/infra"),
  "pull request of a deleted fork": pullRequest(null),
  "pull request of Dependabot": { ...pullRequest(REPOSITORY), actor: "dependabot[bot]" },
  "merge queue": github("merge_group", "refs/heads/gh-readonly-queue/main/pr-7-1f"),
  "push to main": github("push", "refs/heads/main"),
  "push to prod": github("push", "refs/heads/prod", { event: { repository: { private: true } } }),
  "push to a branch": github("push", "refs/heads/feature"),
  "tag v1.2": github("push", "refs/tags/v1.2"),
  "tag vendor-x": github("push", "refs/tags/vendor-x"),
  "another tag": github("push", "refs/tags/nightly"),
  schedule: github("schedule", "refs/heads/main"),
  "dispatch on main": github("workflow_dispatch", "refs/heads/main"),
  "dispatch on a branch": github("workflow_dispatch", "refs/heads/feature"),
} as const;

export type Event = keyof typeof events;
export const eventNames = Object.keys(events) as Event[];
export const isFork = (event: Event) => /fork/.test(event);

const matches = (patterns: readonly string[], name: string) =>
  patterns.some((pattern) =>
    new RegExp(`^${pattern.replaceAll(".", "\\.").replaceAll(/(?<!\])\*/g, "[^/]*")}$`).test(name),
  );

/** Whether a workflow starts for an event: `on`, with its filters. */
export function starts({ on }: Workflow, event: Event): boolean {
  const { event_name, ref } = events[event];
  if (!(event_name in on)) return false;
  if (event_name !== "push" || !on.push) return true;
  const { branches, tags } = on.push;
  const [, kind, name = ""] = /^refs\/(heads|tags)\/(.+)$/.exec(ref) ?? [];
  // With one of the two filters only, the other kind of ref starts nothing.
  return matches((kind === "heads" ? branches : tags) ?? [], name);
}

export interface Surroundings {
  /** Whether bootstrap's output was given to GitHub. */
  readonly setUp?: boolean;
  /** By job: what it would hand on. */
  readonly outputs?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly inputs?: Readonly<Record<string, unknown>>;
  /** A job that fails; none otherwise. */
  readonly fails?: string;
}

export const VARIABLES = {
  AWS_REGION: "us-west-2",
  AWS_PLAN_ROLES: '{"bootstrap":"arn:plan-bootstrap","staging":"arn:plan-staging"}',
  AWS_PUSH_ROLE: "arn:push",
  AWS_APPLY_ROLE: "arn:apply",
  AWS_DEPLOY_ROLE: "arn:deploy",
};

/** What jobs hand on, in these tests. */
export const OUTPUTS = {
  check: { stacks: '["bootstrap","staging"]', order: "{}" },
  changed: { apart: '["lab"]', first: '["staging"]', later: "[2,3]" },
  second: { environments: '["prod"]' },
  third: { environments: '["eu"]' },
  "destroy-plan": { environments: '["qa"]' },
};

/** Outputs of the first job by event and inputs: each condition asks for them. */
const known = new Map<string, { readonly targets: string; readonly tools: string }>();

/** What of the service's workflow the first job hands on, by the command that it runs. */
function prepared(event: Event, inputs: Readonly<Record<string, unknown>>) {
  const { ref, base_ref: base } = events[event];
  const given = JSON.stringify(inputs);
  const question = `${event} ${given}`;
  const before = known.get(question);
  if (before) return before;
  const made = { targets: JSON.stringify(targetsOf(given, { ref, base })), tools: "tools-1" };
  known.set(question, made);
  return made;
}

/** The contexts of an event; a fork's run has no secrets. Source: "Events that trigger workflows", GitHub documentation. */
export const contextsOf = (
  event: Event,
  { setUp = true, outputs = OUTPUTS, inputs = {} }: Surroundings = {},
): Contexts => ({
  github: events[event],
  vars: setUp ? VARIABLES : {},
  inputs,
  secrets: isFork(event) ? {} : { "platform-token": "platform-token" },
  needs: Object.fromEntries(
    Object.entries({
      ...outputs,
      ...(inputs.environments !== undefined && { prepare: prepared(event, inputs) }),
    }).map(([job, values]) => [job, { outputs: values, result: "success" }]),
  ),
  runner: { temp: "/tmp/runner" },
});

/** The jobs of a workflow that run for an event. */
export function jobsThatRun(workflow: Workflow, event: Event, surroundings: Surroundings = {}): string[] {
  const contexts = contextsOf(event, surroundings);
  const ran = new Set<string>();
  const result = (name: string) =>
    !ran.has(name) ? "skipped" : name === surroundings.fails ? "failure" : "success";
  const needed = (job: Job, { needs = {} }: Contexts) =>
    Object.fromEntries(
      needsOf(job).map((name) => [
        name,
        { ...(needs as Record<string, object>)[name], result: result(name) },
      ]),
    );
  const pending = new Map(Object.entries(workflow.jobs));
  while (pending.size > 0) {
    const ready = [...pending].filter(([, job]) => needsOf(job).every((need) => !pending.has(need)));
    if (ready.length === 0) throw new Error(`Jobs wait for each other: ${[...pending.keys()].join(", ")}`);
    for (const [name, job] of ready) {
      pending.delete(name);
      // A job that was skipped has not succeeded: what needs it is skipped with it.
      const status = needsOf(job).every((need) => ran.has(need) && need !== surroundings.fails)
        ? "success"
        : "failure";
      if (holds(job.if, { ...contexts, needs: needed(job, contexts) }, status)) ran.add(name);
    }
  }
  return Object.keys(workflow.jobs).filter((name) => ran.has(name));
}

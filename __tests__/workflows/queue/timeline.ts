import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import type { Workflow } from "../support/workflows";
import { DATABASE, type End, type Things } from "./account";
import type { Run } from "./github";
import { Project, type Rows, type Settings } from "./project";

const ADDRESSES = ["aws_cloudwatch_log_group.web", "aws_sqs_queue.jobs", DATABASE];

/** What one environment is to become: by address; 0 for what goes. */
interface Edit {
  readonly environment: number;
  readonly address: number;
  readonly value: number;
}

/** What people, machines and time do to a repository. */
type Happening = { readonly after: number } & (
  | { readonly what: "merge"; readonly edits: readonly Edit[] }
  | {
      readonly what:
        | "revert"
        | "revert amid an apply"
        | "dispatch"
        | "dispatch with losses"
        | "night"
        | "merge queue";
    }
  | {
      readonly what: "approve" | "reject" | "rerun" | "rerun failed" | "lose" | "fail" | "push";
      readonly which: number;
    }
  | { readonly what: "break" | "destroy"; readonly environment: number }
  | { readonly what: "cancel"; readonly which: number; readonly end: End }
);

export interface Timeline extends Settings {
  readonly happenings: readonly Happening[];
}

const ROWS: readonly Rows[] = [
  { staging: [], prod: ["staging"], lab: [] },
  { staging: [], qa: ["staging"], prod: ["qa"] },
  { staging: [], prod: ["staging"], eu: ["staging"] },
];

const which = fc.nat(7);
const environment = fc.nat(2);
const edit = fc.record({
  environment,
  // Rarely the database.
  address: fc.constantFrom(0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2),
  value: fc.nat(3),
});

/** Minutes: mostly a few, sometimes the next morning or after a week. */
const after = fc.oneof(
  { weight: 6, arbitrary: fc.nat(6) },
  { weight: 3, arbitrary: fc.nat(90) },
  { weight: 1, arbitrary: fc.constantFrom(1_000, 2_000, 10_000) },
);

const one = <What extends string>(...whats: readonly What[]) =>
  fc.record({ after, what: fc.constantFrom(...whats) });
const of = <What extends string>(...whats: readonly What[]) =>
  fc.record({ after, what: fc.constantFrom(...whats), which });

const merges = {
  weight: 8,
  arbitrary: fc.record({
    after,
    what: fc.constant("merge" as const),
    edits: fc.array(edit, { minLength: 1, maxLength: 3 }),
  }),
};
const calm = [
  merges,
  { weight: 6, arbitrary: one("revert", "revert amid an apply") },
  { weight: 8, arbitrary: of("approve") },
  { weight: 2, arbitrary: one("dispatch", "night", "merge queue") },
  { weight: 2, arbitrary: of("push", "rerun") },
];
const rough = [
  { weight: 1, arbitrary: one("dispatch with losses") },
  { weight: 2, arbitrary: of("reject", "lose", "fail", "rerun failed") },
  {
    weight: 1,
    arbitrary: fc.record({ after, what: fc.constantFrom("break" as const, "destroy" as const), environment }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      after,
      what: fc.constant("cancel" as const),
      which,
      end: fc.constantFrom<End>("ends", "killed"),
    }),
  },
];

const happenings = (...kinds: { weight: number; arbitrary: fc.Arbitrary<Happening> }[]) =>
  fc.array(fc.oneof(...kinds), { minLength: 1, maxLength: 25, size: "max" });

/** Timelines without and with trouble, half of each. */
export const timelines: fc.Arbitrary<Timeline> = fc.record({
  rows: fc.constantFrom(...ROWS),
  reviewed: fc.subarray(["staging", "prod", "qa", "lab", "eu"]),
  approvalHoldsGroup: fc.boolean(),
  paces: fc.array(fc.oneof(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 40 })), {
    minLength: 1,
    maxLength: 12,
  }),
  happenings: fc.oneof(happenings(...calm), happenings(...calm, ...rough)),
});

const BEGIN: Things = { [ADDRESSES[0] as string]: 1, [ADDRESSES[1] as string]: 1, [DATABASE]: 1 };

/** Plays a timeline to its end, and then what people do whom nobody disturbs any more. */
export async function play(
  workflow: Workflow,
  timeline: Timeline,
  attach: (project: Project) => void,
): Promise<Project> {
  const names = Object.keys(timeline.rows);
  const begin = Object.fromEntries(names.map((name) => [name, BEGIN]));
  const project = new Project(workflow, timeline, begin);
  attach(project);
  let at = 0;
  for (const happening of timeline.happenings) {
    at += happening.after;
    project.clock.at(at, () => happen(project, happening, names));
  }
  await project.clock.run();
  await approveNewest(project);
  if (!project.trouble) lookAtEnd(project, "nobody had to do anything but approve");
  project.amid.length = 0;
  await mend(project);
  lookAtEnd(project, "a person ran the workflow once more");
  await sleepOver(project);
  if (project.queue.errors.length > 0)
    throw new AggregateError(project.queue.errors, String(project.queue.errors[0]));
  return project;
}

function happen(project: Project, happening: Happening, names: readonly string[]): void {
  const { queue } = project;
  const pick = <One>(list: readonly One[], index: number): One | undefined => list[index % list.length];
  const name = (index: number) => names[index % names.length] ?? "";
  switch (happening.what) {
    case "merge": {
      const edits: Record<string, Record<string, number | undefined>> = {};
      for (const { environment, address, value } of happening.edits) {
        edits[name(environment)] ??= {};
        const own = edits[name(environment)] ?? {};
        own[ADDRESSES[address] ?? ""] = value === 0 ? undefined : value;
      }
      project.merge(edits);
      return;
    }
    case "revert":
      project.revert();
      return;
    case "revert amid an apply":
      project.amid.push(() => project.revert());
      return;
    case "dispatch":
      project.dispatch();
      return;
    case "dispatch with losses":
      project.dispatch({ "allow-destroy": lossesOf(project) });
      return;
    case "destroy": {
      project.trouble = true;
      const destroy = name(happening.environment);
      const holds = project.places.get(destroy)?.state[DATABASE] !== undefined;
      project.dispatch({ destroy, "allow-destroy": holds ? `${destroy}:${DATABASE}` : "" });
      return;
    }
    case "night":
      project.nightly();
      return;
    case "merge queue":
      project.mergeQueue();
      return;
    case "push":
      project.pushRequest(7 + (happening.which % 2));
      return;
    case "approve":
    case "reject": {
      const leg = pick(queue.waiting, happening.which);
      if (leg) project.review(leg, happening.what === "approve" ? "approved" : "rejected");
      return;
    }
    case "rerun":
    case "rerun failed": {
      const run = pick(
        queue.runs.filter(({ over }) => over),
        happening.which,
      );
      if (!run) return;
      const { number, sha } = run.trigger;
      // Who runs an old commit of a pull request again stops the check of its newest, which shows that.
      if (number !== undefined && project.requests.get(number)?.head !== sha) return;
      project.note(`${run.title}: ${happening.what}`);
      queue.again(run, happening.what === "rerun failed");
      return;
    }
    case "cancel": {
      const run = pick(
        queue.runs.filter(({ over }) => !over),
        happening.which,
      );
      if (run) project.cancel(run, happening.end);
      return;
    }
    case "lose":
    case "fail": {
      const legs = queue.runs.flatMap((run) => run.legs.filter(({ state }) => state === "running"));
      const leg = pick(legs, happening.which);
      if (!leg) return;
      if (happening.what === "lose") {
        project.lose(leg);
        return;
      }
      project.trouble = true;
      leg.files.set("fails", true);
      return;
    }
    case "break": {
      project.trouble = true;
      const place = project.places.get(name(happening.environment));
      if (place) place.fails++;
    }
  }
}

/** What main's newest commit would lose, as a person names it. */
const lossesOf = ({ places, head }: Project) =>
  [...places.values()]
    .filter(
      ({ name, state }) => state[DATABASE] !== undefined && state[DATABASE] !== head.wanted[name]?.[DATABASE],
    )
    .map(({ name }) => `${name}:${DATABASE}`)
    .join(" ");

/** Approves what asks for main's newest commit, and never what asks for an older one. */
async function approveNewest(project: Project): Promise<void> {
  const asked = () =>
    project.queue.waiting.filter(({ run, id }) => run.trigger.sha === project.head.sha && id !== "destroy");
  for (let legs = asked(); legs.length > 0; legs = asked()) {
    for (const leg of legs) project.review(leg, "approved");
    await project.clock.run();
  }
}

/** What a person does where something went wrong, as the summaries say: free locks, take in what is there, Run workflow. */
async function mend(project: Project): Promise<void> {
  for (const place of project.places.values()) {
    place.fails = 0;
    if (project.trouble) place.repair();
  }
  project.dispatch({ "allow-destroy": lossesOf(project) });
  await project.clock.run();
  await approveNewest(project);
}

function lookAtEnd(project: Project, after: string): void {
  const { places, head, queue, requests } = project;
  for (const { name, real, state, lock } of places.values()) {
    if (lock) project.lie(`${name} is locked by ${lock.by}, though ${after}`);
    if (!isDeepStrictEqual(real, state))
      project.lie(`${name} has what its state does not know, though ${after}`);
    if (!isDeepStrictEqual(real, head.wanted[name]))
      project.lie(
        `${name} is ${JSON.stringify(real)}, main says ${JSON.stringify(head.wanted[name])}, though ${after}`,
      );
  }
  if (project.trouble) return;
  for (const run of queue.runs) {
    const { event } = run.trigger;
    if (event === "merge_group" && !isGood(run)) project.lie(`${run.title} was not checked`);
    if (event === "schedule" && !isGood(run)) project.lie(`${run.title} did not look for drift`);
  }
  for (const [number, { head: sha, comment = "" }] of requests)
    if (
      !comment.includes(`of ${sha}
`)
    )
      project.lie(`pull request ${number} has ${sha}, and its comment says ${comment}`);
}

/** In the night nothing differs, and nothing waits but what nobody needs. */
async function sleepOver(project: Project): Promise<void> {
  const run = project.nightly();
  await project.clock.run();
  if (!isGood(run)) project.lie(`${run.title} did not end well`);
  for (const other of project.queue.runs.filter(({ over }) => !over)) {
    const newest = other.trigger.sha === project.head.sha && !other.trigger.inputs?.destroy;
    const idle = other.legs.filter(({ state }) => state !== "over" && (state !== "waiting" || newest));
    for (const leg of idle) project.lie(`${leg.title} is ${leg.state} for ever`);
  }
}

const isGood = ({ over, done }: Run) =>
  over && [...done.values()].every(({ result }) => result === "success" || result === "skipped");

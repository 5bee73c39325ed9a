import { describe, expect, it } from "vitest";
import { evaluate, holds, type Status } from "./support/evaluate";
import {
  contextsOf,
  type Event,
  eventNames,
  events,
  isFork,
  jobsThatRun,
  OUTPUTS,
  type Surroundings,
  starts,
} from "./support/events";
import {
  defaultsOf,
  expressionsIn,
  jobsOf,
  parsed,
  type Step,
  textOf,
  type Workflow,
  workflowOf,
} from "./support/workflows";

const terraform = workflowOf("terraform");
const service = workflowOf("service");
const caller = workflowOf("caller");
const release = workflowOf("release");
const button = workflowOf("button");

/** A called workflow runs where its caller starts. */
const started = { terraform, service: caller, release: button };
const withInputs = { inputs: { ...defaultsOf(service), repository: "app", "test-target": "test" } };
const given = (inputs: object) => ({ inputs: { ...withInputs.inputs, ...inputs } });
const THREE_TURNS = "main: staging qa > prod > eu";
/** An input for three turns in a row, with an image without tests. */
const IN_A_ROW = given({ environments: THREE_TURNS, "test-target": "" });

const table = (workflow: Workflow, start: Workflow, surroundings?: Surroundings) =>
  Object.fromEntries(
    eventNames
      .filter((event) => starts(start, event))
      .map((event) => [event, jobsThatRun(workflow, event, surroundings).join(" ")]),
  );

const IN_TURNS = "check plan changed apply apply-first second apply-second third apply-third";
const UNCHANGED = { apart: "[]", first: "[]", later: "[]" };

describe("which jobs run for what", () => {
  it("of the workflow for Terraform", () => {
    expect(table(terraform, terraform)).toEqual({
      "pull request": "check plan comment",
      "pull request to prod": "check plan comment",
      "pull request of a fork": "check",
      "pull request of a deleted fork": "check",
      "pull request of Dependabot": "check",
      "merge queue": "check",
      "push to main": IN_TURNS,
      schedule: "check plan drift",
      "dispatch on main": IN_TURNS,
      "dispatch on a branch": "check",
    });
  });

  it("of it before bootstrap's output was given to GitHub: what needs no credentials", () => {
    const ran = table(terraform, terraform, { setUp: false });
    expect(new Set(Object.values(ran))).toEqual(new Set(["check"]));
    expect(ran.schedule).toBe("check");
  });

  it("of it where no plan changes anything: no approval is asked for", () => {
    expect(
      jobsThatRun(terraform, "push to main", {
        outputs: { check: { stacks: '["staging"]' }, changed: UNCHANGED },
      }),
    ).toEqual(["check", "plan", "changed"]);
  });

  it("of it to destroy an environment: nothing else, and only on main", () => {
    const inputs = { destroy: "qa" };
    expect(jobsThatRun(terraform, "dispatch on main", { inputs }).join(" ")).toBe(
      "check destroy-plan destroy",
    );
    expect(jobsThatRun(terraform, "dispatch on a branch", { inputs })).toEqual(["check"]);
    expect(jobsThatRun(terraform, "dispatch on main", { inputs: { destroy: "bootstrap" } })).toEqual([
      "check",
    ]);
    expect(jobsThatRun(terraform, "dispatch on main", { inputs, setUp: false })).toEqual(["check"]);
    const outputs = { ...OUTPUTS, "destroy-plan": { environments: "[]" } };
    expect(jobsThatRun(terraform, "dispatch on main", { inputs, outputs })).toEqual([
      "check",
      "destroy-plan",
    ]);
    expect(jobsThatRun(terraform, "dispatch on main", { inputs, fails: "destroy-plan" })).toEqual([
      "check",
      "destroy-plan",
    ]);
  });

  it.each([
    ["no row", { apart: '["lab"]' }, "apply"],
    ["the first of a row alone", { first: '["staging"]' }, "apply-first"],
    ["the second of a row alone", { later: "[2]" }, "second apply-second"],
    ["the third of a row alone", { later: "[3]" }, "third apply-third"],
    ["the ends of a row", { first: '["staging"]', later: "[3]" }, "apply-first third apply-third"],
  ])("of it where what changes is in %s", (_, changed, ran) => {
    const outputs = { ...OUTPUTS, changed: { ...UNCHANGED, ...changed } };
    expect(jobsThatRun(terraform, "push to main", { outputs }).join(" ")).toBe(`check plan changed ${ran}`);
  });

  it("of it where a turn is over without all that was in it: the next one looks what may go on", () => {
    expect(jobsThatRun(terraform, "push to main", { fails: "apply-first" }).join(" ")).toBe(IN_TURNS);
    const outputs = { ...OUTPUTS, second: { environments: "[]" }, third: { environments: "[]" } };
    expect(jobsThatRun(terraform, "push to main", { outputs, fails: "apply-first" }).join(" ")).toBe(
      "check plan changed apply apply-first second third",
    );
  });

  it.each([
    ["terraform", "check", "check"],
    ["terraform", "changed", "check plan changed"],
    ["service", "prepare", "prepare"],
    ["service", "test", "prepare test"],
    ["service", "build", "prepare test build"],
    ["service", "migrations", "prepare test build migrations"],
  ] as const)("of %s after %s failed: none that would change anything", (name, fails, ran) => {
    expect(jobsThatRun(workflowOf(name), "push to main", { ...withInputs, fails }).join(" ")).toBe(ran);
  });

  it("of it where one plan failed: what could be planned goes on", () => {
    expect(jobsThatRun(terraform, "push to main", { fails: "plan" }).join(" ")).toBe(IN_TURNS);
  });

  it("of the workflow for services, as the example calls it", () => {
    expect(jobsThatRun(caller, "push to main")).toEqual(["web"]);
    const released = "prepare test build migrations deploy";
    expect(table(service, caller, withInputs)).toEqual({
      "pull request": "prepare pull-request",
      "pull request to prod": "prepare pull-request",
      "pull request of a fork": "prepare pull-request",
      "pull request of a deleted fork": "prepare pull-request",
      "pull request of Dependabot": "prepare pull-request",
      "merge queue": "prepare pull-request",
      "push to main": released,
      "push to prod": released,
      "tag v1.2": released,
    });
  });

  it("of it without tests of the service's own, and without migrations", () => {
    expect(jobsThatRun(service, "push to main", given({ "test-target": "" })).join(" ")).toBe(
      "prepare build migrations deploy",
    );
    expect(jobsThatRun(service, "push to main", given({ migrations: false })).join(" ")).toBe(
      "prepare test build deploy",
    );
    expect(
      jobsThatRun(service, "push to main", given({ "test-target": "", migrations: false })).join(" "),
    ).toBe("prepare build deploy");
  });

  it("of it where environments stand in a row: each turn after the one before, and none after one that failed", () => {
    const all = "prepare build migrations deploy deploy-second deploy-third";
    expect(jobsThatRun(service, "push to main", IN_A_ROW).join(" ")).toBe(all);
    for (const [fails, ran] of [
      ["deploy", "prepare build migrations deploy"],
      ["deploy-second", "prepare build migrations deploy deploy-second"],
    ] as const)
      expect(jobsThatRun(service, "push to main", { ...IN_A_ROW, fails }).join(" ")).toBe(ran);
    expect(jobsThatRun(service, "push to prod", IN_A_ROW)).toEqual(["prepare"]);
  });

  it("of the workflow for a button: one job, and for nothing but a run by hand", () => {
    expect(jobsThatRun(button, "dispatch on main")).toEqual(["release"]);
    expect(table(release, button)).toEqual({
      "dispatch on main": "release",
      "dispatch on a branch": "release",
    });
    for (const event of eventNames.filter((one) => !one.startsWith("dispatch")))
      expect(jobsThatRun(release, event), event).toEqual([]);
  });

  it("of the workflow for services, where somebody else's workflow calls it for more", () => {
    for (const event of ["push to a branch", "another tag"] as const)
      expect(jobsThatRun(service, event, withInputs), event).toEqual(["prepare"]);
    for (const event of ["schedule", "dispatch on main"] as const)
      expect(jobsThatRun(service, event, withInputs), event).toEqual([]);
  });

  it.each([
    ["push to main", "staging"],
    ["push to prod", "prod"],
    ["tag v1.2", "prod"],
  ] as const)("%s deploys to %s", (event, environment) => {
    const { matrix } = service.jobs.deploy?.strategy ?? {};
    const [, environments = ""] = /^\$\{\{(.*)\}\}$/.exec(matrix?.environment ?? "") ?? [];
    expect(evaluate(environments.trim(), contextsOf(event, withInputs))).toEqual([environment]);
  });

  it.each([
    ["pull request", "staging"],
    ["pull request to prod", "prod"],
    ["merge queue", "staging"],
  ] as const)("%s tests against the Postgres of %s", (event, environment) => {
    const { needs } = contextsOf(event, withInputs) as {
      needs: { prepare: { outputs: { targets: string } } };
    };
    expect(JSON.parse(needs.prepare.outputs.targets).environments).toEqual([environment]);
  });
});

describe("a pull request of a fork", () => {
  const forks = eventNames.filter(isFork);

  it.each(["terraform", "service"] as const)(
    "runs no job of %s that may write, or asks for a role",
    (name) => {
      const workflow = workflowOf(name);
      for (const event of forks) {
        const ran = jobsThatRun(workflow, event, withInputs);
        expect(ran).toEqual(name === "service" ? ["prepare", "pull-request"] : ["check"]);
        for (const job of jobsOf(workflow).filter((one) => ran.includes(one.id))) {
          expect(job.permissions).toEqual({ contents: "read" });
          expect(job.environment).toBeUndefined();
          expect(job.steps?.filter(({ uses }) => uses?.startsWith("aws-actions/"))).toEqual([]);
        }
      }
    },
  );

  it("finds its job's own token wherever a secret could be read, as it has no secrets", () => {
    const reading = ["terraform", "service"].flatMap((name) => {
      const workflow = workflowOf(name as "terraform");
      return forks.flatMap((event) =>
        jobsOf(workflow)
          .filter((job) => jobsThatRun(workflow, event, withInputs).includes(job.id))
          .flatMap(expressionsIn)
          .filter((expression) => expression.includes("secrets"))
          .map((expression) => evaluate(expression, contextsOf(event, withInputs))),
      );
    });
    expect(new Set(reading)).toEqual(new Set(["job-token"]));
  });

  it("is a fork's by the repository it comes from: without that comparison, this would be seen", () => {
    const careless = parsed(
      textOf("terraform").replace(
        "github.event.pull_request.head.repo.full_name == github.repository",
        "true",
      ),
    );
    expect(jobsThatRun(careless, "pull request of a fork")).toContain("plan");
  });
});

/** What steps found: after an apply that failed a state that could not be saved, before a deployment migrations that run there. */
const foundBy = (there: boolean) => ({
  here: { outputs: { login: String(there) } },
  errored: { outputs: { file: there ? "errored.tfstate" : "" } },
  keep: { outputs: there ? { place: "s3://states/errored", artifact: "yes" } : {} },
});

/** What a step's condition may meet: how the steps before went, and what they found. */
const situations = (["success", "failure", "cancelled"] as Status[]).flatMap((status) =>
  ["", "sha256:1"].flatMap((digest) =>
    [true, false].flatMap((migrations) =>
      // The last one is new: it has no role yet.
      ["bootstrap", "staging", "qa"].map((stack) => ({ status, digest, migrations, stack })),
    ),
  ),
);

/** In which situations a step of a job runs, over all events in which the job does. */
function outcomes(workflow: Workflow, start: Workflow, job: string, step: Step): Set<boolean> {
  const found = new Set<boolean>();
  const all = eventNames.filter((one) => starts(start, one));
  const ways = all.flatMap((event) =>
    [{ destroy: "" }, { destroy: "qa" }, { command: "deploy", environments: THREE_TURNS }].map((said) => ({
      event,
      said,
    })),
  );
  for (const { event, said } of ways) {
    const given = { ...withInputs.inputs, ...said };
    if (!jobsThatRun(workflow, event, { inputs: given }).includes(job)) continue;
    for (const { status, digest, migrations, stack } of situations) {
      // What some repositories do and others do not.
      const infrastructure = migrations ? "octo/environments" : "";
      const image = {
        repository: "app",
        context: ".",
        "test-target": stack === "qa" ? "" : "test",
        "test-command": digest,
      };
      const contexts = {
        ...contextsOf(event, { inputs: { ...given, migrations, infrastructure } }),
        matrix: { stack, image },
        steps: {
          pushed: { outputs: { digest } },
          plan: { conclusion: "success", outputs: { made: "yes" } },
          apply: { conclusion: "success" },
        },
      };
      for (const there of [true, false])
        found.add(holds(step.if, { ...contexts, steps: { ...contexts.steps, ...foundBy(there) } }, status));
    }
  }
  return found;
}

/** Conditions that nothing that happens on GitHub makes true, or that nothing makes false. */
function idleConditions(workflow: Workflow, start: Workflow): string[] {
  const surroundings: Surroundings[] = [
    withInputs,
    { setUp: false, ...withInputs },
    { inputs: { ...withInputs.inputs, destroy: "qa" } },
    { outputs: { changed: UNCHANGED }, ...withInputs },
    IN_A_ROW,
    given({ migrations: false }),
  ];
  // Somebody else's workflow may call one of these for anything.
  const all = eventNames.filter((event) => workflow !== start || starts(start, event));
  const jobs = jobsOf(workflow).flatMap((job) => {
    const ran = new Set(
      all.flatMap((event) => surroundings.map((one) => jobsThatRun(workflow, event, one).includes(job.id))),
    );
    return [
      ...(ran.has(true) ? [] : [`${job.id} never runs`]),
      ...(job.if === undefined || ran.has(false) ? [] : [`${job.id} always runs, condition or not`]),
    ];
  });
  const steps = jobsOf(workflow).flatMap((job) =>
    (job.steps ?? [])
      .filter((step) => step.if !== undefined)
      .flatMap((step) => {
        const ran = outcomes(workflow, start, job.id, step);
        const name = `${job.id}: ${step.name ?? step.uses}`;
        return [
          ...(ran.has(true) ? [] : [`${name} never runs`]),
          ...(ran.has(false) ? [] : [`${name} always runs`]),
        ];
      }),
  );
  return [...jobs, ...steps];
}

describe("conditions", () => {
  it.each(["terraform", "service", "release"] as const)(
    "of %s are met by some event, and not by all",
    (name) => {
      const workflow = started[name] === terraform ? terraform : workflowOf(name);
      expect(idleConditions(workflow, started[name])).toEqual([]);
    },
  );

  it("with the reference's defect, refs/head/main, are found: its deploy never ran", () => {
    const defect = (name: "terraform" | "service") =>
      idleConditions(parsed(textOf(name).replaceAll("refs/heads/main", "refs/head/main")), started[name]);
    expect(defect("terraform")).toEqual(
      expect.arrayContaining([
        "changed never runs",
        "apply never runs",
        "plan: Keep the plan for apply never runs",
      ]),
    );
    const without = given({ environments: "tags/v*: prod" });
    expect(jobsThatRun(service, "push to main", without)).toEqual(["prepare"]);
  });

  it("read only what an event has, by the names that GitHub gives it", () => {
    const read = ["terraform", "service", "release"].flatMap((name) =>
      expressionsIn(workflowOf(name as "terraform")).flatMap((text) =>
        [...text.matchAll(/\bgithub\.(\w+)/g)].map(([, key]) => key),
      ),
    );
    // The last ones are the same for every event, and are in no condition.
    expect([...new Set(read)].sort()).toEqual([
      "actor",
      "event",
      "event_name",
      "ref",
      "repository",
      "run_id",
      "sha",
      "token",
    ]);
    for (const event of Object.values(events))
      expect(Object.keys(event)).toEqual(expect.arrayContaining(read));
  });
});

describe("the evaluation", () => {
  const meets = (condition: string, status: Status, event: Event = "push to main") =>
    holds(condition, contextsOf(event), status);

  it.each([
    ["github.ref == 'refs/heads/main'", "success", true],
    ["github.ref == 'refs/heads/main'", "failure", false],
    ["failure()", "failure", true],
    ["failure()", "cancelled", false],
    ["${{ !cancelled() && github.event_name == 'push' }}", "failure", true],
    ["${{ !cancelled() }}", "cancelled", false],
    ["always()", "cancelled", true],
    ["github.event.pull_request.head.repo.full_name == github.repository", "success", false],
    ["GITHUB.REF == 'REFS/HEADS/MAIN'", "success", true],
  ] as const)("of %s after %s is %s", (condition, status, expected) => {
    expect(meets(condition, status)).toBe(expected);
  });

  it("does not take what is no expression", () => {
    expect(() => meets("github.ref = 'x'", "success")).toThrow();
    expect(() => meets("env.X == 'x'", "success")).toThrow();
  });
});

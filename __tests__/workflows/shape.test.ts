import { accessSync, constants, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { scripts } from "../../package.json";
import { inputs } from "../../github/targets";
import { EXIT_CODES } from "../../terminal/exit-codes";
import {
  expressionsIn,
  jobsOf,
  names,
  needsOf,
  ROOT,
  textOf,
  textsIn,
  workflowOf,
} from "./support/workflows";

/** The turns of an apply, which are alike. */
const APPLIES = ["apply", "apply-first", "apply-second", "apply-third"];
/** The command's file, where the package is installed as where it is this repository. */
const SLIPWAY = `"$(dirname "$(node -p 'require.resolve("slipway/package.json")')")/bin/slipway.js"`;
/** The turns of a deploy, which are alike. */
const DEPLOYS = ["deploy", "deploy-second", "deploy-third"];
/** Jobs that last as long as Terraform may take. */
const LONG = [...APPLIES, "destroy"];

const jobs = names.flatMap((workflow) => jobsOf(workflowOf(workflow)).map((job) => ({ ...job, workflow })));
const steps = jobs.flatMap(({ workflow, id: job, steps = [] }) =>
  steps.map((step) => ({ ...step, workflow, job })),
);
const runs = steps.flatMap((step) => (step.run === undefined ? [] : [{ ...step, run: step.run }]));
const place = ({ workflow, job }: { workflow: string; job: string }) => `${workflow}: ${job}`;
const stepsOf = (action: string) => steps.filter(({ uses }) => uses?.startsWith(`${action}@`));
/** Steps that are written once, wherever they are used. */
const written = (action = "") =>
  [...new Set(jobs.flatMap((job) => job.steps ?? []))].filter(({ uses }) => uses?.startsWith(action));

describe("permissions", () => {
  it("are none for a workflow, and for each job no more than these", () => {
    for (const name of names) expect(workflowOf(name).permissions, name).toEqual({});
    const table = jobs.map(({ workflow, id, permissions = {} }) => [
      `${workflow}: ${id}`,
      Object.entries(permissions)
        .map(([scope, access]) => `${scope} ${access}`)
        .join(", "),
    ]);
    expect(Object.fromEntries(table)).toEqual({
      "terraform: check": "contents read",
      "terraform: plan": "contents read, id-token write",
      "terraform: comment": "contents read, pull-requests write",
      "terraform: changed": "",
      ...Object.fromEntries(
        APPLIES.map((id) => [`terraform: ${id}`, "actions write, contents read, id-token write"]),
      ),
      "terraform: destroy-plan": "contents read, id-token write",
      "terraform: destroy": "contents read, id-token write",
      "terraform: second": "",
      "terraform: third": "",
      "terraform: drift": "contents read, issues write",
      "self-test: test": "contents read",
      "self-test: cdktn": "contents read",
      "self-test: tofu": "contents read",
      "publish: version": "contents read",
      "publish: compare": "contents read",
      "publish: publish": "contents read, id-token write",
      "publish: tag": "contents write",
      "service: prepare": "contents read",
      "service: pull-request": "contents read",
      "service: test": "contents read",
      "service: build": "contents read, id-token write, attestations write",
      "service: migrations": "contents read, id-token write",
      ...Object.fromEntries(DEPLOYS.map((id) => [`service: ${id}`, "contents read, id-token write"])),
      "release: release": "contents read, id-token write",
      "caller: web": "contents read, id-token write, attestations write",
      "button: release": "contents read, id-token write",
    });
    // A job without its own would have the workflow's, which a later edit might widen.
    expect(jobs.filter((job) => job.permissions === undefined)).toEqual([]);
  });

  it("include a token for AWS exactly where a role is assumed", () => {
    const assuming = stepsOf("aws-actions/configure-aws-credentials");
    // npm takes the same token, for what it publishes.
    const asking = jobs.filter(
      ({ workflow, permissions, uses }) => permissions?.["id-token"] && !uses && workflow !== "publish",
    );
    expect([...new Set(assuming.map(place))].sort()).toEqual(
      asking.map(({ workflow, id }) => `${workflow}: ${id}`).sort(),
    );
    expect(assuming.map((step) => [place(step), step.with?.["role-to-assume"]])).toEqual([
      ["terraform: plan", "${{ fromJSON(vars.AWS_PLAN_ROLES)[matrix.stack] }}"],
      // The second is a session anew, for a state that could not be saved.
      ...APPLIES.flatMap((id) => [
        [`terraform: ${id}`, "${{ vars.AWS_APPLY_ROLE }}"],
        [`terraform: ${id}`, "${{ vars.AWS_APPLY_ROLE }}"],
      ]),
      ["terraform: destroy-plan", "${{ fromJSON(vars.AWS_PLAN_ROLES)[inputs.destroy] }}"],
      ["terraform: destroy", "${{ vars.AWS_APPLY_ROLE }}"],
      ["terraform: destroy", "${{ vars.AWS_APPLY_ROLE }}"],
      ["service: build", "${{ vars.AWS_PUSH_ROLE }}"],
      ["service: migrations", "${{ vars.AWS_PUSH_ROLE }}"],
      ...DEPLOYS.map((id) => [`service: ${id}`, "${{ vars.AWS_DEPLOY_ROLE }}"]),
      ["release: release", "${{ vars.AWS_DEPLOY_ROLE }}"],
    ]);
  });

  it("of AWS last as long as the job, and CloudTrail names the run", () => {
    const assuming = stepsOf("aws-actions/configure-aws-credentials");
    for (const step of assuming) {
      expect(step.with?.["role-session-name"], place(step)).toBe("github-run-${{ github.run_id }}");
      const job = jobs.find(({ workflow, id }) => workflow === step.workflow && id === step.job);
      const seconds = Number(step.with?.["role-duration-seconds"] ?? 3_600);
      expect(job?.["timeout-minutes"] ?? Infinity, place(step)).toBeLessThanOrEqual(seconds / 60);
      expect(seconds, place(step)).toBe(LONG.includes(step.job) ? 14_400 : 3_600);
    }
  });

  it("of GitHub are handed to a step only where it asks or writes there", () => {
    const given = steps.filter((step) => textsIn(step.env).some((text) => text.includes("github.token")));
    expect(given.map((step) => `${place(step)}: ${step.run}`)).toEqual([
      expect.stringMatching(/^terraform: plan: newer=\$\(npx slipway github newer\)\n/),
      expect.stringMatching(/^terraform: comment: read -ra stacks .*\nnpx slipway github comment reports /),
      ...APPLIES.flatMap((id) => [
        expect.stringMatching(new RegExp(`^terraform: ${id}: newer=\\$\\(npx slipway github newer\\)\n`)),
        `terraform: ${id}: npx slipway github again >> "$GITHUB_STEP_SUMMARY"`,
      ]),
      expect.stringMatching(/^terraform: destroy: newer=\$\(npx slipway github newer\)\n/),
      expect.stringMatching(/^terraform: drift: read -ra stacks [^\n]*\nnpx slipway github drift reports /),
      expect.stringMatching(/^publish: tag: refs=/),
    ]);
  });
});

describe("jobs that change an environment", () => {
  it("run in its GitHub environment, whose subject alone their roles trust", () => {
    const inEnvironment = jobs.filter(({ environment }) => environment !== undefined);
    expect(inEnvironment.map(({ workflow, id, environment }) => [`${workflow}: ${id}`, environment])).toEqual(
      [
        ...LONG.map((id) => [`terraform: ${id}`, "${{ matrix.environment }}"]),
        // Where somebody approves a release.
        ["publish: publish", "npm"],
        ...DEPLOYS.map((id) => [
          `service: ${id}`,
          { name: "${{ matrix.environment }}", url: "${{ steps.deploy.outputs.url }}" },
        ]),
        ["release: release", { name: "${{ inputs.environment }}", url: "${{ steps.release.outputs.url }}" }],
      ],
    );
  });

  it("wait for one another by the lock of the state, and in no group: none is cancelled midway, or holds others up", () => {
    const groups = jobs.flatMap(({ workflow, id, concurrency }) =>
      concurrency ? [[`${workflow}: ${id}`, concurrency.group, concurrency["cancel-in-progress"]]] : [],
    );
    expect(groups).toEqual([
      [
        "terraform: check",
        "check-${{ github.event_name == 'pull_request' && github.ref || github.run_id }}",
        "${{ github.event_name == 'pull_request' }}",
      ],
      [
        "terraform: plan",
        "plan-${{ matrix.stack }}-${{ github.event_name == 'pull_request' && github.ref || github.run_id }}",
        "${{ github.event_name == 'pull_request' }}",
      ],
      ["terraform: comment", "comment-${{ github.ref }}", false],
      // No apply: one that waits for its approval would hold the group. The state's lock lets one change an environment at a time.
      ["terraform: drift", "drift", false],
      ["self-test: test", "self-test-${{ github.ref }}", true],
      ["self-test: cdktn", "self-test-cdktn-${{ github.ref }}", true],
      ["self-test: tofu", "self-test-tofu-${{ github.ref }}", true],
      ["publish: compare", "publish-compare", false],
      ["publish: publish", "publish", false],
      ["publish: tag", "publish-tag", false],
      [
        "service: pull-request",
        "pull-request-${{ matrix.image.repository }}-${{ inputs.service }}-${{ github.ref }}",
        true,
      ],
      ["service: build", "build-${{ matrix.image.repository }}-${{ github.sha }}", false],
      ...DEPLOYS.map((id) => [
        `service: ${id}`,
        "deploy-${{ matrix.environment }}-${{ fromJSON(needs.prepare.outputs.targets).name }}",
        false,
      ]),
    ]);
    // Deploys go on in the order in which they came, however many wait: deploy itself refuses an older commit.
    const queued = jobs.filter(({ concurrency }) => concurrency?.queue);
    expect(queued.map(({ workflow, id, concurrency }) => [`${workflow}: ${id}`, concurrency?.queue])).toEqual(
      DEPLOYS.map((id) => [`service: ${id}`, "max"]),
    );
    // A group of a whole workflow would hold what may be cancelled and what may not.
    for (const name of names) expect(textOf(name), name).not.toMatch(/^concurrency:/m);
  });

  it("are interrupted themselves when they are cancelled: nothing stands between the runner and them", () => {
    const last = ({ run }: { run: string }) => run.trim().split("\n").at(-1) ?? "";
    const executing = runs
      .filter((step) => /^\s*exec /m.test(step.run))
      .map((step) => [place(step), last(step)]);
    expect(readFileSync(join(ROOT, ".github/scripts/release"), "utf8")).toMatch(
      new RegExp(`\nexec ${scripts.deploy} "\\$\\{words\\[@\\]\\}"\n$`),
    );
    expect(executing).toEqual([
      ...APPLIES.map((id) => [
        `terraform: ${id}`,
        expect.stringMatching(startOf(`exec node ${SLIPWAY} apply "$ENVIRONMENT" --auto-approve `)),
      ]),
      [
        "terraform: destroy",
        expect.stringMatching(startOf(`exec node ${SLIPWAY} destroy "$ENVIRONMENT" --auto-approve `)),
      ],
      ...DEPLOYS.map((id) => [
        `service: ${id}`,
        expect.stringMatching(
          startOf('exec node "$RUNNER_TEMP/tools/slipway-deploy.js" deploy "$ENVIRONMENT" '),
        ),
      ]),
      ["release: release", expect.stringMatching(startOf("exec .github/scripts/release "))],
    ]);
  });
});

const startOf = (text: string) => new RegExp(`^${text.replace(/[.$/()]/g, "\\$&")}`);

describe("machines", () => {
  const ARM = "${{ inputs.platform == 'linux/arm64' && 'ubuntu-24.04-arm' || 'ubuntu-24.04' }}";

  it("are of a pinned version, and given up on after a time", () => {
    for (const { id, uses, "runs-on": machine, "timeout-minutes": minutes } of jobs) {
      if (uses) continue;
      expect([ARM, "ubuntu-24.04"], id).toContain(machine);
      expect(minutes, id).toBeGreaterThan(0);
      expect(minutes, id).toBeLessThanOrEqual(LONG.includes(id) ? 240 : 60);
    }
    expect(jobs.filter((job) => job["runs-on"] === ARM).map(({ id }) => id)).toEqual([
      "pull-request",
      "test",
      "build",
      "migrations",
    ]);
  });

  it("get their tools alike: Terraform as it is, in one version; packages from a cache", () => {
    const terraform = written("hashicorp/setup-terraform").map((step) => step.with);
    expect(terraform).toHaveLength(6);
    for (const one of terraform)
      expect(one).toEqual({ terraform_version: "1.11.4", terraform_wrapper: false });
    const tofu = stepsOf("opentofu/setup-opentofu").map((step) => step.with);
    expect(tofu).toEqual([{ tofu_version: "1.11.9", tofu_wrapper: false }]);
    const node = written("actions/setup-node").map((step) => step.with);
    expect(node).toHaveLength(12);
    const [publishing, ...others] = [...node].sort((a) => (a?.["node-version"] === 24 ? -1 : 1));
    for (const one of others) expect(one).toMatchObject({ "node-version": 20, cache: "npm" });
    // npm publishes by OIDC from Node 22.14 on; where it does, nothing comes from a cache that another job may have written.
    expect(publishing).toEqual({ "node-version": 24 });
  });

  it("keep no credentials of a checkout", () => {
    const checkouts = written("actions/checkout");
    expect(checkouts).toHaveLength(17);
    for (const one of checkouts) expect(one.with?.["persist-credentials"]).toBe(false);
  });
});

describe("actions", () => {
  const used = names.flatMap((name) =>
    [...textOf(name).matchAll(/^\s*(?:- )?uses: (\S+?)@(\S+)(.*)$/gm)].map(
      ([, action = "", ref = "", comment = ""]) => ({
        name,
        action,
        ref,
        comment,
      }),
    ),
  );
  const ours = used.filter(({ action }) => action.includes("/.github/workflows/"));

  it("are pinned by commit, with the version beside it, each to one", () => {
    const others = used.filter((one) => !ours.includes(one));
    expect(others).toHaveLength(written().filter(({ uses }) => uses).length);
    for (const { action, ref, comment } of others) {
      expect(ref, action).toMatch(/^[0-9a-f]{40}$/);
      expect(comment, action).toMatch(/^ # v\d+\.\d+\.\d+$/);
    }
    const pins = new Map<string, Set<string>>();
    for (const { action, ref, comment } of others)
      pins.set(action, (pins.get(action) ?? new Set()).add(`${ref}${comment}`));
    expect([...pins].filter(([, versions]) => versions.size > 1)).toEqual([]);
    expect([...pins.keys()].sort()).toEqual([
      "actions/attest-build-provenance",
      "actions/checkout",
      "actions/download-artifact",
      "actions/setup-node",
      "actions/upload-artifact",
      "aws-actions/amazon-ecr-login",
      "aws-actions/configure-aws-credentials",
      "docker/build-push-action",
      "docker/setup-buildx-action",
      "hashicorp/setup-terraform",
      "opentofu/setup-opentofu",
    ]);
  });

  it("of a service's workflow are this repository's, by a full reference", () => {
    expect(ours).toEqual([
      {
        name: "caller",
        action: "OWNER/slipway/.github/workflows/build-and-deploy.yaml",
        ref: "main",
        comment: "",
      },
      {
        name: "button",
        action: "OWNER/slipway/.github/workflows/release.yaml",
        ref: "main",
        comment: "",
      },
    ]);
  });
});

describe("scripts", () => {
  it("have no value put into their text: whatever they need comes through env", () => {
    expect(runs.length).toBeGreaterThan(20);
    for (const step of runs) expect(step.run, place(step)).not.toContain("${{");
  });

  it("use every variable that they are given, and are given every one that they use", () => {
    const runners = [
      "GITHUB_OUTPUT",
      "GITHUB_REPOSITORY",
      "GITHUB_STEP_SUMMARY",
      "GITHUB_SHA",
      "GITHUB_WORKSPACE",
      "RUNNER_TEMP",
    ];
    for (const step of runs) {
      const given = Object.keys(step.env ?? {}).filter((name) => !/^(GITHUB|GH)_TOKEN$/.test(name));
      const used = new Set([...step.run.matchAll(/\$\{?([A-Z][A-Z_]+)/g)].map(([, name = ""]) => name));
      expect([...used].filter((name) => !runners.includes(name)).sort(), place(step)).toEqual(given.sort());
    }
  });

  it("run nothing but this project's commands and what every runner has", () => {
    // Sources: bash; "GitHub-hosted runners reference" for the tools of an ubuntu-24.04 machine.
    const tools = [
      "aws",
      "bash",
      "cat",
      "cp",
      "dirname",
      "echo",
      "exit",
      "find",
      "gh",
      "git",
      "grep",
      "jq",
      "mapfile",
      "mkdir",
      "node",
      "printf",
      "read",
      "npm",
      "npx",
      ".github/scripts/release",
    ];
    const words = runs.flatMap(({ run }) => commandsOf(run));
    expect(words.length).toBeGreaterThan(runs.length);
    expect(words.filter((word) => !tools.includes(word))).toEqual([]);
    expect(tools.filter((tool) => !words.includes(tool))).toEqual([]);
    accessSync(join(ROOT, ".github/scripts/release"), constants.X_OK);
  });

  it("install nothing that runs by itself where a role can be asked for", () => {
    const installs = runs.filter(({ run }) => /^npm ci\b/.test(run));
    const trusted = jobs.filter(({ permissions }) => permissions?.["id-token"]);
    const here = installs.filter(({ workflow, job }) =>
      trusted.some((one) => one.workflow === workflow && one.id === job),
    );
    expect(here.length).toBeGreaterThan(3);
    for (const step of here)
      expect(step.run, place(step)).toBe(
        `npm ci --ignore-scripts${step.workflow === "release" ? " --omit=dev" : ""}`,
      );
  });

  it("keep no plan waiting for the tests of Slipway itself", () => {
    const check = jobs.find(({ workflow, id }) => workflow === "terraform" && id === "check");
    const tests = check?.steps?.filter(({ run = "" }) => /^npm (test|run ("\$|lint|test))/.test(run));
    expect(tests).toEqual([
      { run: 'npm run "$TESTS"', env: { TESTS: "${{ inputs.tests || 'test:environments' }}" } },
    ]);
    // A repository that calls it has no other tests than its own.
    expect(workflowOf("terraform").on.workflow_call?.inputs.tests?.default).toBe("test");
  });

  it("run npm scripts that there are", () => {
    const called = runs.flatMap(({ run }) => [...run.matchAll(/\bnpm (ci|test|run (?:-s )?"?([$\w:]+))/g)]);
    const named = called.map(([, word, script]) => script ?? word ?? "").filter((name) => name !== "ci");
    expect(named.filter((name) => !(name in scripts))).toEqual(["$TESTS"]);
    expect(new Set(named)).toEqual(
      new Set([
        ...["format:check", "lint", "typecheck", "test:all", "$TESTS"],
        ...["try:cdktn", "try:tofu", "conform"],
        ...["build", "changes", "release:publish"],
      ]),
    );
    expect(called).toHaveLength(runs.flatMap(({ run }) => run.match(/\bnpm\b/g) ?? []).length);
  });

  it("run commands of slipway that there are: a repository that calls them has no scripts of this one's", () => {
    const named = runs.flatMap(({ run }) =>
      [...run.matchAll(/(?:\bnpx slipway|\/bin\/slipway\.js") ([\w-]+)/g)].map(([, name = ""]) => name),
    );
    expect([...new Set(named)].sort()).toEqual([
      "apply",
      "destroy",
      "github",
      "guardrails",
      "plan",
      "policy",
      "postgres",
      "synth",
    ]);
    expect(Object.keys(EXIT_CODES)).toEqual(expect.arrayContaining(named));
    const ours = runs.filter(({ workflow }) => workflow === "terraform");
    expect(
      ours.filter(({ run }) => /\bnpm (?!ci --ignore-scripts$|run (typecheck|"\$TESTS")$)/.test(run)),
    ).toEqual([]);
  });

  it("are called with the inputs of a run by hand", () => {
    const { workflow_call: called, workflow_dispatch: byHand } = workflowOf("terraform").on;
    expect(Object.keys(called?.inputs ?? {})).toEqual([...Object.keys(byHand?.inputs ?? {}), "tests"]);
  });
});

/** The first word of each command of a script: of each line, and after each operator and keyword. */
function commandsOf(script: string): string[] {
  const plain = script
    .replace(/\\\n/g, " ")
    .replace(/<< END\n[\s\S]*?\nEND\b/g, "")
    // A command within another one is one of its own.
    .replace(/"?\$\(/g, "\n")
    .replace(/'[^']*'/g, "''");
  return plain
    .split(/\n|\|\||&&|[|;]/)
    .map((part) => part.trim().replace(/^(?:(?:if|then|do|exec|\{)(?:\s+|$))+/, ""))
    .filter((part) => part !== "" && !/^(?:#|fi\b|done\b|for\b|\[|\}|\)|\w+\+?=)/.test(part))
    .map((part) => part.split(/\s/)[0] ?? "");
}

describe("what one part hands to another", () => {
  it("is handed on: each output that is read is one of a job that is needed", () => {
    const read = jobs.flatMap((job) =>
      expressionsIn(job).flatMap((text) =>
        [...text.matchAll(/\bneeds\.([\w-]+)\.outputs\.([\w-]+)/g)].map(([, from = "", output = ""]) => ({
          job,
          from,
          output,
        })),
      ),
    );
    expect(read.length).toBeGreaterThan(6);
    for (const { job, from, output } of read) {
      expect(needsOf(job), job.id).toContain(from);
      const giver = jobs.find(({ workflow, id }) => workflow === job.workflow && id === from);
      expect(Object.keys(giver?.outputs ?? {}), `${job.id}: ${from}`).toContain(output);
    }
    const given = jobs.flatMap(({ id, outputs = {} }) =>
      Object.keys(outputs).map((output) => `${id}.${output}`),
    );
    expect([...new Set(read.map(({ from, output }) => `${from}.${output}`))].sort()).toEqual(given.sort());
  });

  it("is written: each output of a step that is read is one that the step gives", () => {
    /** Outputs of actions, as their action.yml names them. */
    const ofActions: Readonly<Record<string, readonly string[]>> = {
      "aws-actions/amazon-ecr-login": ["registry"],
      "docker/build-push-action": ["digest"],
    };
    for (const job of jobs) {
      for (const text of expressionsIn(job)) {
        for (const [, id, output = ""] of text.matchAll(/\bsteps\.([\w-]+)\.outputs\.([\w-]+)/g)) {
          const step = job.steps?.find((one) => one.id === id);
          const [action = ""] = step?.uses?.split("@") ?? [];
          const gives = ofActions[action]?.includes(output) || step?.run?.includes(`"${output}=`);
          // deploy writes its own: deploy/screen/github.ts.
          expect(
            gives || (["deploy", "release"].includes(id ?? "") && output === "url"),
            `${job.id}: steps.${id}.outputs.${output}`,
          ).toBe(true);
        }
      }
    }
  });

  const { workflow_call: called } = workflowOf("service").on;
  const { web } = workflowOf("caller").jobs;

  it("fits: a service's workflow gives the inputs that are required, and none that there is not", () => {
    const { inputs = {}, secrets = {} } = called ?? {};
    const given = web?.with ?? {};
    expect(Object.keys(given).filter((name) => !(name in inputs))).toEqual([]);
    for (const [name, { type, required, default: fallback, description }] of Object.entries(inputs)) {
      expect(description, name).not.toBe("");
      if (required) expect(typeof given[name], name).toBe(type);
      else expect(typeof fallback, name).toBe(type);
    }
    expect(Object.keys(web?.secrets ?? {}).filter((name) => !(name in secrets))).toEqual([]);
    expect(Object.values(secrets).filter(({ required }) => required)).toEqual([]);
  });

  it("is used: each input and secret of the workflow for services is read by it", () => {
    const read = new Set([
      ...expressionsIn(workflowOf("service").jobs).flatMap((text) =>
        [...text.matchAll(/\b(?:inputs|secrets)\.([\w-]+)/g)].map(([, name]) => name),
      ),
      // github/targets.ts gets them all as JSON.
      ...Object.keys(inputs.shape),
    ]);
    expect([...read].sort()).toEqual(
      [...Object.keys(called?.inputs ?? {}), ...Object.keys(called?.secrets ?? {})].sort(),
    );
  });

  it("suffices: a caller's job grants what every called job asks for", () => {
    const asked = jobs.filter(({ workflow }) => workflow === "service").map(({ permissions }) => permissions);
    expect(web?.permissions).toEqual(Object.assign({}, ...asked));
  });
});

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { scripts as npmScripts } from "../../package.json";
import { jobsOf, parsed, ROOT, type Step } from "./support/workflows";

const FOLDERS = [
  ".github/workflows",
  "create/template/.github/workflows",
  "examples/service/.github/workflows",
];

const CI = ".ci/run";
const CREATED = "__tests__/package/created.long.test.ts";
const RELEASE = "__tests__/build/release.test.ts";
const DISPATCH = "__tests__/workflows/dispatch.test.ts";
const ERRORED = "__tests__/workflows/errored.test.ts";
const FOREIGN = "__tests__/workflows/foreign.long.test.ts";
const GROWTH = "__tests__/workflows/growth.long.test.ts";
const JOBS = "__tests__/workflows/jobs.long.test.ts";
const SERVICES = "__tests__/workflows/services.test.ts";
const TURNS = "__tests__/workflows/turns.test.ts";

/** By script, as `titleOf` calls it: the file that runs it as it stands in the workflow. */
const RUN: Readonly<Record<string, string>> = {
  'npm run "$TESTS"': CREATED,
  "npm run typecheck": CREATED,
  "npm run format:check": CI,
  "npm run lint": CI,
  "npm run test:all": CI,
  "npm ci": CI,
  "npm run -s conform -- --quick": CI,
  "npm run -s try:cdktn": CI,
  "npm run -s try:tofu -- --required": CI,
  "npm run -s changes": RELEASE,

  "terraform: check: Refuse what Run workflow cannot do": DISPATCH,
  "terraform: check: Synthesize": FOREIGN,
  "terraform: check: Guardrails": FOREIGN,
  "terraform: check: Plan offline": FOREIGN,
  "terraform: check: Say where the plan is": DISPATCH,
  "terraform: plan: Is this the newest commit": JOBS,
  "terraform: plan: Say that no role plans it": JOBS,
  "terraform: plan: Plan": FOREIGN,
  "terraform: comment: Comment": JOBS,
  "terraform: changed: Which plans change something, in no row": TURNS,
  "terraform: changed: Which are the first of a row": TURNS,
  "terraform: second: Which come next": TURNS,
  "terraform: third: Which come next": TURNS,
  "terraform: apply: Is this the newest commit": JOBS,
  "terraform: apply: Note which plan it is": JOBS,
  "terraform: apply: Apply exactly this plan": JOBS,
  "terraform: apply: Is there a state that could not be saved": ERRORED,
  "terraform: apply: Keep the state that could not be saved": ERRORED,
  "terraform: apply: How to push that state": ERRORED,
  "terraform: apply: Plan again what was merged meanwhile": JOBS,
  "terraform: apply: What to do now": JOBS,
  "terraform: destroy-plan: Refuse what no role may plan": DISPATCH,
  "terraform: destroy-plan: Plan what would go": JOBS,
  "terraform: destroy: Destroy": JOBS,
  "terraform: destroy: What is left to do": JOBS,
  "terraform: drift: Tell": JOBS,

  "build-and-deploy: prepare: What is built, and where it goes": SERVICES,
  "build-and-deploy: prepare: What services migrate with": SERVICES,
  "build-and-deploy: prepare: Tools of the other jobs": SERVICES,
  "build-and-deploy: pull-request: Run the command that tests": SERVICES,
  "build-and-deploy: pull-request: Test the migrations": SERVICES,
  "build-and-deploy: build: Look for this commit's image": SERVICES,
  "build-and-deploy: migrations: Test the migrations": SERVICES,
  "build-and-deploy: deploy: Whether migrations run here": GROWTH,
  "build-and-deploy: deploy: Deploy": JOBS,
  "release: release: Whether migrations run here": GROWTH,
  "release: release: Release": JOBS,

  "publish: version: The version, where the changelog tells of it and it has no tag yet": RELEASE,
  "publish: tag: Tag the commit": RELEASE,
};

/** By script: why none runs it here. */
const NOT_RUN: Readonly<Record<string, string>> = {
  "npm ci --ignore-scripts":
    "asks a registry for a thousand packages; .ci/run begins with npm ci, and created.long.test.ts lives on what an install without scripts gives",
  "npm ci --ignore-scripts --omit=dev":
    "is the same without what only development needs; imports.test.ts says that deploy/ loads none of that",
  "build-and-deploy: prepare: Install what the environments import":
    "is npm ci --ignore-scripts, in another folder",
  "npm run -s release:publish":
    "publishes to npm by a runner's OIDC; release.test.ts has what it calls judge a release, and publish to a registry of its own",
};

/** A script with the jobs that have it: YAML's aliases are one object. */
interface Script {
  readonly workflow: string;
  readonly jobs: readonly string[];
  readonly step: Step & { readonly run: string };
}

const scripts = FOLDERS.flatMap((folder) =>
  readdirSync(join(ROOT, folder)).flatMap((file) => scriptsOf(join(folder, file))),
);

function scriptsOf(file: string): Script[] {
  const workflow = file.replace(/^.*\/(.+)\.ya?ml$/, "$1");
  const jobs = new Map<Step, string[]>();
  for (const { id, steps = [] } of jobsOf(parsed(readFileSync(join(ROOT, file), "utf8"))))
    for (const step of steps) jobs.set(step, [...(jobs.get(step) ?? []), id]);
  return [...jobs].flatMap(([step, ids]) =>
    step.run === undefined ? [] : [{ workflow, jobs: ids, step: { ...step, run: step.run } }],
  );
}

/** What has no name is the same script wherever it stands. */
const titleOf = ({ workflow, jobs, step }: Script) =>
  step.name === undefined ? step.run.trim() : `${workflow}: ${jobs[0]}: ${step.name}`;

/** Words that a file which runs a script has: the step's, its job's or its own, that of what npm runs among them. */
function wordsFor({ jobs, step }: Script): string[] {
  const [, named = ""] = /^npm run (?:-s )?([\w:]+)/.exec(step.run) ?? [];
  const [file] = /\b[\w/-]+\.ts\b/.exec((npmScripts as Record<string, string>)[named] ?? "") ?? [];
  return [
    ...(step.name === undefined ? [step.run.trim().replace(" -- --required", "")] : [step.name]),
    ...(step.name === undefined ? [] : jobs.flatMap((job) => [`"${job}"`, `jobs.${job}`])),
    ...(file === undefined ? [] : [file]),
  ];
}

describe("each script of each workflow", () => {
  it("is run by a file here, or it is said why it cannot be: no more rows than scripts, and no fewer", () => {
    const titles = [...new Set(scripts.map(titleOf))];
    expect(titles.length).toBeGreaterThan(40);
    expect([...Object.keys(RUN), ...Object.keys(NOT_RUN)].sort()).toEqual(titles.sort());
  });

  it.each(Object.entries(RUN))("%s is run by %s, which has words of it", (title, file) => {
    expect(existsSync(join(ROOT, file)), file).toBe(true);
    const text = readFileSync(join(ROOT, file), "utf8");
    const words = scripts.filter((script) => titleOf(script) === title).flatMap(wordsFor);
    expect(
      words.filter((word) => text.includes(word)),
      words.join(", "),
    ).not.toEqual([]);
  });
});

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { turnsOf } from "../../plan/order";
import { contextsOf } from "./support/events";
import { runJob } from "./support/runner";
import { type Job, workflowOf } from "./support/workflows";

const { jobs } = workflowOf("terraform");

/** What `npm run -s github -- order` prints of lab, and of staging, then qa, then prod. */
const ORDER = {
  bootstrap: { turn: 0, after: [] },
  lab: { turn: 0, after: [] },
  staging: { turn: 1, after: [] },
  qa: { turn: 2, after: ["staging"] },
  prod: { turn: 3, after: ["qa", "staging"] },
};

/** How an environment's plan and apply go: an apply may fail, be rejected, superseded or cancelled. */
type Fate = "no plan" | "same" | "applied" | "stopped";
const fateOf = fc.constantFrom<Fate>("no plan", "same", "applied", "applied", "stopped");

/** By environment: those right before it. */
type Rows = Readonly<Record<string, readonly string[]>>;

/** Six environments in rows of three at the most, as the synthesis lets stand. */
const rowsOfSix = fc
  .tuple(
    fc.subarray(["a", "b"]),
    fc.subarray(["a", "b"]),
    fc.subarray(["a", "c", "d"]),
    fc.subarray(["b", "d"]),
  )
  .map(([c, d, e, f]): Rows => ({ a: [], b: [], c, d, e, f }));

type Plans = Readonly<Record<string, "changes" | "same">>;

/** The jobs that say what is applied next, over artifacts as plan and apply leave them. */
describe("the turns of an apply", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "slipway-turns-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const write = (file: string, content: object) => {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), JSON.stringify(content));
  };

  /** @param applied by environment: the plan that was applied */
  async function next(
    job: string,
    plans: Plans,
    applied: Readonly<Record<string, string>> = {},
    order: object = ORDER,
  ) {
    for (const [name, outcome] of Object.entries(plans))
      write(`cdktf.out/plans/${name}.json`, {
        name,
        changes: outcome === "changes",
        plan: `plan of ${name}`,
      });
    for (const [name, plan] of Object.entries(applied)) write(`applied/${name}.json`, { [name]: plan });
    const { status, outputs, summary, log } = await runJob(jobs[job] as Job, {
      folder,
      contexts: {
        ...contextsOf("push to main"),
        needs: { check: { outputs: { order: JSON.stringify(order) } } },
      },
      env: { PATH: process.env.PATH ?? "" },
    });
    expect(status, log).toBe("success");
    const lists = Object.entries(outputs).map(([key, value]) => [key, JSON.parse(value ?? "")]);
    return { ...Object.fromEntries(lists), summary: summary.trim() };
  }

  const all: Plans = { lab: "changes", staging: "changes", qa: "changes", prod: "changes" };
  const done = (...names: string[]) => Object.fromEntries(names.map((name) => [name, `plan of ${name}`]));

  it("begin with what is apart and the first of each row, and know whether there are more", async () => {
    expect(await next("changed", all)).toEqual({
      apart: ["lab"],
      first: ["staging"],
      later: [2, 3],
      summary: "",
    });
  });

  it("take nothing where everything was superseded", async () => {
    expect(await next("changed", {})).toEqual({ apart: [], first: [], later: [], summary: "" });
  });

  it("go on where all that comes before is applied", async () => {
    expect(await next("second", all, done("staging"))).toEqual({ environments: ["qa"], summary: "" });
  });

  it("go on to the last by way of both before it", async () => {
    expect(await next("third", all, done("staging", "qa"))).toEqual({ environments: ["prod"], summary: "" });
  });

  it("do not wait for what changes nothing", async () => {
    const plans: Plans = { ...all, staging: "same", qa: "same" };
    expect(await next("third", plans)).toEqual({ environments: ["prod"], summary: "" });
  });

  it.each<[string, Plans, Readonly<Record<string, string>>]>([
    ["failed, was rejected or superseded", all, {}],
    ["was applied by an older plan, in an attempt before", all, { staging: "an older plan" }],
    ["could not be planned", { lab: "changes", qa: "changes" }, {}],
  ])("stop where what comes before %s, and say so", async (_, plans, applied) => {
    expect(await next("second", plans, applied)).toEqual({
      environments: [],
      summary: "**qa is not applied**: it comes after staging, and no plan of that is applied.",
    });
  });

  /** What a run of main does, turn by turn, where each environment's plan and apply go as they are told to. */
  async function play(rows: Rows, fates: readonly Fate[]): Promise<{ asked: string[]; applied: string[] }> {
    rmSync(folder, { recursive: true });
    mkdirSync(folder);
    const names = Object.keys(rows);
    for (const name of names) write(`cdktf.out/stacks/${name}/cdk.tf.json`, { "//": { after: rows[name] } });
    const stacks = names.map((name) => ({ name, folder: join(folder, "cdktf.out/stacks", name) }));
    const order = Object.fromEntries(turnsOf(stacks));
    const fate = (name: string) => fates[names.indexOf(name)];
    const planned = names.filter((name) => fate(name) !== "no plan");
    const plans: Plans = Object.fromEntries(
      planned.map((name) => [name, fate(name) === "same" ? "same" : "changes"]),
    );
    const [asked, applied]: [string[], string[]] = [[], []];
    const attempt = (environments: readonly string[]) => {
      asked.push(...environments);
      applied.push(...environments.filter((name) => fate(name) === "applied"));
    };
    const { apart, first, later } = await next("changed", plans, {}, order);
    attempt([...apart, ...first]);
    for (const [turn, job] of [
      [2, "second"],
      [3, "third"],
    ] as const)
      if (later.includes(turn)) attempt((await next(job, plans, done(...applied), order)).environments);
    return { asked, applied };
  }

  it("ask for what changes once all before it is applied or the same, and for nothing else, whatever happens", async () => {
    await fc.assert(
      fc.asyncProperty(rowsOfSix, fc.array(fateOf, { minLength: 6, maxLength: 6 }), async (rows, fates) => {
        const names = Object.keys(rows);
        const is = (name: string, ...wanted: Fate[]) => wanted.includes(fates[names.indexOf(name)] ?? "same");
        const ahead = (name: string): string[] => (rows[name] ?? []).flatMap((one) => [one, ...ahead(one)]);
        const ready = (name: string): boolean =>
          ahead(name).every((one) => is(one, "same") || (is(one, "applied") && ready(one)));
        const { asked, applied } = await play(rows, fates);
        const expected = names.filter((name) => is(name, "applied", "stopped") && ready(name));
        expect([...asked].sort()).toEqual([...expected].sort());
        // In the order in which it happened: nothing before what it comes after.
        for (const [index, name] of applied.entries())
          for (const one of ahead(name)) expect(applied.slice(index)).not.toContain(one);
      }),
      { numRuns: 10 },
    );
  });

  it("stop at the last, where only one of two before it is applied", async () => {
    expect(await next("third", all, done("staging"))).toEqual({
      environments: [],
      summary: "**prod is not applied**: it comes after qa, and no plan of that is applied.",
    });
  });
});

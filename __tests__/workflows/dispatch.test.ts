import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { contextsOf, type Event } from "./support/events";
import { runJob } from "./support/runner";
import { type Job, workflowOf } from "./support/workflows";

const { jobs } = workflowOf("terraform");
const check = jobs.check as Job;
const FIRST = "Refuse what Run workflow cannot do";

describe("Run workflow", () => {
  const folder = mkdtempSync(join(tmpdir(), "slipway-dispatch-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  const start = (event: Event, inputs: Readonly<Record<string, string>>, setUp = true) =>
    runJob(check, {
      folder,
      contexts: contextsOf(event, { inputs, setUp }),
      env: {},
      only: ({ name }) => name === FIRST,
    });

  it.each<[string, Event, Readonly<Record<string, string>>, boolean, RegExp]>([
    ["from a branch", "dispatch on a branch", {}, true, /nothing from feature: .* Choose main there\./],
    ["from a branch, to destroy", "dispatch on a branch", { destroy: "qa" }, true, /nothing from feature/],
    ["to destroy bootstrap", "dispatch on main", { destroy: "bootstrap" }, true, /never destroys bootstrap/],
    [
      "to destroy bootstrap of another account",
      "dispatch on main",
      { destroy: "bootstrap-210987654321" },
      true,
      /never destroys bootstrap/,
    ],
    ["before there are roles", "dispatch on main", { destroy: "qa" }, false, /AWS_PLAN_ROLES is not set/],
  ])("%s fails with a sentence, before anything else", async (_, event, inputs, setUp, reason) => {
    const { status, ran, summary, log } = await start(event, inputs, setUp);
    expect([status, ran]).toEqual(["failure", { [FIRST]: 1 }]);
    expect(summary).toMatch(/^### Nothing was done\n/);
    expect(summary).toMatch(reason);
    expect(log).toMatch(/^::error::/);
    expect(check.steps?.[0]?.name).toBe(FIRST);
  });

  it.each<[Event, Readonly<Record<string, string>>]>([
    ["dispatch on main", {}],
    ["dispatch on main", { destroy: "qa" }],
    ["pull request", {}],
    ["merge queue", {}],
    ["push to main", {}],
    ["schedule", {}],
  ])("of what can be done goes on: %s %o", async (event, inputs) => {
    expect(await start(event, inputs)).toMatchObject({ status: "success", ran: {} });
  });

  it("to destroy what no role plans fails with the name, and how it goes without a role", async () => {
    const step = "Refuse what no role may plan";
    const refuse = (destroy: string) =>
      runJob(jobs["destroy-plan"] as Job, {
        folder,
        contexts: contextsOf("dispatch on main", { inputs: { destroy } }),
        env: {},
        only: ({ name }) => name === step,
      });
    const { status, ran, summary } = await refuse("stagging");
    expect([status, ran]).toEqual(["failure", { [step]: 1 }]);
    expect(summary).toMatch(/^### Nothing was destroyed: no role plans "stagging"\n/);
    expect(summary).toContain("`npx slipway destroy stagging` from a");
    expect(summary).not.toContain("END");
    expect(await refuse("staging")).toMatchObject({ status: "success", ran: {} });
  });
});

describe("a pull request that gets no token", () => {
  const step = "Say where the plan is";
  const folder = mkdtempSync(join(tmpdir(), "slipway-fork-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  const say = (event: Event) =>
    runJob(check, { folder, contexts: contextsOf(event), env: {}, only: ({ name }) => name === step });

  it.each<Event>(["pull request of a fork", "pull request of a deleted fork", "pull request of Dependabot"])(
    "is told where its plan stands, and how to get that of what runs: %s",
    async (event) => {
      const { status, ran, summary } = await say(event);
      expect([status, ran]).toEqual(["success", { [step]: 0 }]);
      expect(summary).toMatch(
        /^> \[!NOTE\]\n> This pull request is planned in an empty account alone, above/,
      );
      expect(summary).not.toContain("END");
    },
  );

  it.each<Event>(["pull request", "merge queue", "push to main"])("is no other: %s", async (event) => {
    expect(await say(event)).toMatchObject({ status: "success", ran: {} });
  });
});

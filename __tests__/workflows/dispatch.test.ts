import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { contextsOf, type Event } from "./support/events";
import { runJob } from "./support/runner";
import { type Job, workflowOf } from "./support/workflows";

const check = workflowOf("terraform").jobs.check as Job;
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
});

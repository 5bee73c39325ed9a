import { afterEach, describe, expect, it } from "vitest";
import { turnsOf } from "../../plan/order";
import { outputOf, readStacks } from "../../plan/stacks";
import { resource } from "./support/plans";
import { type Behaviour, StandInProject } from "./support/stand-in";

const shown = { format_version: "1.2", resource_changes: [resource("aws_vpc.a", ["create"])] };
const made = {
  type: "apply_complete",
  hook: { resource: { addr: "aws_vpc.a" }, action: "create", elapsed_seconds: 1 },
};
const works: Record<string, Behaviour> = {
  plan: { code: 2 },
  show: { lines: [shown] },
  apply: { lines: [made] },
};

let project: StandInProject;
afterEach(() => project.remove());

/** Stacks that come after others. */
function make(rows: Readonly<Record<string, readonly string[]>>, behaviours = works): StandInProject {
  project = new StandInProject(Object.keys(rows), behaviours);
  for (const [name, after] of Object.entries(rows)) project.configure(name, { "//": { after } });
  return project;
}

const applied = () => project.calls("apply").map(({ stack }) => stack);

describe("the order of applies", () => {
  it("has a turn for each of a row, and none for what is apart; it counts those before those before", async () => {
    const rows = { bootstrap: [], prod: ["qa", "staging"], qa: ["staging"], staging: [], lab: [] };
    await make(rows).run("plan");
    expect(Object.fromEntries(turnsOf(readStacks(outputOf(project.folder))))).toEqual({
      bootstrap: { turn: 0, after: [] },
      lab: { turn: 0, after: [] },
      staging: { turn: 1, after: [] },
      qa: { turn: 2, after: ["staging"] },
      prod: { turn: 3, after: ["qa", "staging"] },
    });
  });

  it("is said by the plan, of what changes", async () => {
    const { stdout } = await make({ prod: ["staging"], staging: [] }).run("plan", "--markdown", "plan.md");
    expect(stdout).toContain(
      "prod: 1 to add, 0 to change, 0 to replace, 0 to destroy, to be applied after staging",
    );
    expect(stdout).toMatch(/^staging: 1 to add.*destroy$/m);
  });

  it("is kept, whatever the names are", async () => {
    make({ a: ["b"], b: ["c"], c: [] });
    await project.run("plan");
    const { code, stdout } = await project.run("apply", "--auto-approve");
    expect(code, stdout).toBe(0);
    expect(applied()).toEqual(["c", "b", "a"]);
  });

  it("holds back what comes after one that failed, and nothing else", async () => {
    const fails = { ...works, "staging apply": { code: 1 } };
    make({ prod: ["qa"], qa: ["staging"], staging: [], lab: [] }, fails);
    await project.run("plan");
    const { code, stdout } = await project.run("apply", "--auto-approve");
    expect(code).toBe(1);
    expect(applied().sort()).toEqual(["lab", "staging"]);
    expect(stdout).toContain("✗ It comes after staging, which is not applied");
    expect(stdout).toMatch(/✗ prod: failed, nothing was changed/);
    expect(stdout).toMatch(/✓ lab: 1 added/);
  });

  it("counts those between that change nothing", async () => {
    const fails = { ...works, "staging apply": { code: 1 }, "qa plan": { code: 0 } };
    make({ prod: ["qa"], qa: ["staging"], staging: [] }, fails);
    await project.run("plan");
    const { stdout } = await project.run("apply", "--auto-approve");
    expect(applied()).toEqual(["staging"]);
    expect(stdout).toContain("✗ It comes after staging, which is not applied");
  });

  it("refuses one whose forerunner has no plan, unless it is named", async () => {
    make({ prod: ["staging"], staging: [] }, { ...works, "staging plan": { code: 1 } });
    await project.run("plan");
    const refused = await project.run("apply", "--auto-approve");
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(
      "prod: it comes after staging, of which there is no plan. Plan both, or name it alone: npx slipway apply prod",
    );
    expect(project.ran() && project.calls("apply")).toEqual([]);
    const { code } = await project.run("apply", "prod", "--auto-approve");
    expect(code).toBe(0);
    expect(applied()).toEqual(["prod"]);
  });
});

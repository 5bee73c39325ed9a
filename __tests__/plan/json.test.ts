import { afterEach, describe, expect, it } from "vitest";
import { resource } from "./support/plans";
import { type Behaviour, StandInProject } from "./support/stand-in";

const planOf = (action: "create" | "delete") => ({
  format_version: "1.2",
  resource_changes: [resource("aws_vpc.a", [action])],
});
const done = (action: "create" | "delete") => ({
  type: "apply_complete",
  hook: { resource: { addr: "aws_vpc.a" }, action, elapsed_seconds: 1 },
});
const works: Record<string, Behaviour> = {
  plan: { code: 2 },
  show: { lines: [planOf("create")] },
  apply: { lines: [done("create")] },
};
const destroys: Record<string, Behaviour> = {
  ...works,
  show: { lines: [planOf("delete")] },
  apply: { lines: [done("delete")] },
};

let project: StandInProject;
afterEach(() => project.remove());
const make = (stacks: readonly string[], behaviours: Record<string, Behaviour>) => {
  project = new StandInProject(stacks, behaviours);
  return project;
};

describe("with --json standard output is one object, and what people read is on standard error", () => {
  it("of an apply: how each stack ended", async () => {
    make(["prod", "staging"], { ...works, "prod apply": { code: 1, stderr: "no" } });
    await project.run("plan");
    const { code, stdout, stderr } = await project.run("apply", "--auto-approve", "--json");
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      version: 1,
      offline: false,
      stacks: [
        {
          name: "prod",
          done: false,
          begun: false,
          made: 0,
          problems: [{ severity: "error", summary: "no" }],
        },
        { name: "staging", done: true, begun: true, made: 1, changed: 0, gone: 0, problems: [] },
      ],
      records: [],
    });
    expect(stderr).toMatch(/^staging: 1 to add[\s\S]*✓ staging: 1 added/m);
  });

  it("of an apply of plans that change nothing: no stack", async () => {
    make(["staging"], { plan: { code: 0 }, show: { lines: [{ format_version: "1.2" }] } });
    await project.run("plan");
    const { code, stdout } = await project.run("apply", "--json");
    expect([code, JSON.parse(stdout)]).toEqual([0, { version: 1, offline: false, stacks: [], records: [] }]);
  });

  it("of a destroy: what goes, and how that ended", async () => {
    make(["qa"], destroys);
    const dry = await project.run("destroy", "qa", "--dry-run", "--json");
    expect(dry.code, dry.stderr).toBe(2);
    const shown = JSON.parse(dry.stdout);
    expect(shown).toMatchObject({ version: 1, name: "qa", summary: { counts: { destroy: 1, create: 0 } } });
    expect(Object.keys(shown)).not.toContain("destroyed");
    expect(dry.stderr).toContain("Nothing was destroyed: --dry-run.");
    const real = await project.run("destroy", "qa", "--auto-approve", "--json");
    expect(real.code, real.stderr).toBe(0);
    expect(JSON.parse(real.stdout)).toMatchObject({ name: "qa", destroyed: { done: true, gone: 1 } });
  });

  it("of a refusal: nothing, and the reason stays a sentence", async () => {
    make(["staging"], works);
    const { code, stdout, stderr } = await project.run("apply", "--json");
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toContain("There is no saved plan");
  });
});

import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { hashOfConfiguration, type SavedPlan, SavedPlans } from "../../plan/saved";
import { summarize } from "../../plan/summary";
import { planOf } from "./support/plans";

let project: string;
let saved: SavedPlans;
const stack = () => ({ name: "qa", folder: join(project, "cdktf.out/stacks/qa") });
const write = (file: string, text: string) => writeFileSync(join(stack().folder, file), text);

beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), "slipway-saved-"));
  mkdirSync(join(stack().folder, "assets"), { recursive: true });
  write("cdk.tf.json", "{}");
  write("assets/user-data.sh", "echo");
  saved = new SavedPlans(project);
  saved.clear();
  writeFileSync(saved.file("qa"), "a plan", { mode: 0o644 });
  saved.save(stack(), { offline: false, changes: true, summary: summarize(planOf([])) });
});
afterEach(() => rmSync(project, { recursive: true }));

const only = (): SavedPlan => {
  const [plan] = saved.list();
  if (plan === undefined) throw new Error("No plan was saved.");
  return plan;
};

describe("a saved plan", () => {
  it("is for its owner only", () => {
    const mode = (file: string) => statSync(join(project, "cdktf.out/plans", file)).mode & 0o777;
    expect([mode("."), mode("qa.tfplan"), mode("qa.json")]).toEqual([0o700, 0o600, 0o600]);
  });

  it("may be applied as long as nothing changed", () => {
    expect(only()).toMatchObject({ name: "qa", offline: false, changes: true });
    expect(saved.refusal(only(), stack(), false)).toBeUndefined();
  });

  it.each([
    ["the configuration", () => write("cdk.tf.json", "{ }"), /configuration was synthesized anew/],
    ["an asset", () => write("assets/user-data.sh", "rm"), /configuration was synthesized anew/],
    ["a new file", () => write("more.tf", ""), /configuration was synthesized anew/],
    ["the plan", () => writeFileSync(saved.file("qa"), "another"), /not the one that was summed up/],
    ["that it is there", () => rmSync(saved.file("qa")), /not the one that was summed up/],
  ])("is refused when it changed: %s", (_, change, reason) => {
    change();
    expect(saved.refusal(only(), stack(), false)).toMatch(reason);
  });

  it("made for the sandbox is not for AWS, nor the other way round", () => {
    expect(saved.refusal(only(), stack(), true)).toMatch(/for the real AWS.*npx slipway plan --offline qa/);
    expect(saved.refusal({ ...only(), offline: true }, stack(), false)).toMatch(/made offline/);
  });

  it.each([".terraform/x", ".terraform.lock.hcl", "plan", "terraform.tfstate.backup", "crash.log"])(
    "does not care for %s, which the tools leave behind",
    (file) => {
      const before = hashOfConfiguration(stack());
      mkdirSync(join(stack().folder, ".terraform"));
      write(file, "x");
      expect(hashOfConfiguration(stack())).toBe(before);
    },
  );

  it("is gone when it is removed, and with the next plan", () => {
    saved.remove("qa");
    expect(saved.list()).toEqual([]);
    expect(new SavedPlans(join(project, "nowhere")).list()).toEqual([]);
  });

  it("of another version of the project is no plan", () => {
    writeFileSync(join(project, "cdktf.out/plans/qa.json"), '{"version":0}');
    expect(() => saved.list()).toThrow(/qa\.json is of another version/);
  });
});

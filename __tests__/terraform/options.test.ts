import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { InProcessStack, succeed } from "./support/in-process";
import { Project } from "./support/project";
import { variantFiles } from "./support/variants";
import { makeVpc } from "./support/vpc";

/** Tests that apply with the real Terraform what these variants say, and plan it again. */
const APPLIED: Readonly<Record<string, readonly string[]>> = {
  pairs: [
    ...["nat-none", "nat-per-zone", "nat-instance", "two-zones", "ipv6", "existing-vpc", "some-endpoints"],
    ...["no-bastion", "ssh-bastion", "no-database", "logins", "own-logins-image", "graviton-pinned"],
    ...["no-distribution", "domain", "own-key", "waf", "access-logs", "own-registry", "only-fargate"],
    ...["spot-fargate", "readonly-root", "worker", "schedule", "autoscaling", "permissions"],
    ...["queue-without-nat", "compute-move", "move"],
  ],
  changes: ["two-services"],
  "external-database": ["external-database"],
  internal: ["between-services"],
  replica: ["read-replica"],
  "whole-move": ["whole-move"],
};

describe("every other option plans cleanly with the real Terraform", () => {
  const applied = Object.values(APPLIED).flat();
  const all = variantFiles();
  const files = Object.fromEntries(
    Object.entries(all).filter(([file]) => !applied.includes(file.replace(/\.ts$/, ""))),
  );
  const names = Object.keys(files).map((file) => file.replace(/\.ts$/, ""));
  const project = new Project(files);
  const stack = new InProcessStack();
  const stacks = join(project.folder, "cdktf.out/stacks");
  afterAll(async () => {
    project.remove();
    await stack.remove();
  });

  beforeAll(async () => {
    const { code, output } = await project.synth();
    expect(code, output).toBe(0);
    await makeVpc(stack.world);
    expect(readdirSync(stacks)).toHaveLength(names.length);
  });

  it("knows the variants that others apply", () => {
    expect(applied.filter((name) => !(`${name}.ts` in all))).toEqual([]);
  });

  it.each(names)("%s", async (name) => {
    stack.configure(JSON.parse(readFileSync(join(stacks, name, "cdk.tf.json"), "utf8")));
    const { output } = await succeed(stack.run("plan"));
    expect(output).toMatch(/Plan: \d+ to add, 0 to change, 0 to destroy/);
    expect(output).not.toContain("Warning:");
  });
});

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Project } from "./support/project";
import { madeBefore, variantFiles, variants } from "./support/variants";

describe("every option plans cleanly with the real Terraform", () => {
  const project = new Project(variantFiles());
  afterAll(() => project.remove());

  beforeAll(async () => {
    const { code, output } = await project.synth();
    expect(code, output).toBe(0);
    expect((await project.sandbox(...madeBefore)).code).toBe(0);
    expect(readdirSync(join(project.folder, "cdktf.out/stacks"))).toHaveLength(Object.keys(variants).length);
  });

  it.each(Object.keys(variants))("%s", async (name) => {
    const stack = `-chdir=cdktf.out/stacks/${name}`;
    const plan = `terraform ${stack} init -input=false >/dev/null && terraform ${stack} plan -input=false`;
    const { code, output } = await project.sandbox("sh", "-c", plan);
    expect(code, output).toBe(0);
    expect(output).toMatch(/Plan: \d+ to add, 0 to change, 0 to destroy/);
    expect(output).not.toContain("Warning:");
  });
});

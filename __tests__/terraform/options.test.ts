import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseOptions } from "../../sandbox/command/options";
import { applyByHand } from "../../sandbox/command/world-options";
import { InProcessStack, succeed } from "./support/in-process";
import { Project } from "./support/project";
import { madeBefore, variantFiles } from "./support/variants";

describe("every option plans cleanly with the real Terraform", () => {
  const files = variantFiles();
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
    await applyByHand(stack.world, parseOptions(madeBefore));
    expect(readdirSync(stacks)).toHaveLength(names.length);
  });

  it.each(names)("%s", async (name) => {
    stack.configure(JSON.parse(readFileSync(join(stacks, name, "cdk.tf.json"), "utf8")));
    const { output } = await succeed(stack.run("plan"));
    expect(output).toMatch(/Plan: \d+ to add, 0 to change, 0 to destroy/);
    expect(output).not.toContain("Warning:");
  });
});

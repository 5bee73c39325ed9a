import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Source } from "./provider";
import { type Json, type Stack, substitutions } from "./substitutions";

/** Reads the stacks of a cdktf.out. */
export function readStacks(folder: string): Map<string, Stack> {
  const stacks = join(folder, "stacks");
  return new Map(
    readdirSync(stacks)
      .sort()
      .map((name) => [name, JSON.parse(readFileSync(join(stacks, name, "cdk.tf.json"), "utf8"))]),
  );
}

/**
 * Writes stacks as modules of one configuration, so that Terraform reads the provider's schemas once for all of them.
 * The stacks are what was synthesized, but for their state's place, the provider's version and the substitutions.
 */
export function writeConfiguration(
  folder: string,
  stacks: ReadonlyMap<string, Stack>,
  { version }: Source,
): void {
  const applied = substitutions.filter(({ applies }) => applies(version));
  for (const [name, stack] of stacks) {
    const { backend: _, ...terraform } = stack.terraform;
    const required_providers = { aws: { source: "hashicorp/aws", version } };
    const copy: Stack = { ...stack, terraform: { ...terraform, required_providers } };
    write(
      join(folder, name),
      applied.reduce((one, { substitute }) => substitute(one), copy),
    );
  }
  const modules = [...stacks.keys()].map((name) => [name, { source: `./${name}` }]);
  write(folder, { module: Object.fromEntries(modules) });
}

function write(folder: string, json: Json): void {
  mkdirSync(folder, { recursive: true });
  // Terraform takes no block without a label: what is empty is left out.
  const filled = Object.entries(json).filter(([, value]) => JSON.stringify(value) !== "{}");
  writeFileSync(join(folder, "main.tf.json"), JSON.stringify(Object.fromEntries(filled), null, 2));
}

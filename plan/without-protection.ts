import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { lossOf } from "../aws/stateful";
import { isBootstrap, type Stack } from "./stacks";

/** A resource as it is synthesized, as far as its protection goes. */
interface Block {
  lifecycle?: { prevent_destroy?: boolean };
  readonly deletion_protection?: unknown;
}

type Blocks = Record<string, Record<string, Block>>;

/**
 * Does some work while nothing in a stack's configuration has Terraform refuse to destroy what holds data, and puts the
 * configuration back. What AWS protects itself stays protected: the refusal comes early then. So does the bucket of the states.
 * Whoever calls this has each loss allowed by its address before anything is applied.
 * @returns what the work returned, and the addresses whose protection was lifted for it
 */
export async function withoutProtection<Result>(
  stack: Stack,
  work: () => Promise<Result>,
): Promise<{ readonly result: Result; readonly lifted: readonly string[] }> {
  const file = join(stack.folder, "cdk.tf.json");
  const text = readFileSync(file, "utf8");
  const configuration = JSON.parse(text) as { resource?: Blocks };
  const lifted = isBootstrap(stack.name) ? [] : lift(configuration.resource ?? {});
  if (lifted.length === 0) return { result: await work(), lifted };
  // Every command that synthesizes writes this file anew: what is cut off here protects no less the next time.
  writeFileSync(file, JSON.stringify(configuration, null, 2));
  try {
    return { result: await work(), lifted };
  } finally {
    writeFileSync(file, text);
  }
}

function lift(resources: Blocks): string[] {
  return Object.entries(resources).flatMap(([type, byName]) =>
    Object.entries(byName).flatMap(([name, block]) => {
      if (!block.lifecycle?.prevent_destroy || block.deletion_protection === true) return [];
      if (lossOf(type, block) === undefined) return [];
      block.lifecycle.prevent_destroy = false;
      return [`${type}.${name}`];
    }),
  );
}

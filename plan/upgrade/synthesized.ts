import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { Problem } from "../problems";
import type { Stack } from "../stacks";

/** Where the rehearsal finds what the old version makes: in the sandbox a state goes by `cdktf.out/stacks/NAME`. */
export const oldOutput = (trial: string) => join(trial, "before", "cdktf.out");

interface Configuration {
  readonly terraform: { backend?: unknown };
  import?: unknown;
  readonly resource?: Readonly<
    Record<string, Readonly<Record<string, { lifecycle?: { prevent_destroy?: unknown } }>>>
  >;
}

/**
 * Makes what both versions synthesized ready for the sandbox, where states lie in a folder, nothing is imported that the old
 * version has imported long ago, and losses are shown by the plan that would otherwise end at the first. Returns, by stack, what no
 * plan would tell.
 */
export function prepare(old: readonly Stack[], stacks: readonly Stack[]): ReadonlyMap<string, Problem> {
  const backends = new Map(old.map((stack) => [stack.name, withoutBackend(stack, true)]));
  const news = new Map(stacks.map((stack) => [stack.name, withoutBackend(stack, false)]));
  return new Map(
    [...backends].flatMap(([name, before]): [string, Problem][] => {
      if (!news.has(name)) return [[name, GONE]];
      return isDeepStrictEqual(before, news.get(name)) ? [] : [[name, MOVED]];
    }),
  );
}

const GONE: Problem = {
  severity: "error",
  summary: "The new version makes no such stack any more",
  detail: "",
};

const MOVED: Problem = {
  severity: "error",
  summary: "Its state would lie elsewhere",
  detail: "The new version would begin with an empty one, and make everything a second time.",
};

/** Takes out where the state lies, and returns it. */
function withoutBackend({ folder }: Stack, imported: boolean): unknown {
  const file = join(folder, "cdk.tf.json");
  const configuration = JSON.parse(readFileSync(file, "utf8")) as Configuration;
  const { backend } = configuration.terraform;
  delete configuration.terraform.backend;
  if (imported) delete configuration.import;
  for (const resource of Object.values(configuration.resource ?? {}).flatMap(Object.values))
    delete resource.lifecycle?.prevent_destroy;
  writeFileSync(file, JSON.stringify(configuration, null, 2));
  return backend;
}

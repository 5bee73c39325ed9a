import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { Stack } from "./stacks";

const configuration = z.object({ "//": z.object({ after: z.array(z.string()).optional() }).optional() });

/** The environments that are applied right before this one, as its file says; none of one that is not at hand, as in a job that applies another. */
export function readAfter({ folder }: Stack): readonly string[] {
  const file = join(folder, "cdk.tf.json");
  if (!existsSync(file)) return [];
  return configuration.parse(JSON.parse(readFileSync(file, "utf8")))["//"]?.after ?? [];
}

/** When a stack is applied, of those that are applied behind each other. */
export interface Turn {
  /** 1 for the first of a row, and so on; 0 for what neither waits for another nor is waited for. */
  readonly turn: number;
  /** All that come before it, at whatever distance. */
  readonly after: readonly string[];
}

/** When each stack is applied. What is said of `after` goes round in no circle: the synthesis made sure. */
export function turnsOf(stacks: readonly Stack[]): ReadonlyMap<string, Turn> {
  const direct = new Map(stacks.map((stack) => [stack.name, readAfter(stack)]));
  const awaited = new Set([...direct.values()].flat());
  const before = (name: string): string[] => (direct.get(name) ?? []).flatMap((one) => [one, ...before(one)]);
  const place = (name: string): number => 1 + Math.max(0, ...(direct.get(name) ?? []).map(place));
  return new Map(
    stacks.map(({ name }) => {
      const after = [...new Set(before(name))].sort();
      const apart = after.length === 0 && !awaited.has(name);
      return [name, { turn: apart ? 0 : place(name), after }];
    }),
  );
}

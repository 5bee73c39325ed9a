import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { CommandError } from "./error";
import { inSandbox } from "./offline";
import type { Stack } from "./stacks";

const configuration = z
  .object({ terraform: z.object({ backend: z.record(z.string(), z.unknown()) }).partial() })
  .partial();

/**
 * Refuses to work in CI with states that lie in the project's folder: a runner begins with none and keeps none, so that a plan
 * would make everything a second time, and an apply would forget what it made.
 * @throws CommandError naming each such stack
 */
export function refuseLocalStates(stacks: readonly Stack[], environment: NodeJS.ProcessEnv): void {
  const ci = !["", "false", "0"].includes(environment.CI ?? "");
  if (!ci || inSandbox(environment)) return;
  const local = stacks.filter(({ folder }) => backendOf(folder) === "local").map(({ name }) => name);
  if (local.length === 0) return;
  throw new CommandError(
    `${local.join(", ")}: the state would lie on this CI machine's disk, where none is from before and none is kept. Name the bucket as stateBucket in cdktf.json (npx slipway move-state does), commit and push that; then run this again.`,
  );
}

function backendOf(folder: string): string | undefined {
  const text = readFileSync(join(folder, "cdk.tf.json"), "utf8");
  return Object.keys(configuration.parse(JSON.parse(text)).terraform?.backend ?? {})[0];
}

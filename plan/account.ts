import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { Stack } from "./stacks";

const configuration = z.object({
  provider: z.object({ aws: z.array(z.object({ allowed_account_ids: z.array(z.string()).default([]) })) }),
});

/** The account that a stack is in, as its file or cdktf.json names it; undefined where none does. */
export function accountOf({ folder }: Stack): string | undefined {
  const file = join(folder, "cdk.tf.json");
  if (!existsSync(file)) return undefined;
  const { data } = configuration.safeParse(JSON.parse(readFileSync(file, "utf8")));
  const [account, ...others] = data?.provider.aws[0]?.allowed_account_ids ?? [];
  return others.length === 0 ? account : undefined;
}

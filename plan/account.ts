import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { Stack } from "./stacks";

const configuration = z.object({
  provider: z.object({
    aws: z.array(
      z.object({
        alias: z.string().optional(),
        region: z.string().optional(),
        allowed_account_ids: z.array(z.string()).default([]),
      }),
    ),
  }),
});

/** The account that a stack is in, as its file or cdktf.json names it; undefined where none does. */
export function accountOf(stack: Stack): string | undefined {
  const [account, ...others] = providerOf(stack)?.allowed_account_ids ?? [];
  return others.length === 0 ? account : undefined;
}

/** The region that a stack is in; undefined where nothing names it. */
export const regionOf = (stack: Stack): string | undefined => providerOf(stack)?.region;

/** The provider that most of a stack is made by, as it is configured. */
function providerOf({ folder }: Stack) {
  const file = join(folder, "cdk.tf.json");
  if (!existsSync(file)) return undefined;
  const { data } = configuration.safeParse(JSON.parse(readFileSync(file, "utf8")));
  return data?.provider.aws.find(({ alias }) => alias === undefined);
}

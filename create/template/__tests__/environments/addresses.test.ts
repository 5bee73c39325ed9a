import { synthesizeStacks } from "slipway/testing";
import { expect, test } from "vitest";

const stacks = synthesizeStacks(".");

// npm test -- -u writes the lists. CI compares: what moves in one of them would be destroyed and made anew.
test.each(Object.entries(stacks))("%s has the addresses that are committed", async (name, stack) => {
  await expect(`${stack.addresses.join("\n")}\n`).toMatchFileSnapshot(`addresses/${name}.txt`);
});

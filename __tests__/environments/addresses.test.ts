import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { synthesizeStacks } from "slipway/testing";
import { describe, expect, test } from "vitest";

/** This repository's own environment files, with its own cdktf.json. */
const stacks = synthesizeStacks(join(__dirname, "../.."));
const names = Object.keys(stacks);

describe("the list of addresses", () => {
  test.each(names)(
    "of %s is the committed one: what moves here would be destroyed and made anew",
    async (name) => {
      const list = `${stacks[name]?.addresses.join("\n")}\n`;
      await expect(list).toMatchFileSnapshot(`addresses/${name}.txt`);
    },
  );

  test("is there for no stack that is gone: what it made may still be", () => {
    const lists = join(__dirname, "addresses");
    // The first ones are written once this has run.
    const gone = (existsSync(lists) ? readdirSync(lists) : [])
      .map((file) => file.replace(/\.txt$/, ""))
      .filter((name) => !names.includes(name))
      .map(
        (name) =>
          `${name} has a list and no file: moved, or taken away? If so, destroy it first, then delete the list.`,
      );
    expect(gone).toEqual([]);
  });
});

import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { Graph } from "../modules/support/graph";

const outdir = mkdtempSync(join(tmpdir(), "slipway-addresses-"));
afterAll(() => rmSync(outdir, { recursive: true, force: true }));

/** Synthesizes this repository: its own environment files, with its own cdktf.json. */
function stacks(): string[] {
  const { status, stderr } = spawnSync(process.execPath, ["--import", "tsx", "main.ts"], {
    cwd: join(__dirname, "../.."),
    env: { ...process.env, CDKTF_OUTDIR: outdir },
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(stderr);
  return readdirSync(join(outdir, "stacks"));
}

const names = stacks();

describe("the list of addresses", () => {
  test.each(names)(
    "of %s is the committed one: what moves here would be destroyed and made anew",
    async (name) => {
      const json = readFileSync(join(outdir, "stacks", name, "cdk.tf.json"), "utf8");
      const { addresses } = new Graph(JSON.parse(json));
      await expect(`${addresses.join("\n")}\n`).toMatchFileSnapshot(`addresses/${name}.txt`);
    },
  );

  test("is there for no stack that is gone: what it made may still be", () => {
    const gone = readdirSync(join(__dirname, "addresses"))
      .map((file) => file.replace(/\.txt$/, ""))
      .filter((name) => !names.includes(name))
      .map(
        (name) =>
          `${name} has a list and no file: moved, or taken away? If so, destroy it first, then delete the list.`,
      );
    expect(gone).toEqual([]);
  });
});

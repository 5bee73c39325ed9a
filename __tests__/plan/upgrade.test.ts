import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { refusalOf } from "../../plan/upgrade/npm";
import { exitCodeOf, optionChanges } from "../../plan/upgrade/report";
import { prepare } from "../../plan/upgrade/synthesized";
import { run } from "./support/run";

describe("slipway upgrade", () => {
  it.each([
    ["package.json", '{ "name": "other" }', "does not depend on slipway"],
    ["package.json", '{ "dependencies": 1 }', "cannot be read: "],
    ["package.json", '{ "dependencies": { "slipway": "1.4.0" } }', "slipway is not installed in"],
  ])("says of %s with %s what is missing", async (file, text, said) => {
    const other = realpathSync(mkdtempSync(join(tmpdir(), "slipway-other-")));
    writeFileSync(join(other, file), text);
    const { code, stderr } = await run(other, ["upgrade", "1.5.0"], { NODE_PATH: "" });
    rmSync(other, { recursive: true });
    expect([code, stderr]).toEqual([1, expect.stringContaining(said)]);
    expect(stderr).not.toMatch(/\n {4}at /);
  });
});

describe("the comparison", () => {
  it("knows an option by its path in a file, and says nothing where one version cannot tell", () => {
    const before = {
      staging: { services: [{ name: "web", count: 1 }], zones: ["a", "b"] },
      prod: { nat: "single" },
    };
    const after = {
      staging: { services: [{ name: "web", count: 2 }], zones: ["a", "b"] },
      prod: { nat: "single" },
    };
    expect(optionChanges(before, after)).toEqual({
      staging: [{ path: "services.web.count", before: 1, after: 2 }],
    });
    expect(optionChanges(undefined, after)).toEqual({});
  });

  it("fails where one stack could not be compared, whatever the others do", () => {
    const stack = (outcome: "changes" | "failed" | "no changes") => ({
      name: "x",
      outcome,
      seconds: 0,
      problems: [],
    });
    expect(exitCodeOf([stack("no changes")])).toBe(0);
    expect(exitCodeOf([stack("no changes"), stack("changes")])).toBe(2);
    expect(exitCodeOf([stack("failed"), stack("changes")])).toBe(1);
  });

  it("is loud about a stack that is gone, and about a state that would lie elsewhere", () => {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), "slipway-prepared-")));
    const stack = (name: string, at: string, key: string) => {
      const path = join(folder, at, name);
      mkdirSync(path, { recursive: true });
      const configuration = { terraform: { backend: { s3: { key } } }, import: [{ id: "x" }] };
      writeFileSync(join(path, "cdk.tf.json"), JSON.stringify(configuration));
      return { name, folder: path };
    };
    const old = [stack("a", "old", "a"), stack("b", "old", "b"), stack("c", "old", "c")];
    const found = prepare(old, [stack("a", "new", "a"), stack("b", "new", "elsewhere")]);
    expect([...found].map(([name, { summary }]) => [name, summary])).toEqual([
      ["b", "Its state would lie elsewhere"],
      ["c", "The new version makes no such stack any more"],
    ]);
    const [first] = old;
    expect(JSON.parse(readFileSync(join(first?.folder ?? "", "cdk.tf.json"), "utf8"))).toEqual({
      terraform: {},
    });
    rmSync(folder, { recursive: true });
  });

  it("tells peers that do not go together from what npm cannot do at all", () => {
    const peers = refusalOf(
      { code: "ERESOLVE", summary: "could not resolve", detail: "peer cdktf" },
      "slipway@2",
    );
    expect(peers.message).toMatch(/does not go with what package\.json asks for[\s\S]*peer cdktf$/);
    expect(refusalOf({ summary: "disk full" }, "slipway@2").message).toMatch(
      /^npm could not install slipway@2\./,
    );
  });
});

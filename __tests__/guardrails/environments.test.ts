import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App } from "cdktf";
import { afterAll, describe, expect, test } from "vitest";
import prod from "../../environments/prod";
import staging from "../../environments/staging";
import { check, checkAll } from "../../guardrails";
import { Stack } from "../../guardrails/stack";
import { build } from "../../modules/app";
import { defects, handWritten } from "./support/hand-written";
import { but, type Json, places } from "./support/json";
import { jsonOf } from "./support/synthesize";

const folder = mkdtempSync(join(tmpdir(), "guardrails-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const stacks = build(
  new App({ outdir: folder }),
  [
    { file: "staging.ts", ...staging },
    { file: "prod.ts", ...prod },
  ],
  { project: "app" },
).map((environment) => ({
  name: environment.node.id,
  json: jsonOf(environment),
}));

describe("the shipped environments", () => {
  test("break no rule, and suppress none", () => {
    expect(checkAll(stacks)).toEqual([]);
  });

  test("keep all rules with their states in one bucket", () => {
    const inBucket = stacks.map(({ name, json }) => ({
      name,
      json: {
        ...json,
        terraform: {
          backend: { s3: { bucket: "b", key: `${name}.tfstate`, encrypt: true, use_lockfile: true } },
        },
      },
    }));
    expect(checkAll(inBucket)).toEqual([]);
  });

  test("are held to what they are: prod's data must not be lost, staging's may be", () => {
    expect(stacks.map(({ name, json }) => [name, new Stack(name, json).production])).toEqual([
      ["staging", false],
      ["prod", true],
    ]);
  });

  test.each(stacks)("$name breaks no rule, whatever an apply makes of any value", ({ name, json }) => {
    // Names that are references stay: without them the graph has no edge, and a rule is right to say so.
    const literal = places(json).filter(([kind, ...path]) => {
      const value = [kind, ...path].reduce<unknown>((at, key) => (at as Json)[key as string], json);
      return (
        ["resource", "data", "provider"].includes(String(kind)) &&
        !String(value).includes("${") &&
        !path.includes("depends_on")
      );
    });
    expect(literal.length).toBeGreaterThan(300);
    const broken = literal.flatMap((place) =>
      check(but(json, place, "${var.unknown}") as Json, name).map(
        ({ rule }) => `${place.join(".")}: ${rule}`,
      ),
    );
    expect(broken).toEqual([]);
  });
});

describe("the same set-up written by hand", () => {
  const found = check(handWritten).map(({ rule, address }) => `${rule} ${address}`);

  test.each(defects)("%s: %s", (_, rule, address) => {
    expect(found).toContain(`${rule} ${address}`);
  });

  test("has no defect beside those, in prod", () => {
    const listed = defects.map(([, rule, address]) => `${rule} ${address}`);
    const others = found.filter((finding) => !finding.includes("staging") && !listed.includes(finding));
    expect(others.sort()).toEqual([
      "access-logs aws_cloudfront_distribution.prod_this",
      "imdsv2 aws_instance.prod_bastion",
      "unencrypted-volume aws_instance.prod_bastion",
    ]);
  });
});

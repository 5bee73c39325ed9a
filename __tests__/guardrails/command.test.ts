import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pc from "picocolors";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkAll, renderMarkdown, renderText, type Report, ruleTable, renderTable } from "../../guardrails";
import { slipwayHere } from "../support/commands-here";
import { type Json, resource, together } from "./support/json";

const folder = mkdtempSync(join(tmpdir(), "guardrails-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const tagged = {
  provider: { aws: [{ default_tags: [{ tags: { environment: "prod", project: "shop" } }] }] },
};
const address = (body: Json) => together(resource("aws_subnet", body, "a"), tagged);
const open = address({ map_public_ip_on_launch: true });
const quiet = address({
  map_public_ip_on_launch: true,
  "//": { guardrails: [{ rule: "public-ip", why: "NAT | lives <here>." }] },
});
const plan = {
  format_version: "1.2",
  resource_changes: [{ address: "aws_s3_bucket.it", type: "aws_s3_bucket", change: { actions: ["delete"] } }],
};

function write(path: string, json: unknown): string {
  const file = join(folder, path);
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, typeof json === "string" ? json : JSON.stringify(json));
  return file;
}

/** Runs the command in an empty folder. */
const run = (...words: string[]) => slipwayHere(folder, ["guardrails", ...words], process.env);

test("of a synthesis the stacks that it wrote are read: a stack whose file is gone stays in the folder", async () => {
  write("synth/stacks/prod/cdk.tf.json", open);
  write("synth/stacks/gone/cdk.tf.json", open);
  const stack = { name: "prod", workingDirectory: "stacks/prod" };
  write("synth/manifest.json", { version: "0.21.0", stacks: { prod: stack } });
  const { code, stdout } = await run("synth", "--json");
  expect(code).toBe(1);
  expect(JSON.parse(stdout).looked).toEqual(["prod"]);
});

beforeAll(() => {
  write("open/prod/cdk.tf.json", open);
  write("quiet/prod/cdk.tf.json", quiet);
  write("split/one.tf.json", resource("aws_subnet", { map_public_ip_on_launch: true }, "a"));
  write(
    "split/two.tf.json",
    together(tagged, resource("aws_subnet", {}, "b"), { module: { vpc: { source: "./vpc" } } }),
  );
  write("split/.terraform/modules/x/main.tf.json", resource("aws_iam_access_key"));
  write("plan.json", plan);
  write("broken.tf.json", "{");
  write("list.tf.json", "[]");
  mkdirSync(join(folder, "empty"));
});

describe("exit codes", () => {
  test("0 where all is suppressed, and says with which reason", async () => {
    const { code, stdout } = await run("quiet");
    expect(code).toBe(0);
    expect(stdout).toMatch(/prod: suppressed public-ip: aws_subnet.a map_public_ip_on_launch = true: NAT/);
  });

  test("1 where something is found", async () => {
    const { code, stdout } = await run("open");
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /^prod: public-ip: aws_subnet.a map_public_ip_on_launch = true: .*\nprod: 1 finding, 0 suppressed/,
    );
  });

  test.each([
    ["an unknown option", ["--what"], /unknown option/],
    ["what does not exist", ["nowhere"], /nowhere does not exist: synthesize first/],
    ["nothing synthesized yet", [], /cdktf.out does not exist/],
    ["an empty folder", ["empty"], /holds no \*\.tf\.json/],
    ["broken JSON", ["broken.tf.json"], /is not JSON/],
    ["JSON of another kind", ["list.tf.json"], /must hold an object/],
    ["two shapes at once", ["open", "--json", "--markdown"], /exclude each other/],
  ])("2 on %s", async (_, words, message) => {
    const { code, stderr } = await run(...words);
    expect(code).toBe(64);
    expect(stderr).toMatch(message);
  });
});

describe("what is read", () => {
  test("files of one folder are one stack, fetched modules none, and modules are told", async () => {
    const report = JSON.parse((await run("split", "--json")).stdout) as Report;
    expect(report.looked).toEqual(["split"]);
    expect(report.findings.map(({ rule, address }) => [rule, address])).toEqual([
      ["public-ip", "aws_subnet.a"],
    ]);
    expect(report.unseenModules).toEqual(["split: module.vpc"]);
  });

  test("a plan beside stacks", async () => {
    const { code, stdout } = await run("quiet", "plan.json");
    expect(code).toBe(1);
    expect(stdout).toMatch(/plan.json: stateful-destroy: aws_s3_bucket.it = \["delete"\]/);
    expect(stdout).toMatch(/prod, plan.json: 1 finding, 1 suppressed/);
  });

  test("help with examples, and every rule", async () => {
    expect(await run("--help")).toMatchObject({ code: 0, stdout: expect.stringContaining("Examples:") });
    const { stdout } = await run("--list");
    expect(
      stdout
        .trim()
        .split("\n")
        .map((line) => line.split(":")[0]),
    ).toEqual(ruleTable.map(({ id }) => id));
  });
});

describe("the shapes of a report", () => {
  const report: Report = {
    looked: ["prod", "other"],
    rules: 3,
    unseenModules: ["prod: module.vpc"],
    quotas: [],
    findings: checkAll([
      { name: "prod", json: open },
      { name: "other", json: quiet },
    ]),
  };

  test("a table for people, without colours where none are wanted", () => {
    const lines = renderTable(report, pc.createColors(false)).split("\n");
    expect(lines.slice(0, 2)).toEqual(["prod", "  ✗ public-ip  aws_subnet.a map_public_ip_on_launch = true"]);
    expect(lines[3]).toMatch(/^ {4}→ Place it in a private subnet/);
    expect(lines).toContain(
      "  other: public-ip  aws_subnet.a map_public_ip_on_launch = true: NAT | lives <here>.",
    );
    expect(lines.at(-1)).toBe("prod, other: 1 finding, 1 suppressed; 3 rules");
    expect(renderTable(report, pc.createColors(true))).toContain("\u001b[31m");
  });

  test("a line each for pipes", () => {
    expect(
      renderText(report)
        .split("\n")
        .map((line) => line.slice(0, 30)),
    ).toEqual([
      "prod: public-ip: aws_subnet.a ",
      "other: suppressed public-ip: a",
      "Not looked into, modules have ",
      "prod, other: 1 finding, 1 supp",
    ]);
  });

  test("Markdown whose cells nothing can leave", () => {
    const text = renderMarkdown(report);
    expect(text).toMatch(/^### Guardrails: ❌ prod, other: 1 finding, 1 suppressed; 3 rules\n/);
    expect(text).toContain(
      "| other | `public-ip` | <code>aws_subnet.a map_public_ip_on_launch = true</code> | NAT \\| lives &lt;here>. |",
    );
    expect(renderMarkdown({ ...report, findings: [] })).toMatch(
      /^### Guardrails: ✅ prod, other: nothing found/,
    );
  });
});

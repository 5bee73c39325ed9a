import pc from "picocolors";
import { describe, expect, it } from "vitest";
import { LIMIT, markdownReport, markerOf } from "../../plan/markdown";
import { reportOf, type StackReport } from "../../plan/report";
import { summarize } from "../../plan/summary";
import { appliedText, textReport } from "../../plan/text";
import { attributeText } from "../../plan/words";
import { planOf, resource } from "./support/plans";

const plain = pc.createColors(false);
const report = (name: string, resources: Record<string, unknown>[], more = {}): StackReport => {
  const summary = summarize(planOf(resources, more));
  return {
    name,
    outcome: resources.length > 0 ? "changes" : "no changes",
    seconds: 1,
    summary,
    problems: [],
  };
};

const replaced = {
  replace_paths: [["username"]],
  before: { username: "app", arn: "a" },
  after: { username: "owner" },
};
const lossy = report(
  "staging",
  [
    resource("aws_subnet.a", ["create"]),
    resource("aws_subnet.b", ["create"]),
    resource("module.m.aws_subnet.a", ["create"]),
    resource("aws_ecs_service.web", ["update"], {}, { before: { count: 1 }, after: { count: 2 } }),
    resource(
      "aws_db_instance.database",
      ["delete", "create"],
      {},
      { ...replaced, after_unknown: { arn: true } },
    ),
    resource("aws_vpc.new", ["no-op"], { previous_address: "aws_vpc.old" }),
  ],
  {
    resource_drift: [resource("aws_lb.a", ["update"], {}, { before: { idle: 60 }, after: { idle: 5 } })],
    output_changes: { url: { actions: ["create"], after: "secret" } },
  },
);
const failed: StackReport = {
  name: "prod",
  outcome: "failed",
  seconds: 1,
  problems: [
    { severity: "error", summary: "It broke", detail: "in\n\ntwo", place: "aws_vpc.a", wayOut: "Mend it." },
  ],
};

describe("an attribute", () => {
  const long = "a".repeat(100);
  it.each([
    ["short values, whole", { path: "p", before: 1, after: "x" }, 'p: 1 → "x"'],
    [
      "long values, around where they differ",
      { path: "p", before: `${long}bc`, after: `${long}d${long}` },
      `p: …${"a".repeat(20)}bc" → …${"a".repeat(20)}d${"a".repeat(39)}…`,
    ],
    [
      "a long value that is replaced by a short one, from its beginning",
      { path: "p", before: long, after: null },
      `p: "${"a".repeat(59)}… → null`,
    ],
    ["a value known after the apply", { path: "p", before: 1, unknown: true }, "p: 1 → (known after apply)"],
    ["a secret", { path: "p", sensitive: true }, "p: (sensitive)"],
    ["a path without values", { path: "p" }, "p"],
  ] as const)("shows %s", (_, attribute, text) => {
    expect(attributeText(attribute)).toBe(text);
  });
});

describe("the summary as text", () => {
  const lines = textReport([failed, lossy, report("qa", [])], plain).split("\n");

  it("begins with what would be lost, and what forces it", () => {
    expect(lines.slice(0, 3)).toEqual([
      "!!! staging: something that no apply can make again",
      "  ± aws_db_instance.database is REPLACED: its databases would be lost",
      '      username: "app" → "owner"  (forces the replacement)',
    ]);
  });

  it("then tells of each stack", () => {
    expect(lines.slice(lines.indexOf("prod: failed"))).toEqual([
      "prod: failed",
      "  ✗ It broke (aws_vpc.a)",
      "      in",
      "      two",
      "  → Mend it.",
      "",
      "staging: 3 to add, 1 to change, 1 to replace, 0 to destroy, 1 to move",
      "  Changed outside Terraform:",
      "    ~ aws_lb.a (left as it is)",
      "        idle: 60 → 5",
      "  To do:",
      "    ~ aws_ecs_service.web",
      "        count: 1 → 2",
      "    → aws_vpc.new (moved from aws_vpc.old)",
      "    + aws_subnet.{a, b}",
      "    + module.m.aws_subnet.a",
      "    ~ outputs: url",
      "",
      "qa: no changes",
    ]);
  });

  it("has colours only where they are wanted", () => {
    expect(textReport([lossy], plain)).not.toContain("\u001b");
    expect(textReport([lossy], pc.createColors(true))).toContain("\u001b[31m");
  });
});

describe("the summary as Markdown", () => {
  it("marks the part of each stack, and puts losses in a caution", () => {
    const text = markdownReport([failed, lossy]);
    for (const name of ["prod", "staging"]) expect(text.split(markerOf(name))).toHaveLength(2);
    expect(text).toContain("### staging: 3 to add, 1 to change, 1 to replace, 0 to destroy, 1 to move");
    expect(text.indexOf("> [!CAUTION]")).toBeLessThan(text.indexOf("is REPLACED"));
    expect(text.indexOf("is REPLACED")).toBeLessThan(text.indexOf("**Changed outside Terraform**"));
    expect(text).toMatch(/^- It broke \(aws_vpc\.a\)$/m);
    expect(text).toMatch(/^! aws_ecs_service\.web$/m);
  });

  it.each([1, 20])("of %i stacks that are far too large fits a comment, every marker in it", (number) => {
    const many = (type: string, actions: string[]) =>
      Array.from({ length: 500 }, (_, index) =>
        resource(`${type}.a_rather_long_name_of_number_${index}`, actions),
      );
    const resources = [...many("aws_s3_bucket", ["delete"]), ...many("aws_vpc", ["update"])];
    const stacks = Array.from({ length: number }, (_, index) => report(`env${index}`, resources));
    const text = markdownReport(stacks);
    expect(text.length).toBeLessThanOrEqual(LIMIT);
    expect(text.length).toBeGreaterThan(LIMIT / 2);
    for (const { name } of stacks)
      expect(text).toContain(`${markerOf(name)}\n### ${name}: 0 to add, 500 to change`);
    expect(text).toMatch(/… and \d+ more lines: see the log/);
    // Every fence that opens closes.
    expect((text.match(/^```/gm) ?? []).length % 2).toBe(0);
  });

  it("lets no name out of its block", () => {
    const evil = 'aws_vpc.a["```\\n@everyone"]';
    const text = markdownReport([report("qa", [resource(evil, ["update"])])]);
    const [, fence = "", inside] = /\n(`{4,})diff\n([\s\S]*?)\n\1\n/.exec(text) ?? [];
    expect(fence).toBe("````");
    expect(inside).toContain("@everyone");
  });
});

describe("the report as JSON", () => {
  it.each([
    [[report("a", [])], 0],
    [[report("a", []), lossy], 2],
    [[lossy, failed], 1],
  ] as const)("has the exit code of Terraform over all stacks", (stacks, exitCode) => {
    expect(reportOf(stacks, true)).toEqual({
      version: 1,
      offline: true,
      assumed: [],
      exitCode,
      stacks,
      orphans: { found: [] },
    });
  });
});

describe("a state without a file", () => {
  const holding = ["a", "b", "c", "d", "e", "f"].map((name) => ({
    address: `aws_s3_bucket.${name}`,
    loses: "its objects",
  }));
  const found = [
    { name: "prod", resources: 146, holding },
    { name: "bootstrap", resources: 1, holding: [] },
  ];

  it("is an error of the whole report, whatever the plans say", () => {
    expect(reportOf([report("a", [])], false, [], { found }).exitCode).toBe(1);
    expect(reportOf([lossy], false, [], { found: [], problem: "s3://b cannot be read" }).exitCode).toBe(1);
  });

  it("is named first, with what it holds and the way out", () => {
    const text = textReport([lossy], plain, { found });
    expect(text.split("\n").slice(0, 5)).toEqual([
      "!!! There are resources that no file describes",
      "  ✗ prod has no file in environments/: moved or removed? 146 resources are still there, among them aws_s3_bucket.a, aws_s3_bucket.b, aws_s3_bucket.c, aws_s3_bucket.d and 2 more that hold data",
      "  → Put its file back, under this name. Where it is to go: npx slipway destroy prod",
      "  ✗ bootstrap is not described in cdktf.json: moved or removed? 1 resource is still there",
      "  → Describe it again in context of cdktf.json. Where it is to go: npx slipway destroy bootstrap",
    ]);
  });

  it("leaves the marker of a comment first, and the limit kept", () => {
    const many = Array.from({ length: 900 }, (_, index) => ({ name: `e${index}`, resources: 1, holding }));
    const text = markdownReport([lossy, failed], { orphans: { found: many } });
    expect(text.startsWith(markerOf(lossy.name))).toBe(true);
    expect(text).toContain("- e0 has no file in environments/");
    expect(text).toContain(markerOf(failed.name));
    expect(text.length).toBeLessThanOrEqual(LIMIT);
  });

  it("is unknown where the states cannot be read, which is said", () => {
    expect(
      textReport([report("a", [])], plain, {
        found: [],
        problem: "The states in s3://b cannot be read: Access Denied",
      }),
    ).toContain(
      "✗ The states in s3://b cannot be read: Access Denied. Nobody knows whether an environment's file is missing",
    );
  });
});

describe("the end of an apply", () => {
  const ended = { begun: false, made: 0, changed: 0, gone: 0, replaced: 0, problems: [] };
  it.each([
    [{ ...ended, name: "a", done: true, made: 3 }, "✓ a: 3 added, 0 changed, 0 destroyed"],
    [
      { ...ended, name: "a", done: true, made: 9, gone: 24, replaced: 1 },
      "✓ a: 9 added, 0 changed, 24 destroyed (1 of each are replacements)",
    ],
    [
      { ...ended, name: "a", done: false, problems: failed.problems },
      "✗ a: failed, nothing was changed\n  ✗ It broke (aws_vpc.a)",
    ],
    [
      { ...ended, name: "a", done: false, begun: true, gone: 1 },
      "✗ a: failed after 0 added, 0 changed, 1 destroyed. This stands",
    ],
  ])("says what became of a stack", (result, text) => {
    expect(appliedText([result], plain)).toContain(text);
  });
});

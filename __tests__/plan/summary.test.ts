import { existsSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parsePlan } from "../../plan/plan-json";
import { lossOf, STATEFUL } from "../../aws/stateful";
import { type Counts, losses, type ResourceSummary, summarize } from "../../plan/summary";
import { planOf, resource } from "./support/plans";

const none: Counts = { create: 0, update: 0, replace: 0, destroy: 0, forget: 0, move: 0, import: 0 };
const db = "aws_db_instance.database";
const replaced = { replace_paths: [["username"]], before: { username: "app" }, after: { username: "owner" } };

/** One resource each: what Terraform says, what is counted, what is told of it. */
const rows: readonly [string, object, Partial<Counts>, Partial<ResourceSummary> | undefined][] = [
  ["made", resource("aws_vpc.a", ["create"]), { create: 1 }, { kind: "create", attributes: [] }],
  [
    "changed",
    resource("aws_vpc.a", ["update"], {}, { before: { tags: { a: "1" } }, after: { tags: { a: "2" } } }),
    { update: 1 },
    { kind: "update", attributes: [{ path: "tags.a", before: "1", after: "2" }] },
  ],
  [
    "replaced, destroyed first",
    resource(db, ["delete", "create"], { action_reason: "replace_because_cannot_update" }, replaced),
    { replace: 1 },
    {
      kind: "replace",
      loses: "its databases",
      forcedBy: [{ path: "username", before: "app", after: "owner" }],
      reason: "the provider cannot change this in place",
    },
  ],
  [
    "replaced, made first",
    resource("aws_vpc.a", ["create", "delete"], {}, { replace_paths: [["ingress", 0, "port"]] }),
    { replace: 1 },
    { kind: "replace", forcedBy: [{ path: "ingress[0].port" }] },
  ],
  [
    "replaced because it is tainted",
    resource(db, ["delete", "create"], { action_reason: "replace_because_tainted" }),
    { replace: 1 },
    { forcedBy: [], reason: "an earlier apply did not finish making it", loses: "its databases" },
  ],
  [
    "destroyed",
    resource("aws_s3_bucket.logs", ["delete"], { action_reason: "delete_because_no_resource_config" }),
    { destroy: 1 },
    { kind: "destroy", loses: "its objects", reason: "it is no longer in the configuration" },
  ],
  [
    "destroyed for a reason of tomorrow",
    resource("aws_vpc.a", ["delete"], { action_reason: "delete_because_of_rain" }),
    { destroy: 1 },
    { reason: "delete because of rain" },
  ],
  [
    "destroyed, an object left over from a replacement",
    resource(db, ["delete"], { deposed: "1a2b3c4d" }),
    { destroy: 1 },
    { address: `${db} (deposed 1a2b3c4d)`, loses: "its databases" },
  ],
  ["forgotten", resource(db, ["forget"]), { forget: 1 }, { kind: "forget" }],
  [
    "replaced, the old one left",
    resource("aws_vpc.a", ["create", "forget"]),
    { replace: 1 },
    { kind: "replace" },
  ],
  [
    "moved",
    resource("aws_vpc.b", ["no-op"], { previous_address: "aws_vpc.a" }),
    { move: 1 },
    { kind: "none", movedFrom: "aws_vpc.a" },
  ],
  [
    "moved and changed",
    resource("aws_vpc.b", ["update"], { previous_address: "aws_vpc.a" }),
    { move: 1, update: 1 },
    { kind: "update", movedFrom: "aws_vpc.a" },
  ],
  [
    "imported",
    resource("aws_vpc.a", ["no-op"], {}, { importing: { id: "vpc-1" } }),
    { import: 1 },
    { kind: "none", imported: "vpc-1" },
  ],
  [
    "imported, the id not known yet",
    resource("aws_vpc.a", ["no-op"], {}, { importing: {} }),
    { import: 1 },
    { imported: "an id known after apply" },
  ],
  ["left alone", resource("aws_vpc.a", ["no-op"]), {}, undefined],
  ["read", resource("data.aws_ami.a", ["read"], { mode: "data" }), {}, undefined],
];

describe("a resource that is", () => {
  it.each(rows)("%s", (_, change, counts, told) => {
    const summary = summarize(planOf([change as Record<string, unknown>]));
    expect(summary.counts).toEqual({ ...none, ...counts });
    expect(summary.resources).toHaveLength(told === undefined ? 0 : 1);
    if (told) expect(summary.resources[0]).toMatchObject(told);
    expect(summary.resources[0]?.loses).toBe(told?.loses);
  });
});

describe("what was changed outside Terraform", () => {
  const edited = (address: string) =>
    resource(
      address,
      ["update"],
      {},
      {
        before: { days: 7, password: "a" },
        after: { days: 1, password: "b" },
        after_sensitive: { password: true },
      },
    );

  it("stands apart, says whether the plan answers it, and shows no secret", () => {
    const plan = planOf([resource("aws_x.answered", ["update"])], {
      resource_drift: [edited("aws_x.left"), edited("aws_x.answered"), resource("aws_x.gone", ["delete"])],
    });
    const attributes = [
      { path: "days", before: 7, after: 1 },
      { path: "password", sensitive: true },
    ];
    expect(summarize(plan).drift).toEqual([
      { address: "aws_x.answered", type: "aws_x", kind: "update", attributes, answered: true },
      { address: "aws_x.gone", type: "aws_x", kind: "destroy", attributes: [], answered: false },
      { address: "aws_x.left", type: "aws_x", kind: "update", attributes, answered: false },
    ]);
    expect(summarize(plan).counts).toEqual({ ...none, update: 1 });
  });

  it("is not told where AWS only notes that something else names an object", () => {
    const drift = (after: object) => {
      const before = { attachment_count: 0, path: "/" };
      const policy = resource("aws_iam_policy.a", ["update"], {}, { before, after: { ...before, ...after } });
      return summarize(planOf([], { resource_drift: [policy] })).drift.map(({ attributes }) => attributes);
    };
    expect(drift({ attachment_count: 1 })).toEqual([]);
    expect(drift({ attachment_count: 1, path: "/x/" })).toEqual([
      [{ path: "path", before: "/", after: "/x/" }],
    ]);
  });

  it("is not told where only nothing became empty", () => {
    const tags = resource("aws_x.a", ["update"], {}, { before: { tags: null }, after: { tags: {} } });
    expect(summarize(planOf([], { resource_drift: [tags] })).drift).toEqual([]);
  });
});

describe("a plan", () => {
  it("puts destroys and replacements first, then goes by address", () => {
    const plan = planOf([
      resource("aws_b.create", ["create"]),
      resource("aws_a.create", ["create"]),
      resource("aws_z.replace", ["delete", "create"]),
      resource("aws_a.update", ["update"]),
      resource("aws_z.destroy", ["delete"]),
    ]);
    expect(summarize(plan).resources.map(({ address }) => address)).toEqual([
      "aws_z.destroy",
      "aws_z.replace",
      "aws_a.update",
      "aws_a.create",
      "aws_b.create",
    ]);
  });

  it("names outputs that change, never their values", () => {
    const outputs = { url: { actions: ["update"], before: "a", after: "b" }, same: { actions: ["no-op"] } };
    expect(summarize(planOf([], { output_changes: outputs })).outputs).toEqual(["url"]);
  });

  it.each([
    [
      "an action of tomorrow",
      { format_version: "1.2", resource_changes: [resource("aws_vpc.a", ["explode"])] },
    ],
    ["a format of tomorrow", { format_version: "2.0" }],
  ])("with %s is refused, not misread", (_, plan) => {
    expect(() => parsePlan(JSON.stringify(plan))).toThrow(/cannot be read.*newer than this project/);
  });

  it("counts exactly the actions that Terraform lists", () => {
    const actions = fc.constantFrom<readonly string[]>(
      ["no-op"],
      ["read"],
      ["create"],
      ["update"],
      ["delete"],
      ["forget"],
      ["create", "delete"],
      ["delete", "create"],
    );
    const entry = fc.record({
      actions,
      moved: fc.boolean(),
      imported: fc.boolean(),
      type: fc.constantFrom("aws_vpc", "aws_s3_bucket"),
    });
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 30 }), (entries) => {
        const { counts, resources, ...rest } = summarize(
          planOf(
            entries.map(({ actions, moved, imported, type }, index) =>
              resource(
                `${type}.r${index}`,
                actions,
                moved ? { previous_address: "aws_vpc.old" } : {},
                imported ? { importing: { id: "x" } } : {},
              ),
            ),
          ),
        );
        const all = entries.flatMap((one) => one.actions);
        const number = (action: string) => all.filter((one) => one === action).length;
        expect(counts.create + counts.replace).toBe(number("create"));
        expect(counts.destroy + counts.replace).toBe(number("delete"));
        expect(counts.update).toBe(number("update"));
        expect(counts.forget).toBe(number("forget"));
        expect(counts.move).toBe(entries.filter(({ moved }) => moved).length);
        expect(counts.import).toBe(entries.filter(({ imported }) => imported).length);
        const lost = entries.filter((one) => one.type === "aws_s3_bucket" && one.actions.includes("delete"));
        expect(losses({ counts, resources, ...rest })).toHaveLength(lost.length);
      }),
    );
  });
});

describe("the table of what cannot be made again", () => {
  it.each(Object.keys(STATEFUL))("knows %s by a name that the provider has", (type) => {
    const folder = type.replace(/^aws_/, "").replaceAll("_", "-");
    expect(existsSync(join(__dirname, "../../node_modules/@cdktf/provider-aws/lib", folder))).toBe(true);
  });

  it("holds secret parameters, which people write by hand, and no others", () => {
    expect(lossOf("aws_ssm_parameter", { type: "SecureString" })).toMatch(/as somebody wrote it/);
    expect(lossOf("aws_ssm_parameter", { type: "SecureString", tags: { team: "a" } })).toBeDefined();
    const generated = { type: "SecureString", tags: { content: "generated" } };
    expect(lossOf("aws_ssm_parameter", generated)).toBeUndefined();
    expect(lossOf("aws_ssm_parameter", { type: "String" })).toBeUndefined();
    expect(lossOf("aws_vpc", {})).toBeUndefined();
    expect(lossOf("constructor", {})).toBeUndefined();
  });
});

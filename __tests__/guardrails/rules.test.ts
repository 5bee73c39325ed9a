import { describe, expect, test } from "vitest";
import { check, checkAll, checkPlan, ruleTable } from "../../guardrails";
import { rules } from "../../guardrails/rules";
import { cases } from "./support/all-cases";
import { but, type Json, places, resource } from "./support/json";

const found = (json: Json) => check(json).map(({ rule }) => rule);
const rows = (side: "fails" | "passes") =>
  Object.entries(cases).flatMap(([rule, both]) =>
    Object.entries(both[side]).map(([name, json]) => [rule, name, json] as const),
  );

describe("every rule over a stack", () => {
  test("has what breaks it and what keeps it", () => {
    expect(Object.keys(cases)).toEqual(rules.map(({ id }) => id));
    for (const [rule, { fails, passes }] of Object.entries(cases)) {
      expect(Object.keys(fails).length, rule).toBeGreaterThan(0);
      expect(Object.keys(passes).length, rule).toBeGreaterThan(0);
    }
  });

  test.each(rows("fails"))("%s is broken by: %s", (rule, _, json) => {
    expect(found(json)).toContain(rule);
  });

  test.each(rows("passes"))("%s is kept by: %s", (rule, _, json) => {
    expect(found(json)).not.toContain(rule);
  });

  test.each(rows("passes"))("%s is kept by: %s, whatever an apply makes of any value", (rule, _, json) => {
    for (const place of places(json)) {
      // Without a reference there is no edge, and depends_on takes no expression: that is what the rule is about.
      if (rule === "literal-reference" && /depends_on|cluster_name/.test(place.join("."))) continue;
      const unknown = but(json, place, "${var.unknown}") as Json;
      expect(found(unknown), place.join(".")).not.toContain(rule);
    }
  });

  test("finds a place that can be looked up", () => {
    for (const [, , json] of rows("fails")) {
      const stated = [...Object.keys(json.resource ?? {}), ...Object.keys(json.data ?? {})];
      for (const { address, path } of check(json)) {
        expect(path).not.toMatch(/^\.|\.$|\.\.|undefined/);
        expect(
          stated.some((type) => address.includes(type)) ||
            /^(provider|terraform|module|var|locals)/.test(address),
          address,
        ).toBe(true);
      }
    }
  });
});

describe("every rule", () => {
  test.each(ruleTable.map((rule) => [rule.id, rule] as const))(
    "%s says what, why, whence and how to mend it",
    (id, rule) => {
      expect(id).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
      expect(rule.why).toMatch(/^[^.].*\.$/s);
      expect(rule.source.length).toBeGreaterThan(5);
      expect(rule.mend).toMatch(/\.$/);
    },
  );

  test("has an id of its own", () => {
    expect(new Set(ruleTable.map(({ id }) => id)).size).toBe(ruleTable.length);
  });
});

describe("a finding", () => {
  test("says all that is needed to mend it", () => {
    expect(check(resource("aws_instance", { associate_public_ip_address: true }), "shop")[0]).toEqual({
      rule: "public-ip",
      stack: "shop",
      address: "aws_instance.it",
      path: "associate_public_ip_address",
      value: "true",
      why: expect.stringContaining("public address"),
      source: expect.stringContaining("EC2.9"),
      mend: expect.stringContaining("private subnet"),
      suppressed: undefined,
    });
  });

  test("names an IAM statement by its Sid, which does not move when one is added", () => {
    const statement = { Sid: "Read", Effect: "Allow", Action: "s3:GetObject", Resource: "*" };
    const [finding] = check(
      resource("aws_iam_policy", { policy: JSON.stringify({ Statement: [statement] }) }),
    ).filter(({ rule }) => rule === "iam-wildcard-resource");
    expect(finding).toMatchObject({ path: "policy.Statement.Read.Resource", value: '["*"]' });
  });

  test("never shows a secret, whichever rule it breaks", () => {
    const secretive = rows("fails").filter(([rule]) => /secret/.test(rule));
    for (const [, , json] of secretive) {
      expect(JSON.stringify(check(json))).not.toMatch(/hunter22|AKIAIOSF|abcdefghijklmnop|BEGIN/);
    }
  });
});

describe("shared-state", () => {
  const s3 = (name: string, key: string) => ({
    name,
    json: { terraform: { backend: { s3: { bucket: "states", key, encrypt: true, use_lockfile: true } } } },
  });
  const local = (name: string, path: string) => ({
    name,
    json: { terraform: { backend: { local: { path } } } },
  });

  test.each([
    ["one key in one bucket", s3("staging", "terraform.tfstate"), s3("prod", "terraform.tfstate")],
    ["one file", local("staging", "../../terraform.tfstate"), local("prod", "../../terraform.tfstate")],
  ])("is broken by: %s", (_, one, other) => {
    expect(checkAll([one, other])).toMatchObject([{ rule: "shared-state", stack: "prod" }]);
  });

  test.each([
    ["a key each", s3("staging", "staging"), s3("prod", "prod")],
    ["a file below each folder", local("staging", "terraform.tfstate"), local("prod", "terraform.tfstate")],
    ["keys that are expressions", s3("staging", "${var.key}"), s3("prod", "${var.key}")],
  ])("is kept by: %s", (_, one, other) => {
    expect(checkAll([one, other])).toEqual([]);
  });
});

describe("checkPlan", () => {
  const change = (actions: string[], more: Json = {}) => ({
    format_version: "1.2",
    resource_changes: [
      {
        address: "aws_db_instance.it",
        mode: "managed",
        type: "aws_db_instance",
        ...more,
        change: { actions, ...more.change },
      },
    ],
  });

  test("stateful-destroy is broken by a destroy", () => {
    expect(checkPlan(change(["delete"]))).toMatchObject([
      { rule: "stateful-destroy", address: "aws_db_instance.it", value: '["delete"]' },
    ]);
  });

  test.each([[["delete", "create"]], [["create", "delete"]]])(
    "stateful-replace is broken by %j, and says what forces it",
    (actions) => {
      expect(
        checkPlan(change(actions, { change: { replace_paths: [["engine"], ["subnet", 0]] } })),
      ).toMatchObject([{ rule: "stateful-replace", path: "engine, subnet.0" }]);
    },
  );

  test.each([
    ["a change in place", change(["update"])],
    ["a new one", change(["create"])],
    ["one that Terraform forgets", change(["forget"])],
    ["what holds no data", change(["delete"], { type: "aws_iam_role" })],
    ["no changes", { format_version: "1.2" }],
    ["a change whose actions are missing", { resource_changes: [{ type: "aws_db_instance" }] }],
  ])("both are kept by: %s", (_, plan) => {
    expect(checkPlan(plan)).toEqual([]);
  });
});

import { describe, expect, test } from "vitest";
import { check, checkAll } from "../../guardrails";
import { Stack } from "../../guardrails/stack";
import { addBootstraps, constructEnvironments } from "../../modules/app";
import { newApp } from "../modules/support/synthesize";
import { shipped } from "../support/shipped";
import { defects, handWritten } from "./support/hand-written";
import { but, type Json, places } from "./support/json";
import { jsonOf } from "./support/synthesize";

const project = { project: "app" };
const app = newApp();
const environments = constructEnvironments(
  app,
  [
    { file: "staging.ts", ...shipped.staging },
    { file: "prod.ts", ...shipped.prod },
  ],
  project,
);
const stacks = environments.map((environment) => ({
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

describe("the bootstrap stack", () => {
  const [bootstrap] = addBootstraps(
    app,
    {
      ...project,
      stateBucket: "",
      stateRegion: "",
      quotas: {},
      accounts: {},
      bootstrap: {
        region: "us-west-2",
        github: { repository: "owner/repository", services: ["owner/web"], provider: "create" },
        budget: { monthly: 100, emails: ["ops@example.com"] },
      },
    },
    environments,
  );
  const findings = bootstrap ? check(jsonOf(bootstrap), "bootstrap") : [];

  test("breaks no rule but those that its roles for Terraform must, each with a reason", () => {
    expect(findings.filter(({ suppressed }) => suppressed === undefined)).toEqual([]);
    const excused = findings.map(({ rule, address, path }) => `${rule} ${address} ${path}`).sort();
    const statement = (sid: string, key: string) => `policy_1 policy.Statement.${sid}.${key}`;
    expect(excused).toEqual([
      ...["prod", "staging"].map(
        (name) =>
          `iam-wildcard-action aws_iam_policy.ci_apply_${name}_${statement("ChangeServices", "Action")}`,
      ),
      ...["prod", "staging"].map(
        (name) =>
          `iam-wildcard-action aws_iam_policy.ci_boundary_${name} policy.Statement.Anything.NotAction`,
      ),
      ...["prod", "staging"].flatMap((name) =>
        ["ChangeServices", "ReadServices"].map(
          (sid) => `iam-wildcard-resource aws_iam_policy.ci_apply_${name}_${statement(sid, "Resource")}`,
        ),
      ),
      ...["prod", "staging"].map(
        (name) =>
          `iam-wildcard-resource aws_iam_policy.ci_boundary_${name} policy.Statement.Anything.Resource`,
      ),
      ...["bootstrap", "prod", "staging"].map(
        (stack) =>
          `iam-wildcard-resource aws_iam_policy.ci_plan_${stack}_${statement("ReadServices", "Resource")}`,
      ),
    ]);
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

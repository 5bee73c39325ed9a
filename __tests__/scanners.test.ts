import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ruleTable } from "../guardrails";
import { environmentOptions } from "../modules/environment/props";
import type { Graph } from "./modules/support/graph";
import { butWeb, larger, least } from "./modules/support/least";
import { synthesize } from "./modules/support/synthesize";
import { checks, types } from "./support/checkov.json";

const ROOT = join(__dirname, "..");
const text = readFileSync(join(ROOT, "docs", "scanners.md"), "utf8");
const rows = [...text.matchAll(/^\| (.*) \| ((?:CK|[A-Z]).*\d) \| (.*) \|$/gm)].map(
  ([, what = "", ids = "", why = ""]) => ({ what, ids: ids.split(", "), why }),
);
const failing = rows.flatMap(({ ids }) => ids);
const [passing = ""] = /The rest passes.*?\.\n\n/s.exec(text) ?? [];
const isCheckov = (id: string) => id.startsWith("CKV");

describe("docs/scanners.md", () => {
  test("says of every check of Checkov's for our resource types, once, that it fails or that it passes", () => {
    const said = [...failing.filter(isCheckov), ...(passing.match(/CKV2?_AWS_\d+/g) ?? [])];
    expect(said.toSorted()).toEqual(Object.keys(checks).toSorted());
  });

  test("knows every resource type that the modules make: a new one asks for a new look", () => {
    const modules = join(ROOT, "modules");
    const made = readdirSync(modules, { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts"))
      .flatMap((file) => [
        ...readFileSync(join(modules, file), "utf8").matchAll(
          /^import \{[^}]*\} from "@cdktf\/provider-aws\/lib\/(?!data-|provider")([a-z0-9-]+)"/gm,
        ),
      ])
      .map(([, name = ""]) => `aws_${name.replaceAll("-", "_")}`);
    expect([...new Set(made)].filter((type) => !types.includes(type))).toEqual([]);
    expect(types.filter((type) => !made.includes(type))).toEqual([]);
  });

  test("names every control of Security Hub that a guardrail stands for", () => {
    const controls = ruleTable
      .filter(({ source }) => source.includes("AWS Security Hub"))
      .flatMap(({ source }) => source.match(/\b[A-Z]\w+\.\d+\b/g) ?? []);
    expect(controls.length).toBeGreaterThan(30);
    for (const control of controls) expect(text).toMatch(new RegExp(`\\b${control.replace(".", "\\.")}\\b`));
  });

  test("gives each row a reason, or options that there are", () => {
    expect(rows.length).toBeGreaterThan(30);
    for (const { what, why } of rows) {
      expect([what, why.length > 30]).toEqual([what, true]);
      for (const [, option = ""] of why.matchAll(/`([a-z]\w*)(?:: |\.<)/g))
        expect(Object.keys(environmentOptions.shape)).toContain(option);
    }
  });
});

const every = (graph: Graph, type: string, key: string, holds = (value: unknown) => Boolean(value)) =>
  graph.all(type).length > 0 && graph.all(type).every(({ body }) => holds(body[key]));

/** What a check looks at, where the preset `production` mends it. */
const mended: Readonly<Record<string, (graph: Graph) => boolean>> = {
  CKV_AWS_91: (graph) => every(graph, "aws_lb", "access_logs"),
  CKV_AWS_150: (graph) => every(graph, "aws_lb", "enable_deletion_protection"),
  CKV_AWS_157: (graph) => every(graph, "aws_db_instance", "multi_az"),
  CKV_AWS_158: (graph) => every(graph, "aws_cloudwatch_log_group", "kms_key_id"),
  CKV_AWS_293: (graph) => every(graph, "aws_db_instance", "deletion_protection"),
  CKV_AWS_337: (graph) =>
    graph.all("aws_ssm_parameter").every(({ body }) => body.type !== "SecureString" || body.key_id),
  CKV2_AWS_11: (graph) => graph.count("aws_flow_log") === 1,
};

test.each(Object.entries(mended))("%s fails on small, and production mends it", (id, holds) => {
  expect(rows.find(({ ids }) => ids.includes(id))?.why).toContain("`production`");
  expect([holds(synthesize(least)), holds(synthesize(larger, "prod"))]).toEqual([false, true]);
});

test("what the table says passes of an own key does: it is rotated, and has a policy that names nobody else", () => {
  const key = synthesize(larger, "prod").one("aws_kms_key");
  expect(passing).toMatch(/CKV_AWS_7,.*CKV_AWS_33,/s);
  expect(key.enable_key_rotation).toBe(true);
  expect(key.policy).not.toContain('"Principal":"*"');
});

test("no container of a service with readonlyRootFilesystem has a root that can be written", () => {
  const graph = synthesize(butWeb({ readonlyRootFilesystem: true }));
  const containers = graph
    .all("aws_ecs_task_definition")
    .flatMap(({ body }) => JSON.parse(body.container_definitions));
  expect(containers.every(({ readonlyRootFilesystem }) => readonlyRootFilesystem === true)).toBe(true);
});

import { readFileSync } from "node:fs";
import { join } from "node:path";
import pc from "picocolors";
import { expect, test } from "vitest";
import { checkAll, ruleTable, renderTable } from "../../guardrails";
import { ruleMarkdown } from "../../guardrails/report/markdown";
import { resource, together } from "./support/json";

const text = readFileSync(join(__dirname, "..", "..", "docs", "guardrails.md"), "utf8");

test("docs/guardrails.md shows every rule as it is", () => {
  expect(text).toContain(ruleMarkdown(ruleTable));
});

test("docs/guardrails.md shows a report as it is", () => {
  const json = together(
    resource("aws_vpc_security_group_ingress_rule", { cidr_ipv4: "0.0.0.0/0" }, "http"),
    resource(
      "aws_s3_bucket",
      {
        force_destroy: true,
        "//": { guardrails: [{ rule: "force-destroy", why: "Thumbnails are made anew on demand." }] },
      },
      "thumbnails",
    ),
  );
  const shown = ["open-ingress", "force-destroy"];
  const findings = checkAll([{ name: "prod", json }]).filter(({ rule }) => shown.includes(rule));
  const report = { looked: ["prod"], rules: ruleTable.length, unseenModules: [], quotas: [], findings };
  expect(text).toContain(renderTable(report, pc.createColors(false)));
});

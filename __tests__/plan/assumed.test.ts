import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sourceOf } from "../support/shipped";
import { Project, worldOf } from "../terraform/support/project";
import { type Outcome, run } from "./support/run";

/** Another team's: its own repository, its own domain, a log group that it moves in, an OIDC provider that is there. */
const environments = {
  "live.ts": sourceOf("staging")
    .replace('registry: "app"', 'registry: "shop"')
    .replace(
      "preset: small,",
      'preset: small, distribution: { domain: { names: ["www.acme.io"], zone: "acme.io" } },',
    )
    .replace(
      /\}\);\s*$/,
      '}, (live) => { live.services.web.logGroup.importFrom("/old/web"); live.database.instance.importFrom("legacy"); });',
    ),
};
const context = {
  project: "acme",
  bootstrap: { region: "us-west-2", github: { repository: "acme/platform", provider: "existing" } },
};

describe("an offline plan of what somebody else makes", () => {
  const project = new Project(environments, context);
  let planned: Outcome;
  beforeAll(async () => {
    planned = await run(project.folder, ["plan", "--offline", "--json", "--markdown", "plan.md"]);
  });
  afterAll(() => project.remove());

  const assumed = [
    { type: "aws_cloudwatch_log_group", name: "/old/web" },
    { type: "aws_db_instance", name: "legacy" },
    { type: "aws_iam_openid_connect_provider", name: "https://token.actions.githubusercontent.com" },
    { type: "aws_route53_zone", name: "acme.io" },
  ];

  it("succeeds, and lists what it took as there", () => {
    expect(planned.code, planned.stderr).toBe(2);
    const report = JSON.parse(planned.stdout);
    const byName = (a: { type: string }, b: { type: string }) => (a.type < b.type ? -1 : 1);
    expect(report.assumed.sort(byName)).toEqual(assumed);
    const markdown = readFileSync(join(project.folder, "plan.md"), "utf8");
    for (const { type, name } of assumed) {
      expect(markdown).toContain(`- \`${type}\` \`${name}\``);
      expect(planned.stderr).toContain(`${type} ${name}`);
    }
  });

  it("shows imports as such: nothing is made twice or replaced", () => {
    const { stacks } = JSON.parse(planned.stdout);
    const live = stacks.find(({ name }: { name: string }) => name === "live");
    expect(live.summary.counts).toMatchObject({ replace: 0, destroy: 0, import: 2 });
  });

  it("leaves no trace of them: a later command misses them as before", () => {
    const types = assumed.map(({ type }) => type);
    const there = worldOf(project)
      .list()
      .filter(({ type, attributes }) => types.includes(type) && attributes.name !== "app");
    expect(there.map(({ attributes }) => attributes.name)).toEqual(["example.com"]);
  });
});

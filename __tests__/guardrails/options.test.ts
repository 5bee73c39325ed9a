import { expect, test } from "vitest";
import { check } from "../../guardrails";
import { constructEnvironments } from "../../modules/app";
import { type EnvironmentProps, production, small } from "../../modules/environment";
import { withoutTokenTraces } from "../../modules/traces";
import { newApp } from "../modules/support/synthesize";
import { jsonOf } from "./support/synthesize";

const web = { port: 8080, database: true, migrations: true };
const domain = { names: ["app.example.com"], zone: "example.com" };
const nightly = { expression: "cron(0 3 * * ? *)", command: ["bin/report"] };

/** What an environment file may say, beside what the shipped ones do. */
const options: Readonly<Record<string, Partial<EnvironmentProps>>> = {
  "no NAT": { network: { nat: false }, database: { logins: false } },
  "no bastion": { bastion: false },
  "no database": { database: false, services: { web: { port: 8080 } } },
  "no distribution": { distribution: false, services: { worker: { command: ["bin/worker"] } } },
  "a domain, WAF, cached paths, access logs": {
    distribution: { domain, waf: true, cachedPaths: ["/static/*"], accessLogs: true },
  },
  "a repository of its own": { registry: { repository: "app", create: true } },
  "a bucket, a queue, a cache": {
    services: { web: { ...web, uses: { uploads: "bucket", jobs: "queue", cache: "valkey" } } },
  },
  "a service that only services call": {
    services: { web: { ...web, config: { API: "$SERVICE_URL(api)" } }, api: { port: 9000, internal: true } },
  },
  "a move of an address and its data": {
    distribution: { domain, waf: true, accessLogs: true },
    services: { web: { ...web, database: ["DATABASE_URL"] }, worker: { database: ["DATABASE_URL"] } },
    move: { from: { origin: "https://old.example.net", domain: "app.example.com" }, database: true },
  },
  "Fargate alone": { cluster: { capacity: {} } },
  "ECS Exec, schedules, autoscaling": {
    services: { web: { ...web, exec: true, schedules: { nightly }, autoscaling: { max: 4 } } },
  },
};

function findings(name: string, props: EnvironmentProps): string[] {
  const files = [{ file: `${name}.ts`, props }];
  const [environment] = withoutTokenTraces(() => constructEnvironments(newApp(), files, { project: "app" }));
  if (!environment) throw new Error("No environment was made.");
  return check(jsonOf(environment)).map(({ rule, address, path }) => `${rule} ${address} ${path}`);
}

test.each(Object.entries(options))("no rule is broken by: %s", (_, option) => {
  const props = { region: "us-west-2", registry: "app", services: { web }, ...option };
  expect(findings("qa", { preset: small, ...props })).toEqual([]);
  expect(findings("prod", { preset: production, ...props })).toEqual([]);
});

test("the small preset breaks the rules on losing data in an environment that does not say that it may", () => {
  const props = { preset: small, region: "us-west-2", registry: "app", services: { web } };
  expect(findings("europe", props).map((finding) => finding.split(" ")[0])).toEqual([
    "deletion-protection",
    "final-snapshot",
    "database-backups",
    "access-logs",
    "access-logs",
  ]);
});

import { cpSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { made, Project } from "./support/project";

/** One environment per option that a person can switch, in one app. */
const variants: Readonly<Record<string, string>> = {
  "nat-none": `network: { nat: false },`,
  "nat-per-zone": `network: { nat: "per-zone" },`,
  "two-zones": `network: { zones: 2 },`,
  "named-zones": `network: { zones: ["us-west-2a", "us-west-2d"], cidr: "10.200.0.0/22" },`,
  "some-endpoints": `network: { endpoints: ["ecr.api", "ecr.dkr", "logs"] },`,
  "no-bastion": `bastion: false,`,
  "ssh-bastion": `bastion: { ssh: { cidrs: ["203.0.113.7/32"], publicKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ5cYZgqfQ8bbWuUYVhIcQ3M0EzZrXk3Rw9B3Cq3m0dE someone" } },`,
  "no-database": `database: false,`,
  "large-database": `database: { instanceClass: "db.m7g.large", multiAz: true, engineVersion: "16.4", storage: 100, maxStorage: 200, parameters: { max_connections: 200, work_mem: "8192" }, finalSnapshot: true },`,
  "graviton-pinned": `cluster: { image: "ami-0123456789abcdef0", capacity: { arm: { instanceTypes: ["t4g.medium", "m7g.medium"] } } },`,
  "two-providers": `cluster: { capacity: { base: { instanceTypes: ["m7i.large"], base: 1 }, spot: { instanceTypes: ["m7i.large", "m6i.large"], spot: true, min: 0, weight: 3 } } },`,
  "no-distribution": `distribution: false, services: { jobs: { command: ["worker"] } },`,
  domain: `distribution: { domain: { names: ["app.example.com", "api.example.com"], zone: "example.com" } },`,
  waf: `distribution: { waf: true },`,
  "access-logs": `distribution: { accessLogs: { days: 30 }, cachedPaths: ["/static/*"], priceClass: "PriceClass_All", timeout: 30 },`,
  "own-registry": `registry: { repository: "own/registry", create: true },`,
  "only-fargate": `cluster: { capacity: {} }, services: { web: { port: 8080, migrations: true } },`,
  "spot-fargate": `services: { web: { port: 8080, capacity: "fargate-spot", cpu: 512, memory: 1024, architecture: "ARM64" } },`,
  "two-services": `services: { web: { port: 8080 }, api: { port: 9090, paths: ["/api/*"], count: 2 } },`,
  worker: `services: { web: { port: 8080 }, worker: { command: ["worker"], exec: true, count: 2 } },`,
  schedule: `services: { web: { port: 8080, schedules: { nightly: { expression: "cron(0 3 * * ? *)", command: ["report"] }, hourly: { expression: "rate(1 hour)", command: ["sync"] } } } },`,
  autoscaling: `services: { web: { port: 8080, autoscaling: { min: 1, max: 4 } } },`,
  permissions: `services: { web: { port: 8080, permissions: [{ sid: "Uploads", actions: ["s3:PutObject"], resources: ["arn:aws:s3:::uploads/*"] }] } },`,
  "no-services": `services: {},`,
};

/** An environment file around an option. Written later in the literal, the option wins. */
const file = (option: string) => `
import { environment, small } from "../modules/environment";
export default environment({
  preset: small,
  region: "us-west-2",
  registry: "app",
  services: { web: { port: 8080, migrations: true } },
  ${option}
});
`;

describe("every option plans cleanly with the real Terraform", () => {
  const project = new Project(
    Object.fromEntries(Object.entries(variants).map(([name, option]) => [`${name}.ts`, file(option)])),
  );
  afterAll(() => project.remove());

  beforeAll(async () => {
    const { code, output } = await project.synth();
    expect(code, output).toBe(0);
    expect(readdirSync(join(project.folder, "cdktf.out/stacks"))).toHaveLength(Object.keys(variants).length);
  });

  it.each(Object.keys(variants))("%s", async (name) => {
    const stack = `-chdir=cdktf.out/stacks/${name}`;
    const plan = `terraform ${stack} init -input=false >/dev/null && terraform ${stack} plan -input=false`;
    const { code, output } = await project.sandbox("sh", "-c", plan);
    expect(code, output).toBe(0);
    expect(output).toMatch(/Plan: \d+ to add, 0 to change, 0 to destroy/);
    expect(output).not.toContain("Warning:");
  });
});

describe("many options at once", () => {
  const everything = `
    network: { nat: "per-zone", endpoints: true },
    bastion: { ssh: { cidrs: ["203.0.113.7/32"], publicKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ5cYZgqfQ8bbWuUYVhIcQ3M0EzZrXk3Rw9B3Cq3m0dE someone" } },
    registry: { repository: "own", create: true },
    distribution: {
      domain: { names: ["app.example.com", "api.example.com"], zone: "example.com" },
      waf: true, accessLogs: true, cachedPaths: ["/static/*"], deletionProtection: false,
    },
    services: {
      web: { port: 8080, hosts: ["app.example.com"], secrets: ["KEY"], database: ["DATABASE_URL"], migrations: true, autoscaling: { max: 4 } },
      api: { port: 9090, hosts: ["api.example.com"], capacity: "fargate-spot", exec: true },
      worker: { command: ["worker"], schedules: { nightly: { expression: "rate(1 day)", command: ["report"] } } },
    },`;
  const bare = `network: { nat: false }, bastion: false, database: false, distribution: false, services: { worker: { capacity: "fargate" } },`;
  const project = new Project({ "everything.ts": file(everything), "bare.ts": file(bare) });
  afterAll(() => project.remove());

  it("apply, plan no change after that, and are destroyed to the last object", async () => {
    const applied = await project.cdktf("apply", "everything", "bare", "--auto-approve");
    expect(applied.code, applied.output).toBe(0);
    for (const name of ["everything", "bare"]) {
      const { output } = await project.cdktf("plan", name);
      expect(output).toContain("No changes.");
    }
    const destroyed = await project.cdktf("destroy", "everything", "bare", "--auto-approve");
    expect(destroyed.code, destroyed.output).toBe(0);
    expect(made(project)).toEqual([]);
  });
});

describe("peering", () => {
  const project = new Project({
    "hub.ts": file(`network: "10.1.0.0/16",`),
    "spoke.ts": file(`network: { cidr: "10.2.0.0/16", peering: ["hub"] },`),
  });
  afterAll(() => project.remove());

  it("is refused while the peer is not there, and routes both ways once it is", async () => {
    await project.synth();
    const early = await project.cdktf("plan", "spoke");
    expect(early.code).not.toBe(0);
    expect(early.output).toContain("no matching");
    const both = await project.cdktf("apply", "hub", "--auto-approve");
    expect(both.code, both.output).toBe(0);
    const spoke = await project.cdktf("apply", "spoke", "--auto-approve");
    expect(spoke.code, spoke.output).toBe(0);
    const again = await project.cdktf("plan", "spoke");
    expect(again.output).toContain("No changes.");
    const hub = await project.cdktf("plan", "hub");
    expect(hub.output).toContain("No changes.");
  });
});

describe("a copied file", () => {
  const project = new Project();
  afterAll(() => project.remove());

  it("is one more environment, of more than a hundred resources, with no other file touched", async () => {
    cpSync(join(project.folder, "environments/staging.ts"), join(project.folder, "environments/qa.ts"));
    const { code, output } = await project.cdktf("plan", "qa");
    expect(code, output).toBe(0);
    const [, count] = /Plan: (\d+) to add, 0 to change, 0 to destroy/.exec(output) ?? [];
    expect(Number(count)).toBeGreaterThan(100);
  });
});

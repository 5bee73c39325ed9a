import { cpSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { file } from "./support/file";
import { parseContract } from "../../modules/contract";
import { made, Project, worldOf } from "./support/project";

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
    for (const name of ["everything", "bare"]) {
      const applied = await project.terraform(name, "apply -auto-approve");
      expect(applied.code, applied.output).toBe(0);
    }
    for (const name of ["everything", "bare"])
      expect((await project.terraform(name, "plan")).output).toContain("No changes.");
    for (const name of ["everything", "bare"]) {
      const destroyed = await project.terraform(name, "destroy -auto-approve");
      expect(destroyed.code, destroyed.output).toBe(0);
    }
    expect(made(project)).toEqual([]);
  });
});

describe("many services", () => {
  const names = Array.from({ length: 30 }, (_, index) => `worker-${index}`);
  const services = names.map(
    (name) => `"${name}": { secrets: ["API_KEY"], migrations: ${name === "worker-0"} }`,
  );
  const project = new Project({
    "many.ts": file(`distribution: false, bastion: false, services: { ${services.join(", ")} },`),
  });
  afterAll(() => project.remove());

  it("still make a contract that a parameter holds and deploy reads", async () => {
    const { code, output } = await project.terraform("many", "apply -auto-approve");
    expect(code, output).toBe(0);
    const parameter = worldOf(project).find({ type: "aws_ssm_parameter", where: { name: "/many/deploy" } });
    const text = (parameter && worldOf(project).reveal(parameter, "value")) ?? "";
    expect(text.length).toBeLessThan(4096);
    const contract = parseContract(text, "the parameter");
    expect(contract.services.map(({ name }) => name)).toEqual(names);
    expect(contract.services[29]?.secrets).toEqual({ API_KEY: "/many/service/worker-29/API_KEY" });
  });
});

describe("peering", () => {
  const project = new Project({
    "hub.ts": file(`network: "10.1.0.0/16",`),
    "spoke.ts": file(`network: { cidr: "10.2.0.0/16", peering: ["hub"] },`),
  });
  afterAll(() => project.remove());

  it("is refused while the peer is not there, and routes both ways once it is", async () => {
    const early = await project.terraform("spoke", "plan");
    expect(early.code).not.toBe(0);
    expect(early.output).toContain("no matching");
    const both = await project.terraform("hub", "apply -auto-approve");
    expect(both.code, both.output).toBe(0);
    const spoke = await project.terraform("spoke", "apply -auto-approve");
    expect(spoke.code, spoke.output).toBe(0);
    const again = await project.terraform("spoke", "plan");
    expect(again.output).toContain("No changes.");
    const hub = await project.terraform("hub", "plan");
    expect(hub.output).toContain("No changes.");
  });
});

describe("a copied file", () => {
  const project = new Project();
  afterAll(() => project.remove());

  it("is one more environment, of more than a hundred resources, with no other file touched", async () => {
    cpSync(join(project.folder, "environments/staging.ts"), join(project.folder, "environments/qa.ts"));
    const { code, output } = await project.terraform("qa", "plan");
    expect(code, output).toBe(0);
    const [, count] = /Plan: (\d+) to add, 0 to change, 0 to destroy/.exec(output) ?? [];
    expect(Number(count)).toBeGreaterThan(100);
  });
});

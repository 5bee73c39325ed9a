import { cpSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseContract } from "../../modules/contract";
import { existing } from "../modules/support/least";
import { file } from "./support/file";
import { Project, worldOf } from "./support/project";
import { makeVpc } from "./support/vpc";

describe("many services", () => {
  const names = Array.from({ length: 30 }, (_, index) => `worker-${index}`);
  const services = names.map(
    (name) => `"${name}": { secrets: ["API_KEY"], migrations: ${name === "worker-0"} }`,
  );
  const project = new Project({
    "many.ts": file(
      `network: ${JSON.stringify(existing)}, distribution: false, bastion: false, services: { ${services.join(", ")} },`,
    ),
  });
  beforeAll(() => makeVpc(worldOf(project)));
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
  const alone =
    "distribution: false, database: false, bastion: false, cluster: { capacity: {} }, services: {},";
  const project = new Project({
    "hub.ts": file(`network: "10.1.0.0/16", ${alone}`),
    "spoke.ts": file(`network: { cidr: "10.2.0.0/16", peering: ["hub"] }, ${alone}`),
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

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { rolesIn } from "../../sandbox/iam/principals";
import { World } from "../../sandbox/world";
import { synthesizeAll, synthesizeBootstrap } from "../modules/support/synthesize";
import { shipped } from "../support/shipped";
import { context, project, region } from "./support/project";
import { putRoles } from "./support/roles";
import { Walk } from "./support/walk";

const folder = mkdtempSync(join(tmpdir(), "slipway-walk-"));
const world = new World(folder);
const stacks = synthesizeAll(shipped, project);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeAll(async () => {
  await putRoles(world, synthesizeBootstrap(shipped, context));
  for (const graph of Object.values(stacks)) await putRoles(world, graph);
});

const environments = Object.keys(shipped);
const families = Object.values(stacks).flatMap((graph) =>
  graph.all("aws_ecs_task_definition").map(({ body }) => String(body.family)),
);
const walkFrom = (name: string) => new Walk({ world, region, environments, families }, name);

/** What belongs to an environment: an action on something of its, with the tags that it bears. */
const dataOf = (environment: string): [string, string, Record<string, string>][] => {
  const tags = { "aws:resourcetag/project": "app", "aws:resourcetag/environment": environment };
  const arn = (service: string, rest: string) => `arn:aws:${service}:${region}:${world.account}:${rest}`;
  return [
    ["ssm:GetParameter", arn("ssm", `parameter/${environment}/database/1/password`), tags],
    ["s3:GetObject", `arn:aws:s3:::terraform-state-app-${world.account}/${environment}.tfstate`, {}],
    ["rds:ModifyDBInstance", arn("rds", `db:${environment}`), tags],
    ["rds:DeleteDBInstance", arn("rds", `db:${environment}`), tags],
    ["ecs:ExecuteCommand", arn("ecs", `task/${environment}/0123`), tags],
    ["ecs:UpdateService", arn("ecs", `service/${environment}/${environment}-web`), tags],
    ["iam:PutRolePolicy", `arn:aws:iam::${world.account}:role/${environment}-web-task`, {}],
    ["logs:FilterLogEvents", arn("logs", `log-group:/${environment}/service/web:log-stream:`), tags],
  ];
};

/** What somebody who starts from a role may do in the end with what belongs to environments. */
const reachOf = (walk: Walk) =>
  environments.flatMap((environment) =>
    dataOf(environment)
      .filter(([action, resource, tags]) => walk.may(action, resource, tags))
      .map(([action]) => `${environment}: ${action}`),
  );

/** The environment that a role is for; undefined for one that is for all of them. */
const environmentOf = (role: string) => environments.find((name) => role.split(/[-/ ]/).includes(name));
describe("from a role, over every way to become another", () => {
  test("deploy reaches the roles of its own environment's tasks, since it runs commands in them", () => {
    for (const environment of environments) {
      const ofTasks = rolesIn(world)
        .filter(({ trust }) => JSON.stringify(trust).includes('"ecs-tasks.amazonaws.com"'))
        .map(({ name }) => name)
        .filter((name) => environmentOf(name) === environment);
      expect(ofTasks).toContain(`${environment}-web-task`);
      expect(walkFrom(`app-deploy-${environment}`).reached).toEqual(ofTasks.sort());
    }
  });

  test("apply reaches the roles of its own environment, and makes none that exceed their boundary", () => {
    for (const environment of environments) {
      const walk = walkFrom(`app-apply-${environment}`);
      expect(walk.reached.filter((name) => environmentOf(name) !== environment)).toEqual([]);
    }
  });

  test("the others reach nobody", () => {
    const reached = rolesIn(world)
      .map(({ name }) => name)
      .filter((name) => !/^app-(apply|deploy)-/.test(name))
      .map((name) => [name, walkFrom(name).reached] as const);
    expect(reached.length).toBeGreaterThan(8);
    expect(reached.filter(([, names]) => names.length !== 0)).toEqual([]);
  });

  test("none reaches what belongs to another environment", () => {
    const strays = rolesIn(world).flatMap(({ name }) => {
      const own = environmentOf(name);
      return reachOf(walkFrom(name))
        .filter((what) => own === undefined || !what.startsWith(`${own}:`))
        .map((what) => `${name}: ${what}`);
    });
    expect(strays).toEqual([]);
  });
});

describe("the walk", () => {
  const role = (name: string, trust: object, ...allowed: readonly object[]) => {
    const at = { region: "global", origin: "terraform", id: name } as const;
    const arn = `arn:aws:iam::${world.account}:role/${name}`;
    const document = (Statement: object) => JSON.stringify({ Version: "2012-10-17", Statement });
    return world.change(() => {
      world.put({
        ...at,
        type: "aws_iam_role",
        attributes: { name, arn, assume_role_policy: document(trust), path: "/" },
      });
      world.put({
        ...at,
        type: "aws_iam_role_policy",
        attributes: {
          name,
          role: name,
          policy: document(allowed.map((one) => ({ Effect: "Allow", ...one }))),
        },
      });
    });
  };
  const trusting = (Principal: object) => ({ Effect: "Allow", Action: "sts:AssumeRole", Principal });
  const nobody = trusting({ Service: "nobody.amazonaws.com" });
  const target = `arn:aws:iam::${world.account}:role/target`;

  test.each([
    [
      "AssumeRole",
      trusting({ AWS: `arn:aws:iam::${world.account}:root` }),
      [{ Action: "sts:AssumeRole", Resource: target }],
    ],
    ["AssumeRole", trusting({ AWS: `arn:aws:iam::${world.account}:role/thief` }), []],
    ["UpdateAssumeRolePolicy", nobody, [{ Action: "iam:Update*", Resource: target }]],
    [
      "PassRole to ecs-tasks.amazonaws.com",
      trusting({ Service: "ecs-tasks.amazonaws.com" }),
      [{ Action: ["iam:PassRole", "ecs:RunTask", "ecs:RegisterTaskDefinition"], Resource: "*" }],
    ],
    [
      "PassRole to lambda.amazonaws.com",
      trusting({ Service: "lambda.amazonaws.com" }),
      [{ Action: ["iam:PassRole", "lambda:UpdateFunctionCode"], Resource: "*" }],
    ],
    [
      "PassRole to ec2.amazonaws.com",
      trusting({ Service: "ec2.amazonaws.com" }),
      [{ Action: ["iam:PassRole", "ec2:RunInstances"], Resource: "*" }],
    ],
    [
      "PassRole to ssm.amazonaws.com",
      trusting({ Service: "ssm.amazonaws.com" }),
      [{ Action: ["iam:PassRole", "ssm:StartAutomationExecution"], Resource: "*" }],
    ],
  ])("finds %s", async (by, trust, allowed) => {
    await role("target", trust, { Action: "iam:CreateUser", Resource: "*" });
    await role("thief", nobody, ...allowed);
    const walk = walkFrom("thief");
    expect(walk.hops).toContainEqual({ from: "thief", to: "target", by });
    expect(walk.may("iam:CreateUser", "*")).toBe(true);
  });

  test("finds who writes the policies of a role that is its own, and who goes on from there", async () => {
    await role("target", nobody);
    await role("thief", nobody, {
      Action: "iam:PutRolePolicy",
      Resource: `arn:aws:iam::${world.account}:role/thief`,
    });
    const walk = walkFrom("thief");
    expect(walk.hops[0]).toEqual({ from: "thief", to: "thief", by: "writing its policies" });
    expect(walk.reached).toContain("target");
  });

  test("finds nothing where nothing is", async () => {
    await role("target", nobody, { Action: "*", Resource: "*" });
    await role("thief", nobody, { Action: ["iam:PassRole", "iam:Get*"], Resource: "*" });
    expect(walkFrom("thief").reached).toEqual([]);
  });
});

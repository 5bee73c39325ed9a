import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addBootstraps, constructEnvironments } from "../../modules/app";
import { appRunner, type AppRunnerServiceProps } from "../../modules/app-runner";
import { resolveProject } from "../../modules/project";
import { withoutTokenTraces } from "../../modules/traces";
import { Account, failureIn, refusalsIn } from "../iam/support/account";
import { context } from "../iam/support/project";
import { changeAll, madeIn, readAll, removeAll } from "../iam/support/replay";
import { graphOf, newApp } from "../modules/support/synthesize";
import { Growth, REGION } from "./support/growth";

const web: AppRunnerServiceProps = {
  domain: "app.example.com",
  database: ["DATABASE_URL"],
  migrations: ["true"],
  secrets: ["KEY"],
};

/** The stacks of the environment and of what it shares, by name. */
const stacks = (web: AppRunnerServiceProps) =>
  withoutTokenTraces(() => {
    const { project } = resolveProject(context);
    if (!project) throw new Error("No project.");
    const app = newApp();
    const file = appRunner({ region: REGION, registry: "app", services: { web } });
    const environments = constructEnvironments(app, [{ file: "growth.ts", ...file }], project);
    const all = [...environments, ...addBootstraps(app, project, environments)];
    return new Map(all.map((stack) => [stack.node.id, graphOf(stack).json]));
  });

describe.sequential("an environment on App Runner, under the roles that bootstrap makes", () => {
  const account = new Account();
  const [apply, plan, deploy] = ["apply", "plan", "deploy"].map((what) => account.as(`app-${what}-growth`));
  let growth: Growth;

  beforeAll(async () => {
    account.configure("bootstrap", stacks(web).get("bootstrap") ?? {});
    const made = await account.apply("bootstrap");
    expect(made.code, failureIn(made)).toBe(0);
    const stack = {
      world: account.world,
      apply: (web: AppRunnerServiceProps) => {
        account.configure("growth", stacks(web).get("growth") ?? {});
        return account.apply("growth", apply?.name);
      },
      plan: () => account.run("growth", plan?.name, "plan"),
      remove: () => account.remove(),
    };
    growth = await Growth.open(stack, deploy);
    await growth.push("v1");
    await growth.push("v2");
    await growth.push("v3", { exit: { code: 1, after: 100 } });
  });
  afterAll(() => growth.close());

  it("is applied, released and applied again", async () => {
    const first = await growth.apply(web);
    expect(refusalsIn(first)).toEqual([]);
    expect(first.code, failureIn(first)).toBe(0);
    await growth.secret("/growth/database/url", await growth.answeringUrl());
    await growth.secret("/growth/service/web/KEY", "of the application");
    const released = await growth.deploy("v1");
    expect(released.exitCode, released.output).toBe(0);
    const second = await growth.apply(web);
    expect(refusalsIn(second)).toEqual([]);
    expect(second.code, failureIn(second)).toBe(0);
    await growth.settle();
  });

  it("is released into, checked and looked at with all that the deploy role may, and no more than it uses", async () => {
    const good = await growth.deploy("v2");
    expect(good.exitCode, good.output).toBe(0);
    expect((await growth.deploy("v3")).exitCode).toBe(3);
    expect((await growth.check()).exitCode).toBe(0);
    expect((await growth.status()).exitCode).toBe(0);
    const used = new Set(deploy?.used.map(({ sid, action }) => `${sid} ${action}`));
    expect(
      [...used].filter((one) => /NoteReleases|ReadDatabaseUrl|DeployServices|ReadContract/.test(one)).sort(),
    ).toEqual([
      "DeployServices apprunner:DescribeCustomDomains",
      "DeployServices apprunner:DescribeService",
      "DeployServices apprunner:ListOperations",
      "DeployServices apprunner:StartDeployment",
      "NoteReleases ssm:GetParameter",
      "NoteReleases ssm:PutParameter",
      "ReadContract ssm:GetParameter",
      "ReadDatabaseUrl ssm:GetParameter",
    ]);
    const secret = { Name: "/growth/service/web/KEY", WithDecryption: true };
    expect(() => deploy?.api("ssm", "GetParameter", REGION, secret)).toThrow("not authorized");
  });

  it("is planned with nothing to change, and every change of it passes under its own role alone", async () => {
    const planned = await growth.plan();
    expect(refusalsIn(planned)).toEqual([]);
    expect(planned.output.includes("No changes."), planned.output.slice(-2_000)).toBe(true);
    const { world } = account;
    const objects = madeIn(world, "growth").filter(({ type }) => type !== "aws_ecr_repository");
    expect(objects.filter(({ type }) => type.startsWith("aws_apprunner_")).length).toBeGreaterThan(1);
    if (!apply || !plan) throw new Error("No roles.");
    expect(readAll(plan, world, objects, REGION)).toEqual([]);
    expect(changeAll(apply, world, objects, REGION)).toEqual([]);
    expect(removeAll(plan, world, objects, REGION)).not.toEqual([]);
    expect(() => apply.api("ecs", "UpdateService", REGION, { cluster: "x", service: "y" })).toThrow(
      "not authorized",
    );
  });
});

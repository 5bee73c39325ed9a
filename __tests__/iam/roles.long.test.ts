import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { moveLock } from "../../modules/contract/move";
import { stateKey } from "../../modules/stack";
import type { Access } from "../../sandbox/iam/access";
import { rolesIn } from "../../sandbox/iam/principals";
import { ACCOUNT } from "../../sandbox/world";
import { synthesize, synthesizeAll, synthesizeBootstrap } from "../modules/support/synthesize";
import { shipped } from "../support/shipped";
import { makeBefore } from "../terraform/support/choices";
import { succeed } from "../terraform/support/in-process";
import { Account, failureIn, refusalsIn } from "./support/account";
import { context, project, region } from "./support/project";
import { changeAll, madeIn, readAll, removeAll } from "./support/replay";
import { putRoles } from "./support/roles";
import { everyValue } from "./support/rows";
import { Rights } from "./support/rights";

const applyRole = (name: string) => `app-apply-${name}`;
const planRole = (stack: string) => `app-plan-${stack}`;
const rights = new Rights(Object.keys(shipped));

/** What Terraform's S3 backend asks for, and the workflow that keeps a state that could not be saved. */
function keepState(access: Access, name: string): void {
  const state = { bucket: `terraform-state-app-${ACCOUNT}`, key: stateKey(name) };
  const lock = { ...state, key: `${state.key}.tflock` };
  for (const [operation, input] of [
    ["GetObject", state],
    ["PutObject", lock],
    ["PutObject", state],
    ["DeleteObject", lock],
    ["PutObject", { ...state, key: `errored/${name}/1.tfstate` }],
    // Without it a state that is not there yet is said to be denied.
    ["ListObjectsV2", state],
  ] as const)
    access.api("s3", operation, region, input);
}

/** What an apply asks for beside Terraform while something moves into the environment. */
function lockMove(access: Access, name: string): void {
  const Name = moveLock(name);
  access.api("sts", "GetCallerIdentity", region, {});
  access.api("ssm", "PutParameter", region, { Name, Value: "{}", Type: "String" });
  for (const operation of ["GetParameter", "DeleteParameter"]) access.api("ssm", operation, region, { Name });
}

describe.sequential("the shipped environments, in one account", () => {
  const account = new Account();
  const { world } = account;
  afterAll(() => account.remove());
  const names = Object.keys(shipped);

  beforeAll(async () => {
    account.configure("bootstrap", synthesizeBootstrap(shipped, context).json);
    await succeed(account.apply("bootstrap"));
    for (const [name, graph] of Object.entries(synthesizeAll(shipped, project)))
      account.configure(name, graph.json);
    for (const name of [planRole("bootstrap"), ...names.flatMap((one) => [applyRole(one), planRole(one)])])
      rights.note(world, account.as(name));
  });

  test.each(names)("%s is applied under its own role", async (name) => {
    const run = await account.apply(name, applyRole(name));
    expect(refusalsIn(run)).toEqual([]);
    expect(run.code, failureIn(run)).toBe(0);
    keepState(account.as(applyRole(name)), name);
    lockMove(account.as(applyRole(name)), name);
  });

  test.each(names)("%s is planned under its plan role, with nothing to change", async (name) => {
    const run = await account.run(name, planRole(name), "plan");
    expect(refusalsIn(run)).toEqual([]);
    expect(run.output.includes("No changes."), run.output.slice(-2_000)).toBe(true);
    const state = { bucket: `terraform-state-app-${ACCOUNT}`, key: stateKey(name) };
    account.as(planRole(name)).api("s3", "GetObject", region, state);
    account.as(planRole(name)).api("s3", "ListObjectsV2", region, state);
    expect(() => account.as(planRole(name)).api("s3", "PutObject", region, state)).toThrow("not authorized");
    expect(() => lockMove(account.as(planRole(name)), name)).toThrow("not authorized");
  });

  test("bootstrap is planned under its plan role, with nothing to change", async () => {
    const run = await account.run("bootstrap", planRole("bootstrap"), "plan");
    expect(refusalsIn(run)).toEqual([]);
    expect(run.output.includes("No changes."), run.output.slice(-2_000)).toBe(true);
    const state = { bucket: `terraform-state-app-${ACCOUNT}`, key: stateKey("bootstrap") };
    account.as(planRole("bootstrap")).api("s3", "GetObject", region, state);
  });

  test.each(names)(
    "every change of %s passes under its own role, and nothing of it under others of CI",
    (name) => {
      // The image repository that bears its tag is the bootstrap stack's: no apply role changes it.
      const objects = madeIn(world, name).filter(({ type }) => type !== "aws_ecr_repository");
      expect(objects.length).toBeGreaterThan(60);
      expect(changeAll(account.as(applyRole(name)), world, objects, region)).toEqual([]);
      const ci = rolesIn(world).filter(({ arn }) => arn.includes("role/slipway/"));
      const strays = ci.flatMap((role) => {
        const removed = objects.filter(
          (one) => removeAll(account.as(role.name), world, [one], region).length === 0,
        );
        return role.name === applyRole(name) ? [] : removed.map(({ type }) => `${role.name}: ${type}`);
      });
      // An apply role changes services whole, but what an environment's name or tag tells apart: docs/bootstrap.md.
      const byName = /: aws_(iam|ssm|s3|kms|sqs)_/;
      expect(strays.filter((stray) => !stray.startsWith("app-apply-") || byName.test(stray))).toEqual([]);
    },
  );

  test("staging is not destroyed under prod's role, nor are its steps kept away", async () => {
    expect(() => lockMove(account.as(applyRole("prod")), "staging")).toThrow("ssm:PutParameter");
    const run = await account.destroy("staging", applyRole("prod"));
    expect(run.code).toBe(1);
    expect(refusalsIn(run).join("\n")).toMatch(/ssm:GetParameter \S+:parameter\/staging\//);
  });

  test("staging is destroyed under its own role", async () => {
    const run = await account.destroy("staging", applyRole("staging"));
    expect(refusalsIn(run)).toEqual([]);
    expect(run.code, failureIn(run)).toBe(0);
  });
});

const rows = everyValue().map((props, at) => ({ at: at + 1, props }));

describe.sequential.each(rows)("options, part $at: an environment", ({ props }) => {
  const account = new Account();
  const { world } = account;
  afterAll(() => account.remove());

  beforeAll(async () => {
    await makeBefore(world);
    await putRoles(world, synthesizeBootstrap({ staging: props }, context));
    account.configure("staging", synthesize(props, "staging", project).json);
  });

  // What Terraform asks for to destroy something is the same as above, where it does.
  test("is applied, changed and taken away under its own role, and read under its plan role", async () => {
    const apply = account.as(applyRole("staging"));
    const plan = account.as(planRole("staging"));
    rights.note(world, apply);
    rights.note(world, plan);
    const made = await account.apply("staging", apply.name);
    expect(refusalsIn(made)).toEqual([]);
    expect(made.code, failureIn(made)).toBe(0);
    const objects = madeIn(world);
    expect(readAll(plan, world, objects, region)).toEqual([]);
    expect(changeAll(apply, world, objects, region)).toEqual([]);
    expect(removeAll(plan, world, objects, region)).not.toEqual([]);
    expect(removeAll(apply, world, objects, region)).toEqual([]);
  });
});

/** Rights that nothing here asks for, and why they stay. */
const KEPT: Readonly<Record<string, string>> = {
  "cloudwatch:DescribeAlarms":
    "Apply asks for the alarms that scaling keeps; plan reads by the same statement.",
  "ecs:List*": "The provider lists deployments where somebody has it wait for one (wait_for_steady_state).",
};

test("no right of an apply or plan role is left over, but those with a reason", () => {
  const kept = (right: string) => (right.split(" ").at(-1) ?? "") in KEPT;
  expect(rights.unused.filter((right) => !kept(right))).toEqual([]);
  for (const action of Object.keys(KEPT))
    expect(rights.unused.some((right) => right.endsWith(action))).toBe(true);
});

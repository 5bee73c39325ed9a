import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { App, Testing } from "cdktf";
import { afterAll, describe, expect, it } from "vitest";
import { boundaryArn, boundaryName, boundRoles } from "../../modules/boundary";
import { assumedBy } from "../../modules/policy";
import { SlipwayStack } from "../../modules/stack";
import { InProcessStack, succeed } from "./support/in-process";

const ARN = boundaryArn("app", "staging", "123456789012");

function configuration(bounded: boolean) {
  const stack = new SlipwayStack(new App(), "staging", { project: "app", region: "us-west-2" });
  new IamRole(stack, "role", {
    name: "staging-web-task",
    assumeRolePolicy: assumedBy("ecs-tasks.amazonaws.com"),
  });
  if (bounded) boundRoles(stack, ARN);
  return JSON.parse(Testing.synth(stack, true));
}

describe("a role that was applied before there was a boundary", () => {
  const stack = new InProcessStack();
  afterAll(() => stack.remove());
  const role = () =>
    stack.world.find({ type: "aws_iam_role", where: { name: "staging-web-task" } })?.attributes;

  it("is not given one that bootstrap has not made yet", async () => {
    stack.configure(configuration(false));
    await succeed(stack.run("init"));
    await succeed(stack.apply());
    stack.configure(configuration(true));
    const { code, output } = await stack.apply();
    expect(code).toBe(1);
    expect(output).toContain("NoSuchEntity");
    expect(role()?.permissions_boundary ?? "").toBe("");
  });

  it("gets it in place once that is there: what runs keeps its role", async () => {
    const before = role()?.unique_id;
    await stack.world.change((world) =>
      world.put({
        type: "aws_iam_policy",
        region: "global",
        id: ARN,
        attributes: { arn: ARN, name: boundaryName("app", "staging"), path: "/slipway/" },
        origin: "terraform",
      }),
    );
    const { output } = await succeed(stack.apply());
    expect(output).toContain("0 added, 1 changed, 0 destroyed");
    expect([role()?.permissions_boundary, role()?.unique_id]).toEqual([ARN, before]);
  });
});

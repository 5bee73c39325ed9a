import type { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { Aspects, TerraformResource } from "cdktf";
import type { IConstruct } from "constructs";
import { nameOf } from "./names";

/** The path of what the bootstrap stack makes in IAM: no environment's apply role may change what lies there. */
export const BOOTSTRAP_PATH = "/slipway/";

/** The name of the policy beyond whose rights no role of an environment gets. */
export const boundaryName = (project: string, environment: string) =>
  nameOf("aws_iam_policy", project, "boundary", environment);

/** The ARN of the policy beyond whose rights no role of an environment gets. */
export const boundaryArn = (project: string, environment: string, account: string) =>
  `arn:aws:iam::${account}:policy${BOOTSTRAP_PATH}${boundaryName(project, environment)}`;

/** Gives a boundary to each role of a stack, a team's own roles among them: the environment's apply role may make no other. */
export const boundRoles = (stack: IConstruct, arn: string): void =>
  Aspects.of(stack).add({
    visit: (one) => {
      if (isRole(one)) one.permissionsBoundary ??= arn;
    },
  });

/** Whether a construct is a role of IAM, whoever made it. */
export const isRole = (one: IConstruct): one is IamRole =>
  TerraformResource.isTerraformResource(one) && one.terraformResourceType === "aws_iam_role";

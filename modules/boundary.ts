import type { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { TerraformResource } from "cdktf";
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

/** Gives a boundary to each role below a construct that has none, a team's own among them. */
export function boundRoles(construct: IConstruct, arn: string): void {
  for (const role of construct.node.findAll().filter(isRole))
    role.permissionsBoundary = role.permissionsBoundaryInput ?? arn;
}

/** Whether a construct is a role of IAM, whoever made it. */
export const isRole = (one: IConstruct): one is IamRole =>
  TerraformResource.isTerraformResource(one) && one.terraformResourceType === "aws_iam_role";

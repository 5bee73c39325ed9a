import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { IamRolePolicy } from "@cdktf/provider-aws/lib/iam-role-policy";
import { Construct } from "constructs";
import type { ServiceConfiguration } from "../environment/props";
import { nameOf } from "../names";
import { assumedBy, policy, type Statement } from "../policy";

export interface RolesProps {
  readonly environment: string;
  readonly service: ServiceConfiguration;
  readonly repositoryArn: string;
  readonly logGroupArn: string;
  /** ARNs of exactly the parameters that its containers are given. */
  readonly parameterArns: readonly string[];
}

/** Who starts the tasks (execution), and who the application is (task). */
export class Roles extends Construct {
  readonly execution: IamRole;
  readonly task: IamRole;
  /** A service that outlives them hangs in DRAINING: it depends on each. */
  readonly policies: readonly IamRolePolicy[];

  constructor(
    scope: Construct,
    id: string,
    private readonly props: RolesProps,
  ) {
    super(scope, id);
    this.execution = this.createRole("execution");
    this.task = this.createRole("task");
    this.policies = [
      this.createPolicy("execution", this.execution, this.executionStatements()),
      ...this.createTaskPolicy(),
    ];
  }

  private createRole(id: string) {
    return new IamRole(this, id, {
      name: nameOf("aws_iam_role", this.props.environment, this.props.service.name, id),
      assumeRolePolicy: assumedBy("ecs-tasks.amazonaws.com"),
    });
  }

  private createPolicy(id: string, role: IamRole, statements: readonly Statement[]) {
    return new IamRolePolicy(this, `${id}_policy`, { name: id, role: role.name, policy: policy(statements) });
  }

  private executionStatements(): Statement[] {
    const { repositoryArn, logGroupArn, parameterArns } = this.props;
    return [
      { sid: "EcrLogin", actions: ["ecr:GetAuthorizationToken"], resources: ["*"] },
      {
        sid: "PullImage",
        actions: ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
        resources: [repositoryArn],
      },
      {
        sid: "WriteLogs",
        actions: ["logs:CreateLogStream", "logs:PutLogEvents"],
        resources: [`${logGroupArn}:log-stream:*`],
      },
      ...(parameterArns.length > 0
        ? [{ sid: "ReadSecrets", actions: ["ssm:GetParameters"], resources: parameterArns }]
        : []),
    ];
  }

  private createTaskPolicy() {
    const statements: Statement[] = [...this.props.service.permissions];
    if (this.props.service.exec) {
      statements.push({
        sid: "SessionChannels",
        actions: ["Control", "Data"].flatMap((channel) => [
          `ssmmessages:Create${channel}Channel`,
          `ssmmessages:Open${channel}Channel`,
        ]),
        resources: ["*"],
      });
    }
    return statements.length > 0 ? [this.createPolicy("task", this.task, statements)] : [];
  }
}

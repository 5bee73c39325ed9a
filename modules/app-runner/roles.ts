import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { IamRolePolicy } from "@cdktf/provider-aws/lib/iam-role-policy";
import { Construct } from "constructs";
import { nameOf } from "../names";
import { assumedBy, policy, type Statement } from "../policy";
import type { AppRunnerServiceConfiguration } from "./props";

interface Props {
  readonly environment: string;
  readonly service: AppRunnerServiceConfiguration;
  readonly repositoryArn: string;
  /** ARNs of exactly the parameters that its instances are given. */
  readonly parameterArns: readonly string[];
}

/**
 * Who pulls the image (access), and who the application is (instance). App Runner says of no account in what it assumes them for,
 * so that no condition can bound it. Source: "How App Runner works with IAM", App Runner guide.
 */
export class AppRunnerRoles extends Construct {
  readonly access: IamRole;
  readonly instance: IamRole;
  readonly policies: readonly IamRolePolicy[];

  constructor(
    scope: Construct,
    id: string,
    private readonly props: Props,
  ) {
    super(scope, id);
    this.access = this.createRole("access", "build.apprunner.amazonaws.com");
    this.instance = this.createRole("instance", "tasks.apprunner.amazonaws.com");
    const own = this.instanceStatements();
    this.policies = [
      this.createPolicy("access", this.access, this.accessStatements()),
      ...(own.length > 0 ? [this.createPolicy("instance", this.instance, own)] : []),
    ];
  }

  private createRole(id: string, service: string) {
    return new IamRole(this, id, {
      name: nameOf("aws_iam_role", this.props.environment, this.props.service.name, id),
      assumeRolePolicy: assumedBy(service),
    });
  }

  private createPolicy(id: string, role: IamRole, statements: readonly Statement[]) {
    return new IamRolePolicy(this, `${id}_policy`, { name: id, role: role.name, policy: policy(statements) });
  }

  private accessStatements(): Statement[] {
    return [
      { sid: "EcrLogin", actions: ["ecr:GetAuthorizationToken"], resources: ["*"] },
      {
        sid: "PullImage",
        actions: [
          "ecr:BatchCheckLayerAvailability",
          "ecr:BatchGetImage",
          "ecr:DescribeImages",
          "ecr:GetDownloadUrlForLayer",
        ],
        resources: [this.props.repositoryArn],
      },
    ];
  }

  private instanceStatements(): Statement[] {
    const { parameterArns, service } = this.props;
    return [
      ...(parameterArns.length > 0
        ? [{ sid: "ReadSecrets", actions: ["ssm:GetParameters"], resources: parameterArns }]
        : []),
      ...service.permissions,
    ];
  }
}

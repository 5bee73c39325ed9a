import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { IamRolePolicy } from "@cdktf/provider-aws/lib/iam-role-policy";
import { Lazy } from "cdktf";
import { Construct } from "constructs";
import type { ServiceConfiguration } from "./props";
import type { Key } from "../key/key";
import { nameOf } from "../names";
import { assumedBy, forAccount, policy, sessionChannels, type Statement } from "../policy";
import type { Grant } from "../uses/use";

export interface RolesProps {
  /** The account's id. */
  readonly account: string;
  readonly environment: string;
  /** What its secrets lie under, where that is not AWS's own. */
  readonly key: Key | undefined;
  readonly service: ServiceConfiguration;
  readonly repositoryArns: readonly string[];
  readonly logGroupArn: string;
  /** ARNs of exactly the parameters that its containers are given. */
  readonly parameterArns: readonly string[];
  /** What the application may do with what it uses, by its name. */
  readonly grants: readonly (Grant & { readonly name: string })[];
}

/** Who starts the tasks (execution), and who the application is (task). */
export class Roles extends Construct {
  readonly execution: IamRole;
  readonly task: IamRole;
  /** A service that outlives them hangs in DRAINING: it depends on each. */
  readonly policies: IamRolePolicy[];
  /** What the application may do. */
  private readonly statements: Statement[];

  constructor(
    scope: Construct,
    id: string,
    private readonly props: RolesProps,
  ) {
    super(scope, id);
    this.execution = this.createRole("execution");
    this.task = this.createRole("task");
    this.statements = this.taskStatements();
    this.policies = [this.createPolicy("execution", this.execution, this.executionStatements())];
    if (this.statements.length > 0) this.policies.push(this.createTaskPolicy());
  }

  /**
   * Allows the application one thing more.
   * @returns the policy, where this is the first thing that it says
   */
  allow(statement: Statement): IamRolePolicy | undefined {
    this.statements.push(statement);
    if (this.statements.length > 1) return undefined;
    const policy = this.createTaskPolicy();
    this.policies.push(policy);
    return policy;
  }

  private createRole(id: string) {
    return new IamRole(this, id, {
      name: nameOf("aws_iam_role", this.props.environment, this.props.service.name, id),
      assumeRolePolicy: assumedBy("ecs-tasks.amazonaws.com", forAccount(this.props.account)),
    });
  }

  /** Whether the application may do anything in AWS beside being entered. */
  get actsInAws(): boolean {
    return this.statements.some(({ sid }) => sid !== sessionChannels.sid);
  }

  /** Written when the stack is: more may be allowed until then. */
  private createPolicy(id: string, role: IamRole, statements: readonly Statement[]) {
    const written = Lazy.stringValue({ produce: () => policy(statements) });
    return new IamRolePolicy(this, `${id}_policy`, { name: id, role: role.name, policy: written });
  }

  private executionStatements(): Statement[] {
    const { repositoryArns, logGroupArn, parameterArns, key } = this.props;
    return [
      { sid: "EcrLogin", actions: ["ecr:GetAuthorizationToken"], resources: ["*"] },
      {
        sid: "PullImage",
        actions: ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
        resources: repositoryArns,
      },
      {
        sid: "WriteLogs",
        actions: ["logs:CreateLogStream", "logs:PutLogEvents"],
        resources: [`${logGroupArn}:log-stream:*`],
      },
      ...(parameterArns.length > 0
        ? [{ sid: "ReadSecrets", actions: ["ssm:GetParameters"], resources: parameterArns }]
        : []),
      ...(parameterArns.length > 0 && key ? [key.decryptSecrets] : []),
    ];
  }

  private createTaskPolicy() {
    return this.createPolicy("task", this.task, this.statements);
  }

  private taskStatements(): Statement[] {
    const uses = this.props.grants.map(({ name, actions, resources }, index) => ({
      sid: `Use${pascal(name)}${index + 1}`,
      actions,
      resources,
    }));
    const statements: Statement[] = [...this.props.service.permissions, ...uses];
    if (this.props.service.exec) statements.push(sessionChannels);
    return statements;
  }
}

/** `my-uploads` → `MyUploads`, as names of statements have no hyphens. */
const pascal = (name: string) =>
  name.replaceAll(/(^|-)(.)/g, (_, __, letter: string) => letter.toUpperCase());

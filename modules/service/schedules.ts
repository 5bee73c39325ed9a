import type { EcsTaskDefinition } from "@cdktf/provider-aws/lib/ecs-task-definition";
import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { IamRolePolicy } from "@cdktf/provider-aws/lib/iam-role-policy";
import { SchedulerSchedule } from "@cdktf/provider-aws/lib/scheduler-schedule";
import { Construct } from "constructs";
import type { Cluster } from "../cluster/cluster";
import type { ServiceConfiguration } from "./props";
import { literal } from "../literal";
import { nameOf } from "../names";
import { assumedBy, forAccount, policy } from "../policy";
import type { Roles } from "./roles";

export interface SchedulesProps {
  /** The account's id. */
  readonly account: string;
  readonly environment: string;
  readonly service: ServiceConfiguration;
  readonly cluster: Cluster;
  readonly roles: Roles;
  readonly container: string;
  /** Task definitions that a schedule may start. */
  readonly taskDefinitions: readonly EcsTaskDefinition[];
  /** The one of them that it starts, without its revision. */
  readonly run: string;
  readonly network: { readonly subnets: string[]; readonly securityGroups: string[] } | undefined;
  /** Whether they start anything, where that is not always so. */
  readonly state: string | undefined;
}

/** Commands of a service that EventBridge Scheduler starts, each as a task of its own. */
export class Schedules extends Construct {
  readonly role: IamRole;
  readonly schedules: readonly SchedulerSchedule[];

  constructor(
    scope: Construct,
    id: string,
    private readonly props: SchedulesProps,
  ) {
    super(scope, id);
    this.role = new IamRole(this, "role", {
      name: nameOf("aws_iam_role", props.environment, props.service.name, "scheduler"),
      assumeRolePolicy: assumedBy("scheduler.amazonaws.com", forAccount(props.account)),
    });
    const runTask = this.allowRunTask();
    this.schedules = Object.keys(props.service.schedules).map((name) => this.createSchedule(name, runTask));
  }

  private allowRunTask() {
    const { taskDefinitions, cluster, roles } = this.props;
    return new IamRolePolicy(this, "policy", {
      name: "run-task",
      role: this.role.name,
      policy: policy([
        {
          sid: "RunTask",
          actions: ["ecs:RunTask"],
          // Any revision of this family: each apply makes a new one.
          resources: taskDefinitions.map(({ arnWithoutRevision }) => `${arnWithoutRevision}:*`),
          condition: { ArnEquals: { "ecs:cluster": cluster.cluster.arn } },
        },
        {
          sid: "PassRoles",
          actions: ["iam:PassRole"],
          resources: [roles.execution.arn, roles.task.arn],
          condition: { StringEquals: { "iam:PassedToService": "ecs-tasks.amazonaws.com" } },
        },
      ]),
    });
  }

  private createSchedule(name: string, runTask: IamRolePolicy) {
    const { environment, service, cluster, run, network } = this.props;
    const schedule = service.schedules[name];
    return new SchedulerSchedule(this, name, {
      // The underscore, which no name holds, keeps a-b's c apart from a's b-c.
      name: nameOf("aws_scheduler_schedule", environment, `${service.name}_${name}`),
      scheduleExpression: schedule?.expression ?? "",
      flexibleTimeWindow: { mode: "OFF" },
      state: this.props.state,
      target: {
        arn: cluster.cluster.arn,
        roleArn: this.role.arn,
        input: JSON.stringify({
          containerOverrides: [{ name: this.props.container, command: schedule?.command.map(literal) }],
        }),
        retryPolicy: { maximumRetryAttempts: 3 },
        ecsParameters: {
          taskDefinitionArn: run,
          taskCount: 1,
          capacityProviderStrategy: service.strategy.map(({ provider, base, weight }) => ({
            capacityProvider: cluster.providerName(provider),
            base,
            weight,
          })),
          ...(network && { networkConfiguration: { ...network, assignPublicIp: false } }),
        },
      },
      dependsOn: [runTask, cluster.association],
    });
  }
}

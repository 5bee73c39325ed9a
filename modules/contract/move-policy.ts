import type { Contract, MoveContract } from ".";
import { contractParameter, familyOf } from ".";
import { appRunnerRegion } from "./move";
import { arn, type Policy, type Statement, unique } from "./policy";

/**
 * The least that whoever moves an address or data into the environment needs: exactly the calls of `move/aws/gateway.ts` and what they
 * stand on. Resource types and condition keys are those of the Service Authorization Reference.
 * @throws Error where nothing moves in
 */
export function movePolicy(contract: Contract): Policy {
  const { move } = contract;
  if (!move) throw new Error(`nothing moves into ${contract.environment}`);
  return {
    Version: "2012-10-17",
    Statement: [
      ...parameters(contract, move),
      ...address(contract, move),
      ...workers(contract, move),
      ...services(contract),
      ...data(contract, move),
    ],
  };
}

const allow = (
  Sid: string,
  Action: string[],
  Resource: string[],
  Condition?: Statement["Condition"],
): Statement => ({ Sid, Effect: "Allow", Action, Resource, ...(Condition && { Condition }) });

function parameters(contract: Contract, { parameter, lock }: MoveContract): Statement[] {
  const named = (name: string) => arn(contract, "ssm", `parameter${name}`);
  return [
    allow(
      "ReadMove",
      ["ssm:GetParameter"],
      [contractParameter(contract.environment), parameter, lock].map(named),
    ),
    allow("WriteMove", ["ssm:PutParameter"], [parameter, lock].map(named)),
    allow("GiveLockBack", ["ssm:DeleteParameter"], [named(lock)]),
    // Asked only where the answer to the lock's deletion was lost. It has no narrower resource.
    allow("SeeLock", ["ssm:DescribeParameters"], [arn(contract, "ssm", "*")]),
  ];
}

function address(contract: Contract, { from }: MoveContract): Statement[] {
  if (!from) return [];
  const [, partition = "aws"] = from.store.split(":");
  const { distribution, holder, store, zone, domain, origin } = from;
  const arnOf = (id: string) => `arn:${partition}:cloudfront::${contract.account}:distribution/${id}`;
  // A distribution of another account is changed by a person there, and by no call of ours.
  const isOwn = holder !== undefined && !holder.startsWith("arn:");
  const both = [distribution.id, ...(isOwn ? [holder] : [])].map(arnOf);
  return [
    allow("SeeDistribution", ["cloudfront:GetDistribution"], both),
    // There and back.
    ...(holder === undefined
      ? []
      : [
          allow("SeeName", ["cloudfront:ListConflictingAliases"], [arnOf(distribution.id)]),
          ...(isOwn ? [allow("BringName", ["cloudfront:AssociateAlias"], both)] : []),
        ]),
    allow(
      "ShiftViewers",
      [
        "cloudfront-keyvaluestore:DescribeKeyValueStore",
        "cloudfront-keyvaluestore:GetKey",
        "cloudfront-keyvaluestore:PutKey",
      ],
      [store],
    ),
    // It has no narrower resource.
    allow("CountViewers", ["cloudwatch:GetMetricData"], ["*"]),
    // Which service has the old address. The action has no narrower resource.
    ...(appRunnerRegion(origin) === undefined
      ? []
      : [allow("FindOldService", ["apprunner:ListServices"], ["*"])]),
    ...(zone === null
      ? []
      : [
          allow(
            "SeeRecords",
            ["route53:GetHostedZone", "route53:ListResourceRecordSets"],
            [`arn:${partition}:route53:::hostedzone/${zone}`],
          ),
          allow(
            "ChangeRecords",
            ["route53:ChangeResourceRecordSets"],
            [`arn:${partition}:route53:::hostedzone/${zone}`],
            {
              "ForAllValues:StringEquals": {
                "route53:ChangeResourceRecordSetsNormalizedRecordNames": domain,
              },
            },
          ),
          allow("SeeChange", ["route53:GetChange"], [`arn:${partition}:route53:::change/*`]),
        ]),
  ];
}

/** The mover is run, watched, read and stopped; it alone, but for tasks of the cluster that are looked at or stopped. */
function data(contract: Contract, { database }: MoveContract): Statement[] {
  if (!database) return [];
  const cluster = arn(contract, "ecs", `cluster/${contract.cluster}`);
  const inCluster = { ArnEquals: { "ecs:cluster": cluster } };
  const family = arn(contract, "ecs", `task-definition/${familyOf(database.taskDefinition)}:*`);
  return [
    allow("RunMover", ["ecs:RunTask"], [family], inCluster),
    allow(
      "WatchMover",
      ["ecs:DescribeTasks", "ecs:StopTask"],
      [arn(contract, "ecs", `task/${contract.cluster}/*`)],
    ),
    // Asked only where the answer to RunTask was lost. It has no narrower resource.
    allow("FindMover", ["ecs:ListTasks"], ["*"], inCluster),
    allow("PassMoverRole", ["iam:PassRole"], [database.role], {
      StringEquals: { "iam:PassedToService": "ecs-tasks.amazonaws.com" },
    }),
    allow(
      "ReadMoverLog",
      ["logs:GetLogEvents"],
      [arn(contract, "logs", `log-group:${database.logs.group}:log-stream:*`)],
    ),
  ];
}

/** What is held is released, and held again: tasks, their bounds, and schedules, which are written with the role that they have. */
function workers(contract: Contract, { held }: MoveContract): Statement[] {
  const { cluster, services } = contract;
  const counted = services.filter(({ name }) => typeof held[name]?.count === "number");
  const all = Object.values(held);
  const schedules = all.flatMap(({ schedules }) => schedules);
  const roles = all.flatMap(({ role }) => role ?? []);
  return [
    ...(counted.length === 0
      ? []
      : [
          allow(
            "StartWorkers",
            ["ecs:DescribeServices", "ecs:UpdateService"],
            counted.map(({ service }) => arn(contract, "ecs", `service/${cluster}/${service}`)),
          ),
        ]),
    ...(all.some(({ autoscaling }) => autoscaling)
      ? [
          // It has no narrower resource.
          allow("SeeScaling", ["application-autoscaling:DescribeScalableTargets"], ["*"]),
          // The names of targets are made up by AWS.
          allow(
            "SetScaling",
            ["application-autoscaling:RegisterScalableTarget"],
            [arn(contract, "application-autoscaling", "scalable-target/*")],
          ),
        ]
      : []),
    ...(schedules.length === 0
      ? []
      : [
          allow(
            "SwitchSchedules",
            ["scheduler:GetSchedule", "scheduler:UpdateSchedule"],
            schedules.map((name) => arn(contract, "scheduler", `schedule/default/${name}`)),
          ),
        ]),
    ...(roles.length === 0
      ? []
      : [
          allow("PassScheduleRole", ["iam:PassRole"], unique(roles), {
            StringEquals: { "iam:PassedToService": "scheduler.amazonaws.com" },
          }),
        ]),
  ];
}

/** Services are handed over to another task definition, and seen to run it. */
function services(contract: Contract): Statement[] {
  const { cluster, database } = contract;
  const moving = contract.services.filter(({ other }) => other);
  if (moving.length === 0) return [];
  const of = (type: string, rest = "") =>
    moving.map(({ service }) => arn(contract, "ecs", `${type}/${cluster}/${service}${rest}`));
  const repositories = moving.map(({ image }) => arn(contract, "ecr", `repository/${image.repository}`));
  const groups = moving.map(({ logs }) => arn(contract, "logs", `log-group:${logs.group}:log-stream:*`));
  const inCluster = { ArnEquals: { "ecs:cluster": arn(contract, "ecs", `cluster/${cluster}`) } };
  const { made } = database?.logins ?? {};
  return [
    allow("HandOver", ["ecs:DescribeServices", "ecs:UpdateService"], of("service")),
    allow(
      "SeeHandOver",
      ["ecs:ListServiceDeployments", "ecs:DescribeServiceDeployments"],
      [...of("service"), ...of("service-deployment", "/*")],
    ),
    // ListTasks has no resource of its own but container instances: the cluster is its bound.
    allow("FindTasks", ["ecs:ListTasks"], ["*"], inCluster),
    allow("SeeTasks", ["ecs:DescribeTasks"], [arn(contract, "ecs", `task/${cluster}/*`)]),
    allow("SeeImages", ["ecr:BatchGetImage"], unique(repositories)),
    allow("ReadServiceLogs", ["logs:GetLogEvents"], unique(groups)),
    ...(made ? [allow("SeeLogins", ["ssm:GetParameter"], [arn(contract, "ssm", `parameter${made}`)])] : []),
  ];
}

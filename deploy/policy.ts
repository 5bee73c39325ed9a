import { type Contract, contractParameter } from "../modules/contract";
import { familyOf } from "./facts";

interface Statement {
  Sid: string;
  Effect: "Allow";
  Action: string[];
  Resource: string[];
  Condition?: Record<string, Record<string, string>>;
}

export interface Policy {
  Version: "2012-10-17";
  Statement: Statement[];
}

const unique = (items: string[]) => [...new Set(items)];

/**
 * The least that the deploy role needs, from the contract: exactly the calls of `aws/gateway.ts`.
 * Resource types and condition keys are those of the Service Authorization Reference.
 * GetCallerIdentity needs no permission.
 */
export function policy(contract: Contract): Policy {
  return {
    Version: "2012-10-17",
    Statement: [...parameters(contract), ...images(contract), ...ecs(contract), ...logs(contract)],
  };
}

/** `arn:aws`, `arn:aws-cn` or `arn:aws-us-gov`: that of the contract's own ARNs. */
const partition = ({ services }: Contract) => services[0]?.taskDefinition.split(":")[1] ?? "aws";

const arn = (contract: Contract, service: string, resource: string) =>
  `arn:${partition(contract)}:${service}:${contract.region}:${contract.account}:${resource}`;

function parameters(contract: Contract): Statement[] {
  return [
    {
      Sid: "ReadContract",
      Effect: "Allow",
      Action: ["ssm:GetParameter"],
      Resource: [arn(contract, "ssm", `parameter${contractParameter(contract.environment)}`)],
    },
    {
      // Names and versions of parameters, never values. Searching them has no narrower resource.
      Sid: "SeeSecretVersions",
      Effect: "Allow",
      Action: ["ssm:DescribeParameters"],
      Resource: [arn(contract, "ssm", "*")],
    },
  ];
}

function images(contract: Contract): Statement[] {
  const repositories = unique(contract.services.map(({ image }) => image.repository));
  return [
    {
      Sid: "RetagImages",
      Effect: "Allow",
      Action: ["ecr:BatchGetImage", "ecr:DescribeImages", "ecr:GetDownloadUrlForLayer", "ecr:PutImage"],
      Resource: repositories.map((name) => arn(contract, "ecr", `repository/${name}`)),
    },
  ];
}

function ecs(contract: Contract): Statement[] {
  const { cluster, services } = contract;
  const clusterArn = arn(contract, "ecs", `cluster/${cluster}`);
  const inCluster = { ArnEquals: { "ecs:cluster": clusterArn } };
  const perService = (type: string, rest = "") =>
    services.map(({ service }) => arn(contract, "ecs", `${type}/${cluster}/${service}${rest}`));
  const families = unique(
    services.flatMap(({ taskDefinition, migration }) =>
      [taskDefinition, ...(migration ? [migration.taskDefinition] : [])].map(familyOf),
    ),
  );
  return [
    { Sid: "SeeCluster", Effect: "Allow", Action: ["ecs:DescribeClusters"], Resource: [clusterArn] },
    {
      Sid: "DeployServices",
      Effect: "Allow",
      Action: ["ecs:DescribeServices", "ecs:UpdateService"],
      Resource: perService("service"),
    },
    {
      Sid: "SeeDeployments",
      Effect: "Allow",
      Action: [
        "ecs:ListServiceDeployments",
        "ecs:DescribeServiceDeployments",
        "ecs:DescribeServiceRevisions",
      ],
      Resource: [
        ...perService("service"),
        ...perService("service-deployment", "/*"),
        ...perService("service-revision", "/*"),
      ],
    },
    {
      // ListTasks has no resource of its own but container instances: the cluster is its bound.
      Sid: "ListTasks",
      Effect: "Allow",
      Action: ["ecs:ListTasks"],
      Resource: ["*"],
      Condition: inCluster,
    },
    {
      Sid: "WatchAndStopTasks",
      Effect: "Allow",
      Action: ["ecs:DescribeTasks", "ecs:StopTask"],
      Resource: [arn(contract, "ecs", `task/${cluster}/*`)],
    },
    {
      Sid: "RunTasks",
      Effect: "Allow",
      Action: ["ecs:RunTask"],
      Resource: families.map((family) => arn(contract, "ecs", `task-definition/${family}:*`)),
      Condition: inCluster,
    },
    {
      Sid: "PassTaskRoles",
      Effect: "Allow",
      Action: ["iam:PassRole"],
      Resource: contract.roles,
      Condition: { StringEquals: { "iam:PassedToService": "ecs-tasks.amazonaws.com" } },
    },
  ];
}

function logs(contract: Contract): Statement[] {
  const groups = unique(
    contract.services.flatMap((service) => [
      service.logs.group,
      ...(service.migration ? [service.migration.logs.group] : []),
    ]),
  );
  return [
    {
      Sid: "ReadLogs",
      Effect: "Allow",
      Action: ["logs:GetLogEvents"],
      Resource: groups.map((group) => arn(contract, "logs", `log-group:${group}:log-stream:*`)),
    },
  ];
}

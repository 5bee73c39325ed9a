import {
  type Contract,
  contractParameter,
  familyOf,
  type LoginsContract,
  type MoveContract,
  type ServiceContract,
} from ".";

export interface Statement {
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

/** What of a contract the permissions depend on. */
export interface Deployable
  extends Pick<Contract, "environment" | "account" | "region" | "cluster" | "roles"> {
  readonly database?:
    | {
        readonly instances?: readonly string[] | undefined;
        readonly logins?: Pick<LoginsContract, "taskDefinition" | "logs" | "made"> | undefined;
      }
    | null
    | undefined;
  readonly move?: Pick<MoveContract, "parameter"> | undefined;
  readonly services: readonly (Pick<ServiceContract, "service" | "taskDefinition" | "other"> & {
    readonly image: Pick<ServiceContract["image"], "repository" | "source">;
    readonly logs: Pick<ServiceContract["logs"], "group">;
    readonly migration: {
      readonly taskDefinition: string;
      readonly logs: Pick<ServiceContract["logs"], "group">;
    } | null;
  })[];
}

export const unique = (items: string[]) => [...new Set(items)];

/**
 * The least that whoever deploys needs, from the contract: exactly the calls of `deploy/aws/gateway.ts`. It stands
 * beside the contract because both sides need it: deploy prints it, the bootstrap stack gives it to the deploy roles.
 * Resource types and condition keys are those of the Service Authorization Reference.
 * GetCallerIdentity needs no permission.
 */
export function policy(contract: Deployable): Policy {
  return {
    Version: "2012-10-17",
    Statement: [
      ...parameters(contract),
      ...images(contract),
      ...ecs(contract),
      ...logs(contract),
      ...database(contract),
    ],
  };
}

/** Where the ARNs of a contract lie. */
type Place = Pick<Deployable, "account" | "region"> & {
  readonly services: readonly object[];
};

/** `arn:aws`, `arn:aws-cn` or `arn:aws-us-gov`: that of the contract's own ARNs. */
const partition = ({ services }: Place) => {
  const [service] = services as readonly { readonly taskDefinition?: string }[];
  return service?.taskDefinition?.split(":")[1] ?? "aws";
};

export const arn = (contract: Place, service: string, resource: string) =>
  `arn:${partition(contract)}:${service}:${contract.region}:${contract.account}:${resource}`;

function parameters(contract: Deployable): Statement[] {
  const logins = contract.database?.logins;
  const read = [
    contractParameter(contract.environment),
    ...(logins ? [logins.made] : []),
    ...(contract.move ? [contract.move.parameter] : []),
  ];
  return [
    {
      Sid: "ReadContract",
      Effect: "Allow",
      Action: ["ssm:GetParameter"],
      Resource: read.map((name) => arn(contract, "ssm", `parameter${name}`)),
    },
    ...(logins
      ? [
          {
            Sid: "WriteLogins",
            Effect: "Allow" as const,
            Action: ["ssm:PutParameter"],
            Resource: [arn(contract, "ssm", `parameter${logins.made}`)],
          },
        ]
      : []),
    {
      // Names and versions of parameters, never values. Searching them has no narrower resource.
      Sid: "SeeSecretVersions",
      Effect: "Allow",
      Action: ["ssm:DescribeParameters"],
      Resource: [arn(contract, "ssm", "*")],
    },
  ];
}

/** Images are read where releases are pushed to; tags move in the environment's own repository alone. */
export function images(
  contract: Omit<Place, "services"> & {
    readonly services: readonly Pick<Deployable["services"][number], "image">[];
  },
): Statement[] {
  const all = contract.services.map(({ image }) => image);
  const sources = all.flatMap(({ source }) => source ?? []);
  const copied = all.filter(({ source }) => source);
  const arns = (repositories: readonly { readonly repository: string }[]) =>
    unique(
      repositories.map(({ repository, ...place }) =>
        arn({ ...contract, ...place }, "ecr", `repository/${repository}`),
      ),
    );
  const own = (images: typeof all) => arns(images.map(({ repository }) => ({ repository })));
  const read = ["ecr:BatchGetImage", "ecr:DescribeImages", "ecr:GetDownloadUrlForLayer"];
  return [
    { Sid: "RetagImages", Effect: "Allow", Action: [...read, "ecr:PutImage"], Resource: own(all) },
    ...(copied.length > 0
      ? [
          {
            Sid: "CopyImages",
            Effect: "Allow" as const,
            Action: [
              "ecr:BatchCheckLayerAvailability",
              "ecr:CompleteLayerUpload",
              "ecr:InitiateLayerUpload",
              "ecr:UploadLayerPart",
            ],
            Resource: own(copied),
          },
          { Sid: "ReadReleases", Effect: "Allow" as const, Action: read, Resource: arns(sources) },
        ]
      : []),
  ];
}

function ecs(contract: Deployable): Statement[] {
  const { cluster, services } = contract;
  const clusterArn = arn(contract, "ecs", `cluster/${cluster}`);
  const inCluster = { ArnEquals: { "ecs:cluster": clusterArn } };
  const perService = (type: string, rest = "") =>
    services.map(({ service }) => arn(contract, "ecs", `${type}/${cluster}/${service}${rest}`));
  const logins = contract.database?.logins;
  const families = unique(
    [
      ...services.flatMap(({ taskDefinition, migration, other }) => [
        taskDefinition,
        ...(migration ? [migration.taskDefinition] : []),
        ...(other ? [other.taskDefinition, ...(other.migration ? [other.migration] : [])] : []),
      ]),
      ...(logins ? [logins.taskDefinition] : []),
    ].map(familyOf),
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

function logs(contract: Deployable): Statement[] {
  const logins = contract.database?.logins;
  const groups = unique([
    ...contract.services.flatMap((service) => [
      service.logs.group,
      ...(service.migration ? [service.migration.logs.group] : []),
    ]),
    ...(logins ? [logins.logs.group] : []),
  ]);
  return [
    {
      Sid: "ReadLogs",
      Effect: "Allow",
      Action: ["logs:GetLogEvents"],
      Resource: groups.map((group) => arn(contract, "logs", `log-group:${group}:log-stream:*`)),
    },
  ];
}

function database(contract: Deployable): Statement[] {
  const instances = contract.database?.instances ?? [];
  if (instances.length === 0) return [];
  return [
    {
      Sid: "SeeDatabase",
      Effect: "Allow",
      Action: ["rds:DescribeDBInstances"],
      Resource: instances.map((name) => arn(contract, "rds", `db:${name}`)),
    },
  ];
}

import type { AnyConfiguration, AnyEnvironment } from "../environment/any";
import { actionsOf, AGENT_POLICY, allowed, denied, type Ruling, type Statement } from "../policy";
import { stateKey } from "../stack";
import { leaveTagged } from "./boundary";
import { parameterPatterns } from "./parameters";
import { autoscales, optionalServices, roleArns, servicesWithRoles, usedServices } from "./used-services";

/**
 * The AWS services that environments are made of, and the actions by which Terraform reads them. Names come from the
 * Service Authorization Reference. Objects in buckets, images, log events and passwords of instances are not among them.
 */
export const services: Readonly<Record<string, readonly string[]>> = {
  acm: ["Describe*", "List*"],
  "application-autoscaling": ["Describe*", "List*"],
  autoscaling: ["Describe*"],
  cloudfront: ["Describe*", "Get*", "List*"],
  ec2: ["Describe*", "GetManagedPrefixListEntries"],
  ecs: ["Describe*", "List*"],
  elasticache: ["Describe*", "List*"],
  elasticloadbalancing: ["Describe*"],
  logs: ["Describe*", "GetDelivery*", "List*"],
  rds: ["Describe*", "List*"],
  route53: ["Get*", "List*"],
  scheduler: ["GetSchedule"],
  wafv2: ["Get*", "List*"],
};

/** The same of an environment on App Runner, which has nothing else. */
const appRunnerServices: typeof services = { apprunner: ["Describe*", "List*"] };

const servicesOf = ({ configuration }: AnyEnvironment) =>
  "cluster" in configuration ? services : appRunnerServices;

/** Services whose names an environment chooses: what may be changed there is said by name, below. */
export const namedServices: Readonly<Record<string, readonly string[]>> = {
  budgets: ["ListTagsForResource", "ViewBudget"],
  ecr: ["Describe*", "GetLifecyclePolicy", "ListTagsForResource"],
  iam: ["Get*", "List*"],
  s3: [
    "GetAccelerateConfiguration",
    "GetBucket*",
    "GetEncryptionConfiguration",
    "GetLifecycleConfiguration",
    "GetReplicationConfiguration",
    "ListBucket",
    "ListTagsForResource",
  ],
  ssm: ["DescribeParameters", "ListTagsForResource"],
};

/** Where global services are reached: CloudFront, IAM, Route 53, and certificates and firewalls of CloudFront. */
const GLOBAL_REGION = "us-east-1";

/** Optional services whose resources an environment's name or tag tells apart: what may be changed is said below. */
const bounded: readonly string[] = ["kms", "sqs"];

/** What Terraform reads of an environment: by name where an environment chooses the names, else what AWS lists in its regions. */
function readStatements(environment: AnyEnvironment, account: string): Statement[] {
  const { name, region } = environment.configuration;
  const named = (service: string) => actionsOf(service, namedServices[service] ?? []);
  // The bootstrap stack's are named, and not read.
  const repositories = [...environment.registries.values()].filter(({ repository }) => repository);
  return [
    {
      sid: "ReadServices",
      actions: [
        ...Object.entries(servicesOf(environment)),
        ...usedServices(environment).map((used) => [used, optionalServices[used]?.reads ?? []] as const),
        ...(autoscales(environment) ? [["cloudwatch", ["DescribeAlarms"]] as const] : []),
        ["ssm", ["DescribeParameters"]] as const,
      ].flatMap(([service, names]) => actionsOf(service, names)),
      resources: ["*"],
      condition: inRegion(region),
    },
    {
      sid: "ReadRoles",
      actions: named("iam"),
      resources: [
        `arn:aws:iam::${account}:role/${name}-*`,
        `arn:aws:iam::${account}:instance-profile/${name}-*`,
      ],
    },
    { sid: "ReadBuckets", actions: named("s3"), resources: [`arn:aws:s3:::${name}-*`] },
    ...(repositories.length > 0
      ? [
          {
            sid: "ReadRepositories",
            actions: named("ecr"),
            resources: repositories.map(({ name }) => `arn:aws:ecr:${region}:${account}:repository/${name}`),
          },
        ]
      : []),
    {
      sid: "ReadTagsOfParameters",
      actions: ["ssm:ListTagsForResource"],
      resources: [parameters(environment.configuration, account)],
    },
  ];
}

/** Where an environment lies, and where the global services are. */
const inRegion = (region: string) => ({
  StringEquals: { "aws:RequestedRegion": [...new Set([region, GLOBAL_REGION])] },
});

/** A new password is made, and thrown away, in each plan and apply. */
const password: Statement = {
  sid: "RandomPassword",
  actions: ["secretsmanager:GetRandomPassword"],
  resources: ["*"],
};

/** All that an environment writes there: the contract, secrets, the database's. */
const parameters = ({ name, region }: AnyConfiguration, account: string) =>
  `arn:aws:ssm:${region}:${account}:parameter/${name}/*`;

/** Parameters of AWS, where the newest image ids stand. */
const publicParameters = ({ region }: AnyConfiguration) => `arn:aws:ssm:${region}::parameter/aws/service/*`;

/**
 * What a plan of one environment reads: what it is made of, its own state, and the values of the parameters that Terraform
 * writes, because Terraform reads a parameter whole. No secret that a person writes is among them.
 */
export function planStatements(environment: AnyEnvironment, account: string, bucketArn: string): Statement[] {
  const { configuration } = environment;
  const { name, region } = configuration;
  const written = parameterPatterns(environment).map(
    (pattern) => `arn:aws:ssm:${region}:${account}:parameter${pattern}`,
  );
  return [
    ...readStatements(environment, account),
    password,
    {
      sid: "ReadParameters",
      actions: ["ssm:GetParameter"],
      resources: [...written, publicParameters(configuration)],
    },
    ...(environment.key ? [decryptStatement(configuration, account, written)] : []),
    { sid: "ReadState", actions: ["s3:GetObject"], resources: [`${bucketArn}/${stateKey(name)}`] },
    { sid: "ListStates", actions: ["s3:ListBucket"], resources: [bucketArn] },
  ];
}

export interface ApplyAccess {
  readonly project: string;
  readonly account: string;
  readonly stateBucketArn: string;
  /** The other environments that there are. */
  readonly others: readonly string[];
  /** The policy that each role has to be bounded by. */
  readonly boundaryArn: string;
}

/** What applying one environment takes, and what of the others it is refused, since most ids are known to nobody before. */
export function applyRulings(environment: AnyEnvironment, access: ApplyAccess): Ruling[] {
  const { project, others } = access;
  const { configuration } = environment;
  const peers =
    "network" in configuration && configuration.network.vpc === undefined
      ? configuration.network.peering.map((peer) => peer.environment)
      : [];
  const strangers = others.filter((other) => !peers.includes(other));
  // Routes to a peer stand in its tables, too.
  const beyondRoutes = changedServices(environment).filter((one) => one !== "ec2");
  return [
    ...applyStatements(environment, access).map(allowed),
    ...(others.length > 0 ? [claimNothing(others)] : []),
    ...(strangers.length > 0 ? [leaveTagged("LeaveTagged", ["*"], project, strangers)] : []),
    ...(peers.length > 0
      ? [
          leaveTagged(
            "LeavePeers",
            beyondRoutes.map((one) => `${one}:*`),
            project,
            peers,
          ),
        ]
      : []),
  ];
}

/** What bears another environment's tag is that one's: nothing can be made to look like it. */
const claimNothing = (others: readonly string[]) =>
  denied({
    sid: "ClaimNothing",
    actions: ["*"],
    resources: ["*"],
    condition: { StringEquals: { "aws:RequestTag/environment": others } },
  });

/** The services in which Terraform may change whatever is not another environment's. */
const changedServices = (environment: AnyEnvironment): string[] => [
  ...Object.keys(servicesOf(environment)),
  ...usedServices(environment).filter((one) => !bounded.includes(one)),
];

/** Rights to the environment's state, to what bears its name, and to the services that bear none. */
function applyStatements(
  environment: AnyEnvironment,
  { account, stateBucketArn: bucketArn, boundaryArn }: ApplyAccess,
): Statement[] {
  const { configuration } = environment;
  const { name, region } = configuration;
  const used = usedServices(environment);
  const state = `${bucketArn}/${stateKey(name)}`;
  const created = configuration.registries.filter(({ create }) => create);
  return [
    ...readStatements(environment, account),
    password,
    {
      sid: "ChangeServices",
      actions: changedServices(environment).map((one) => `${one}:*`),
      resources: ["*"],
      condition: inRegion(region),
    },
    ...roleStatements(environment, account, boundaryArn),
    {
      sid: "ChangeParameters",
      actions: actionsOf("ssm", [
        "AddTagsToResource",
        "DeleteParameter",
        "GetParameter",
        "PutParameter",
        "RemoveTagsFromResource",
      ]),
      resources: [parameters(configuration, account)],
    },
    {
      sid: "ReadPublicParameters",
      actions: ["ssm:GetParameter"],
      resources: [publicParameters(configuration)],
    },
    {
      sid: "ChangeBuckets",
      actions: actionsOf("s3", ["Create*", "Delete*", "Get*", "List*", "Put*"]),
      resources: [`arn:aws:s3:::${name}-*`, `arn:aws:s3:::${name}-*/*`],
    },
    ...(autoscales(environment) && "cluster" in environment
      ? [
          {
            // Application Auto Scaling makes its alarms in the name of whoever makes the scaling policy.
            // Source: "IAM permissions required for Amazon ECS service auto scaling", ECS guide.
            sid: "ChangeScalingAlarms",
            actions: actionsOf("cloudwatch", ["DeleteAlarms", "PutMetricAlarm"]),
            resources: [
              `arn:aws:cloudwatch:${region}:${account}:alarm:TargetTracking-service/${environment.cluster.cluster.nameInput}/*`,
            ],
          },
        ]
      : []),
    ...(used.includes("sqs")
      ? [
          {
            sid: "ChangeQueues",
            actions: actionsOf("sqs", [
              "CreateQueue",
              "DeleteQueue",
              "SetQueueAttributes",
              "TagQueue",
              "UntagQueue",
            ]),
            resources: [`arn:aws:sqs:${region}:${account}:${name}-*`],
          },
        ]
      : []),
    ...(used.includes("kms") ? keyStatements(configuration, account) : []),
    ...(created.length > 0
      ? [
          {
            sid: "ChangeRepositories",
            actions: actionsOf("ecr", [
              "CreateRepository",
              "Delete*",
              "Put*",
              "TagResource",
              "UntagResource",
            ]),
            resources: created.map(
              ({ repository }) => `arn:aws:ecr:${region}:${account}:repository/${repository}`,
            ),
          },
        ]
      : []),
    {
      sid: "ChangeState",
      actions: ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"],
      resources: [state, `${state}.tflock`],
    },
    // What could not be saved, and is pushed by a person: the workflow puts it there.
    { sid: "ListStates", actions: ["s3:ListBucket"], resources: [bucketArn] },
    { sid: "KeepErroredState", actions: ["s3:PutObject"], resources: [`${bucketArn}/errored/${name}/*`] },
  ];
}

/**
 * The parameters that Terraform writes, where they lie under a key of the environment's own.
 * Source: "AWS KMS encryption for AWS Systems Manager Parameter Store SecureString parameters", encryption context.
 */
const decryptStatement = (
  { name, region }: AnyConfiguration,
  account: string,
  written: readonly string[],
): Statement => ({
  sid: "DecryptParameters",
  actions: ["kms:Decrypt"],
  resources: [`arn:aws:kms:${region}:${account}:key/*`],
  condition: {
    StringEquals: {
      "aws:ResourceTag/environment": name,
      "kms:ViaService": `ssm.${region}.amazonaws.com`,
    },
    StringLike: { "kms:EncryptionContext:PARAMETER_ARN": written },
  },
});

/** Keys, by the tag that everything of an environment bears: their ids are not known before. */
function keyStatements({ name, region }: AnyConfiguration, account: string): Statement[] {
  const keys = `arn:aws:kms:${region}:${account}:key/*`;
  const tagged = { StringEquals: { "aws:ResourceTag/environment": name } };
  return [
    {
      sid: "CreateKeys",
      actions: ["kms:CreateKey"],
      resources: ["*"],
      condition: { StringEquals: { "aws:RequestTag/environment": name } },
    },
    {
      // A key is born with its tags; one that has an environment's keeps it.
      sid: "TagNewKeys",
      actions: ["kms:TagResource"],
      resources: [keys],
      condition: {
        StringEquals: { "aws:RequestTag/environment": name },
        Null: { "aws:ResourceTag/environment": "true" },
      },
    },
    {
      sid: "ChangeKeys",
      actions: actionsOf("kms", [
        "CreateAlias",
        "Decrypt",
        "DeleteAlias",
        "EnableKeyRotation",
        "Encrypt",
        "PutKeyPolicy",
        "ScheduleKeyDeletion",
        "TagResource",
        "UntagResource",
        "UpdateAlias",
        "UpdateKeyDescription",
      ]),
      resources: [keys],
      condition: tagged,
    },
    {
      sid: "NameKeys",
      actions: actionsOf("kms", ["CreateAlias", "DeleteAlias", "UpdateAlias"]),
      resources: [`arn:aws:kms:${region}:${account}:alias/${name}`],
    },
  ];
}

/** Roles and instance profiles, by the environment's name; what a role gets, only within its boundary. */
function roleStatements(environment: AnyEnvironment, account: string, boundaryArn: string): Statement[] {
  const { name } = environment.configuration;
  const named = (type: string) => `arn:aws:iam::${account}:${type}/${name}-*`;
  const own = roleArns(environment, account);
  const within = { StringEquals: { "iam:PermissionsBoundary": boundaryArn } };
  return [
    {
      // Nobody here may change the boundary itself, or take it off.
      sid: "GiveRoles",
      actions: actionsOf("iam", ["CreateRole", "PutRolePermissionsBoundary", "PutRolePolicy"]),
      resources: [named("role")],
      condition: within,
    },
    {
      sid: "ChangeRoles",
      actions: actionsOf("iam", [
        "DeleteRole",
        "DeleteRolePolicy",
        "DetachRolePolicy",
        "TagRole",
        "UntagRole",
        "UpdateRole",
        "UpdateRoleDescription",
      ]),
      resources: [named("role")],
    },
    // AWS compares no boundary here: another role of the account, whose name only begins alike, is not to be had.
    { sid: "TrustRoles", actions: ["iam:UpdateAssumeRolePolicy"], resources: own },
    {
      sid: "PassRoles",
      actions: ["iam:PassRole"],
      resources: own,
      condition: { StringEquals: { "iam:PassedToService": servicesWithRoles(environment) } },
    },
    {
      // Only AWS's policy for container instances: no role of an environment becomes an administrator this way.
      sid: "AttachPolicies",
      actions: ["iam:AttachRolePolicy"],
      resources: [named("role")],
      condition: { ...within, ArnEquals: { "iam:PolicyARN": [AGENT_POLICY] } },
    },
    {
      sid: "ChangeInstanceProfiles",
      actions: actionsOf("iam", [
        "AddRoleToInstanceProfile",
        "CreateInstanceProfile",
        "DeleteInstanceProfile",
        "RemoveRoleFromInstanceProfile",
        "TagInstanceProfile",
        "UntagInstanceProfile",
      ]),
      resources: [named("instance-profile")],
    },
    {
      sid: "CreateServiceLinkedRoles",
      actions: ["iam:CreateServiceLinkedRole"],
      resources: [`arn:aws:iam::${account}:role/aws-service-role/*`],
    },
  ];
}

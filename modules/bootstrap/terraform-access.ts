import type { Environment } from "../environment/environment";
import type { Configuration } from "../environment/props";
import { actionsOf, AGENT_POLICY, type Statement } from "../policy";
import { stateKey } from "../stack";
import { autoscales, optionalServices, usedServices } from "./used-services";

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
  scheduler: ["Get*", "List*"],
  wafv2: ["Get*", "List*"],
};

/** Services whose names an environment chooses: what may be changed there is said by name, below. */
export const namedServices: Readonly<Record<string, readonly string[]>> = {
  budgets: ["ListTagsForResource", "ViewBudget"],
  ecr: ["Describe*", "GetLifecyclePolicy", "GetRepositoryPolicy", "ListTagsForResource"],
  iam: ["Get*", "List*"],
  s3: [
    "GetAccelerateConfiguration",
    "GetBucket*",
    "GetEncryptionConfiguration",
    "GetLifecycleConfiguration",
    "GetReplicationConfiguration",
    "ListAllMyBuckets",
    "ListBucket",
    "ListTagsForResource",
  ],
  ssm: ["DescribeParameters", "ListTagsForResource"],
};

/** Where global services are reached: CloudFront, IAM, Route 53, and certificates and firewalls of CloudFront. */
const GLOBAL_REGION = "us-east-1";

/** Optional services whose resources an environment's name or tag tells apart: what may be changed is said below. */
const bounded: readonly string[] = ["kms", "sqs"];

const reading = (environments: readonly Environment[]): Statement => ({
  sid: "ReadServices",
  actions: [
    ...Object.entries({ ...services, ...namedServices }),
    ...usedServices(...environments).map((used) => [used, optionalServices[used]?.reads ?? []] as const),
    ...(autoscales(...environments) ? [["cloudwatch", ["DescribeAlarms"]] as const] : []),
  ].flatMap(([service, names]) => actionsOf(service, names)),
  resources: ["*"],
});

/** A new password is made, and thrown away, in each plan and apply. */
const password: Statement = {
  sid: "RandomPassword",
  actions: ["secretsmanager:GetRandomPassword"],
  resources: ["*"],
};

/** All that an environment writes there: the contract, secrets, the database's. */
const parameters = ({ name, region }: Configuration, account: string) =>
  `arn:aws:ssm:${region}:${account}:parameter/${name}/*`;

/** Parameters of AWS, where the newest image ids stand. */
const publicParameters = ({ region }: Configuration) => `arn:aws:ssm:${region}::parameter/aws/service/*`;

/**
 * What a plan of all these environments and of the bootstrap stack reads. That includes the values of the environments'
 * parameters, because Terraform reads a parameter whole.
 */
export const planStatements = (
  environments: readonly Environment[],
  account: string,
  bucketArn: string,
): Statement[] => [
  reading(environments),
  password,
  {
    sid: "ReadParameters",
    actions: ["ssm:GetParameter", "ssm:GetParameters"],
    resources: [
      ...new Set(
        environments.flatMap(({ configuration }) => [
          parameters(configuration, account),
          publicParameters(configuration),
        ]),
      ),
    ],
  },
  ...decryptStatements(environments, account),
  { sid: "ReadStates", actions: ["s3:GetObject"], resources: [`${bucketArn}/${stateKey("*")}`] },
];

/** What applying one environment takes: its own state, what bears its name, and the services that bear none. */
export function applyStatements(environment: Environment, account: string, bucketArn: string): Statement[] {
  const { configuration } = environment;
  const { name, region } = configuration;
  const used = usedServices(environment);
  const state = `${bucketArn}/${stateKey(name)}`;
  const created = configuration.registries.filter(({ create }) => create);
  return [
    reading([environment]),
    password,
    {
      sid: "ChangeServices",
      actions: [...Object.keys(services), ...used.filter((one) => !bounded.includes(one))].map(
        (one) => `${one}:*`,
      ),
      resources: ["*"],
      condition: { StringEquals: { "aws:RequestedRegion": [...new Set([region, GLOBAL_REGION])] } },
    },
    ...roleStatements(name, account),
    {
      sid: "ChangeParameters",
      actions: actionsOf("ssm", [
        "AddTagsToResource",
        "DeleteParameter",
        "GetParameter",
        "GetParameters",
        "PutParameter",
        "RemoveTagsFromResource",
      ]),
      resources: [parameters(configuration, account)],
    },
    {
      sid: "ReadPublicParameters",
      actions: ["ssm:GetParameter", "ssm:GetParameters"],
      resources: [publicParameters(configuration)],
    },
    {
      sid: "ChangeBuckets",
      actions: actionsOf("s3", ["Create*", "Delete*", "Get*", "List*", "Put*"]),
      resources: [`arn:aws:s3:::${name}-*`, `arn:aws:s3:::${name}-*/*`],
    },
    ...(autoscales(environment)
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
    { sid: "KeepErroredState", actions: ["s3:PutObject"], resources: [`${bucketArn}/errored/${name}/*`] },
  ];
}

/** Secrets that lie under a key of the environments' own, for whoever reads their parameters. */
function decryptStatements(environments: readonly Environment[], account: string): Statement[] {
  const own = environments.filter(({ key }) => key !== undefined);
  if (own.length === 0) return [];
  const regions = [...new Set(own.map(({ configuration }) => configuration.region))];
  return [
    {
      sid: "DecryptParameters",
      actions: ["kms:Decrypt"],
      resources: regions.map((region) => `arn:aws:kms:${region}:${account}:key/*`),
      condition: {
        StringEquals: {
          "aws:ResourceTag/environment": own.map(({ configuration }) => configuration.name),
          "kms:ViaService": regions.map((region) => `ssm.${region}.amazonaws.com`),
        },
      },
    },
  ];
}

/** Keys, by the tag that everything of an environment bears: their ids are not known before. */
function keyStatements({ name, region }: Configuration, account: string): Statement[] {
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

/** Roles and instance profiles, by the environment's name. */
function roleStatements(environment: string, account: string): Statement[] {
  const named = (type: string) => `arn:aws:iam::${account}:${type}/${environment}-*`;
  return [
    {
      sid: "ChangeRoles",
      actions: actionsOf("iam", [
        "CreateRole",
        "DeleteRole",
        "DeleteRolePolicy",
        "DetachRolePolicy",
        "PassRole",
        "PutRolePolicy",
        "TagRole",
        "UntagRole",
        "UpdateAssumeRolePolicy",
        "UpdateRole",
        "UpdateRoleDescription",
      ]),
      resources: [named("role")],
    },
    {
      // Only AWS's policy for container instances: no role of an environment becomes an administrator this way.
      sid: "AttachPolicies",
      actions: ["iam:AttachRolePolicy"],
      resources: [named("role")],
      condition: { ArnEquals: { "iam:PolicyARN": [AGENT_POLICY] } },
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

import { contractParameter } from "../contract";
import type { Configuration } from "../environment/props";
import type { Statement } from "../policy";

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

const reading: Statement = {
  sid: "ReadServices",
  actions: Object.entries({ ...services, ...namedServices }).flatMap(([service, actions]) =>
    actions.map((action) => `${service}:${action}`),
  ),
  resources: ["*"],
};

/** A new password is made, and thrown away, in each plan and apply. */
const password: Statement = {
  sid: "RandomPassword",
  actions: ["secretsmanager:GetRandomPassword"],
  resources: ["*"],
};

const parameters = ({ name, region }: Configuration, account: string) => {
  const root = contractParameter(name).replace(/[^/]*$/, "*");
  return [`arn:aws:ssm:${region}:${account}:parameter${root}`];
};

/** Parameters of AWS, where the newest image ids stand. */
const publicParameters = ({ region }: Configuration) => `arn:aws:ssm:${region}::parameter/aws/service/*`;

const states = (bucketArn: string, name: string) =>
  ["", ".tflock"].map((end) => `${bucketArn}/${name}.tfstate${end}`);

/**
 * What a plan of all these environments and of the bootstrap stack reads. That includes the values of the environments'
 * parameters, because Terraform reads a parameter whole.
 */
export const planStatements = (
  environments: readonly Configuration[],
  account: string,
  bucketArn: string,
): Statement[] => [
  reading,
  password,
  {
    sid: "ReadParameters",
    actions: ["ssm:GetParameter", "ssm:GetParameters"],
    resources: [
      ...new Set(environments.flatMap((one) => [...parameters(one, account), publicParameters(one)])),
    ],
  },
  { sid: "ReadStates", actions: ["s3:GetObject"], resources: [`${bucketArn}/*.tfstate`] },
];

/** What applying one environment takes: its own state, what bears its name, and the services that bear none. */
export function applyStatements(environment: Configuration, account: string, bucketArn: string): Statement[] {
  const { name, region } = environment;
  const iam = (type: string) => `arn:aws:iam::${account}:${type}/${name}-*`;
  const created = environment.registries.filter(({ create }) => create);
  return [
    reading,
    password,
    {
      sid: "ChangeServices",
      actions: Object.keys(services).map((service) => `${service}:*`),
      resources: ["*"],
      condition: { StringEquals: { "aws:RequestedRegion": [...new Set([region, GLOBAL_REGION])] } },
    },
    {
      sid: "ChangeRoles",
      actions: [
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
      ].map((action) => `iam:${action}`),
      resources: [iam("role")],
    },
    {
      // Only AWS's policies for container instances and their agent: no role of an environment becomes an administrator this way.
      sid: "AttachPolicies",
      actions: ["iam:AttachRolePolicy"],
      resources: [iam("role")],
      condition: {
        ArnEquals: {
          "iam:PolicyARN": [
            "arn:aws:iam::aws:policy/service-role/AmazonEC2ContainerServiceforEC2Role",
            "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore",
          ],
        },
      },
    },
    {
      sid: "ChangeInstanceProfiles",
      actions: [
        "AddRoleToInstanceProfile",
        "CreateInstanceProfile",
        "DeleteInstanceProfile",
        "RemoveRoleFromInstanceProfile",
        "TagInstanceProfile",
        "UntagInstanceProfile",
      ].map((action) => `iam:${action}`),
      resources: [iam("instance-profile")],
    },
    {
      sid: "CreateServiceLinkedRoles",
      actions: ["iam:CreateServiceLinkedRole"],
      resources: [`arn:aws:iam::${account}:role/aws-service-role/*`],
    },
    {
      sid: "ChangeParameters",
      actions: [
        "AddTagsToResource",
        "DeleteParameter",
        "GetParameter",
        "GetParameters",
        "PutParameter",
        "RemoveTagsFromResource",
      ].map((action) => `ssm:${action}`),
      resources: parameters(environment, account),
    },
    {
      sid: "ReadPublicParameters",
      actions: ["ssm:GetParameter", "ssm:GetParameters"],
      resources: [publicParameters(environment)],
    },
    {
      sid: "ChangeBuckets",
      actions: ["Create*", "Delete*", "Get*", "List*", "Put*"].map((action) => `s3:${action}`),
      resources: [`arn:aws:s3:::${name}-*`, `arn:aws:s3:::${name}-*/*`],
    },
    ...(created.length > 0
      ? [
          {
            sid: "ChangeRepositories",
            actions: ["CreateRepository", "Delete*", "Put*", "TagResource", "UntagResource"].map(
              (action) => `ecr:${action}`,
            ),
            resources: created.map(
              ({ repository }) => `arn:aws:ecr:${region}:${account}:repository/${repository}`,
            ),
          },
        ]
      : []),
    {
      sid: "ChangeState",
      actions: ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"],
      resources: states(bucketArn, name),
    },
  ];
}

import { blocks, text, texts } from "../aws/kind";
import type { Fields } from "../wire/value";
import { expand, type Subject } from "./expand";
import type { Line } from "./line";
import type { TaggedCall } from "./calls";

const database = "db:{DBInstanceIdentifier}";
const image = "repository/{repositoryName}";
const parameter = "parameter{Name:rooted}";
const stream = "log-group:{logGroupName}:log-stream:{logStreamName}";
const task = "task/{cluster:last}/{task:last}";

/**
 * What IAM is asked for each operation of AWS's endpoints, by the request's members. An operation that says the same of
 * itself needs no more. Source: Service Authorization Reference, read on 2026-11-21.
 */
export const apiCalls: Readonly<Record<string, readonly Line[]>> = {
  // Everybody may know who they are.
  "sts:GetCallerIdentity": [],
  "apprunner:DescribeService": ["apprunner:DescribeService {ServiceArn}"],
  "apprunner:DescribeAutoScalingConfiguration": [
    "apprunner:DescribeAutoScalingConfiguration {AutoScalingConfigurationArn}",
  ],
  "apprunner:DescribeCustomDomains": ["apprunner:DescribeCustomDomains {ServiceArn}"],
  "apprunner:ListOperations": ["apprunner:ListOperations {ServiceArn}"],
  "apprunner:ListServices": ["apprunner:ListServices"],
  "apprunner:StartDeployment": ["apprunner:StartDeployment {ServiceArn}"],
  "ecr:GetAuthorizationToken": ["ecr:GetAuthorizationToken"],
  "ecr:DescribeRepositories": ["ecr:DescribeRepositories repository/{repositoryNames}"],
  "ecr:DescribeImages": [`ecr:DescribeImages ${image}`],
  "ecr:BatchGetImage": [`ecr:BatchGetImage ${image}`],
  "ecr:PutImage": [`ecr:PutImage ${image}`],
  "ecr:BatchDeleteImage": [`ecr:BatchDeleteImage ${image}`],
  "ecr:BatchCheckLayerAvailability": [`ecr:BatchCheckLayerAvailability ${image}`],
  "ecr:GetDownloadUrlForLayer": [`ecr:GetDownloadUrlForLayer ${image}`],
  "ecr:InitiateLayerUpload": [`ecr:InitiateLayerUpload ${image}`],
  "ecr:UploadLayerPart": [`ecr:UploadLayerPart ${image}`],
  "ecr:CompleteLayerUpload": [`ecr:CompleteLayerUpload ${image}`],
  "ecs:ListClusters": ["ecs:ListClusters"],
  "ecs:DescribeClusters": ["ecs:DescribeClusters cluster/{clusters:last}"],
  "ecs:DescribeCapacityProviders": [
    "ecs:DescribeCapacityProviders capacity-provider/{capacityProviders:last}",
  ],
  "ecs:ListContainerInstances": ["ecs:ListContainerInstances cluster/{cluster:last}"],
  "ecs:DescribeContainerInstances": [
    "ecs:DescribeContainerInstances container-instance/{cluster:last}/{containerInstances:last}",
  ],
  "ecs:ListServices": ["ecs:ListServices"],
  "ecs:DescribeServices": ["ecs:DescribeServices service/{cluster:last}/{services:last}"],
  "ecs:UpdateService": ["ecs:UpdateService service/{cluster:last}/{service:last}"],
  "ecs:ListServiceDeployments": ["ecs:ListServiceDeployments service/{cluster:last}/{service:last}"],
  "ecs:DescribeServiceDeployments": ["ecs:DescribeServiceDeployments {serviceDeploymentArns}"],
  "ecs:StopServiceDeployment": ["ecs:StopServiceDeployment {serviceDeploymentArn}"],
  "ecs:DescribeServiceRevisions": ["ecs:DescribeServiceRevisions {serviceRevisionArns}"],
  "ecs:ListTasks": ["ecs:ListTasks container-instance/{cluster:last}/*"],
  "ecs:DescribeTasks": ["ecs:DescribeTasks task/{cluster:last}/{tasks:last}"],
  "ecs:StopTask": [`ecs:StopTask ${task}`],
  "ecs:RunTask": ["ecs:RunTask task-definition/{taskDefinition:task-definition}"],
  "ecs:DescribeTaskDefinition": ["ecs:DescribeTaskDefinition"],
  "ecs:DescribeExpressGatewayService": ["ecs:DescribeExpressGatewayService {serviceArn}"],
  "ecs:ExecuteCommand": [`ecs:ExecuteCommand ${task} cluster/{cluster:last}`],
  "ecs:TagResource": ["ecs:TagResource {resourceArn}"],
  "ecs:UntagResource": ["ecs:UntagResource {resourceArn}"],
  "ecs:ListTagsForResource": ["ecs:ListTagsForResource {resourceArn}"],
  "logs:DescribeLogGroups": ["logs:DescribeLogGroups"],
  "logs:DescribeLogStreams": ["logs:DescribeLogStreams log-group:{logGroupName}:log-stream:"],
  "logs:GetLogEvents": [`logs:GetLogEvents ${stream}`],
  "logs:FilterLogEvents": ["logs:FilterLogEvents log-group:{logGroupName}:log-stream:"],
  "ssm:GetParameter": [`ssm:GetParameter ${parameter}`],
  "ssm:GetParameters": ["ssm:GetParameters parameter{Names:rooted}"],
  "ssm:GetParametersByPath": ["ssm:GetParametersByPath parameter{Path:rooted}"],
  "ssm:DescribeParameters": ["ssm:DescribeParameters *"],
  "ssm:PutParameter": [`ssm:PutParameter ${parameter}`, `ssm:AddTagsToResource ${parameter} if Tags`],
  "ssm:DeleteParameter": [`ssm:DeleteParameter ${parameter}`],
  "ssm:StartSession": [
    "ssm:StartSession arn:aws:ec2:{@region}:{@account}:instance/{Target} arn:aws:ssm:{@region}::document/{DocumentName}",
  ],
  "ssm:TerminateSession": ["ssm:TerminateSession session/{SessionId:session}"],
  "rds:DescribeDBInstances": [`rds:DescribeDBInstances ${database}`],
  "rds:RebootDBInstance": [`rds:RebootDBInstance ${database}`],
  "route53:GetHostedZone": ["route53:GetHostedZone hostedzone/{Id:last}"],
  "route53:ListResourceRecordSets": ["route53:ListResourceRecordSets hostedzone/{HostedZoneId:last}"],
  "route53:ChangeResourceRecordSets": ["route53:ChangeResourceRecordSets hostedzone/{HostedZoneId:last}"],
  "route53:GetChange": ["route53:GetChange change/{Id:last}"],
  // It has no narrower resource.
  "cloudwatch:GetMetricData": ["cloudwatch:GetMetricData"],
  "application-autoscaling:DescribeScalableTargets": ["application-autoscaling:DescribeScalableTargets"],
  "application-autoscaling:RegisterScalableTarget": [
    "application-autoscaling:RegisterScalableTarget scalable-target/*",
  ],
  "scheduler:GetSchedule": ["scheduler:GetSchedule schedule/default/{Name}"],
  "scheduler:UpdateSchedule": [
    "scheduler:UpdateSchedule schedule/default/{Name}",
    "iam:PassRole {Target.RoleArn} to scheduler.amazonaws.com",
  ],
  "cloudfront:GetDistribution": ["cloudfront:GetDistribution distribution/{Id}"],
  "cloudfront:ListConflictingAliases": ["cloudfront:ListConflictingAliases distribution/{DistributionId}"],
  "cloudfront:AssociateAlias": ["cloudfront:AssociateAlias distribution/{TargetDistributionId}"],
  ...Object.fromEntries(
    ["DescribeKeyValueStore", "ListKeys", "GetKey", "PutKey", "DeleteKey", "UpdateKeys"].map((name) => [
      `cloudfront-keyvaluestore:${name}`,
      [`cloudfront-keyvaluestore:${name} {KvsARN}`] as const,
    ]),
  ),
  "s3:ListBuckets": ["s3:ListAllMyBuckets"],
  "s3:HeadBucket": ["s3:ListBucket {bucket}"],
  "s3:ListObjectsV2": ["s3:ListBucket {bucket}"],
  "s3:ListObjectVersions": ["s3:ListBucketVersions {bucket}"],
  "s3:GetBucketLocation": ["s3:GetBucketLocation {bucket}"],
  "s3:GetBucketVersioning": ["s3:GetBucketVersioning {bucket}"],
  "s3:GetObject": ["s3:GetObject {bucket}/{key}"],
  "s3:HeadObject": ["s3:GetObject {bucket}/{key}"],
  "s3:PutObject": ["s3:PutObject {bucket}/{key}"],
  "s3:DeleteObject": ["s3:DeleteObject {bucket}/{key}"],
  "s3:DeleteObjects": ["s3:DeleteObject {bucket}/*"],
};

/** What an operation asks of IAM; undefined for one that is not in the table. */
export function callsOfApi(service: string, operation: string, subject: Subject): TaggedCall[] | undefined {
  const name = `${service}:${operation}`;
  const lines = Object.hasOwn(apiCalls, name) ? apiCalls[name] : undefined;
  if (!lines) return undefined;
  const calls = [...expand(lines, subject), ...beside(name, subject)];
  return calls.map((call) => ({ ...call, attributes: subject.attributes }));
}

/** What goes with a call: roles of the task that it starts, the key that a secret lies under. */
function beside(name: string, subject: Subject) {
  if (name === "ecs:RunTask") return passing(subject);
  // A list of all instances is one about any.
  if (name === "rds:DescribeDBInstances" && !text(subject.attributes, "DBInstanceIdentifier"))
    return expand(["rds:DescribeDBInstances db:*"], subject);
  if (/^ssm:(Get|Put)Parameter/.test(name)) return sealing(name, subject);
  return [];
}

function passing({ world, region, attributes }: Subject) {
  const named = text(attributes, "taskDefinition");
  const definition = world
    .list({ type: "aws_ecs_task_definition", region })
    .map((one) => one.attributes as Fields)
    .find((one) =>
      [text(one, "arn"), text(one, "family"), text(one, "arn_without_revision")].includes(named),
    );
  const [overrides] = blocks(attributes, "overrides");
  const roles = ["task_role_arn", "execution_role_arn"].map((role) => text(definition, role));
  const others = ["taskRoleArn", "executionRoleArn"].map((role) => text(overrides, role));
  const resources = [...new Set([...roles, ...others])].filter((role) => role !== "");
  const to = "ecs-tasks.amazonaws.com";
  return resources.length > 0 ? [{ action: "iam:PassRole", resources, to, via: undefined }] : [];
}

/** A parameter under a key of one's own is opened and sealed in the caller's name. */
function sealing(name: string, subject: Subject) {
  const { world, region, attributes } = subject;
  const names = [text(attributes, "Name"), ...texts(attributes, "Names")];
  const action = name === "ssm:PutParameter" ? "kms:Encrypt" : "kms:Decrypt";
  if (action === "kms:Decrypt" && attributes.WithDecryption !== true) return [];
  return names.flatMap((one) => {
    const found = world.get("aws_ssm_parameter", region, one)?.attributes as Fields | undefined;
    const key = text(attributes, "KeyId") || text(found, "key_id");
    return expand([`${action} {key:key} via ssm`], { world, region, attributes: { key } });
  });
}

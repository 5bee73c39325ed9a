import { TerraformResource } from "cdktf";
import { isRole } from "../boundary";
import type { AnyEnvironment } from "../environment/any";

/** An AWS service that an environment may do without, by how the names of its resource types begin. */
interface Optional {
  readonly prefix: string;
  /** The actions by which Terraform reads it, none of which reads what is kept there. */
  readonly reads: readonly string[];
}

/**
 * AWS services that services use or that a team adds in the second argument of `environment`. Roles may touch those that
 * some resource belongs to. Names come from the Service Authorization Reference.
 */
export const optionalServices: Readonly<Record<string, Optional>> = {
  cloudwatch: { prefix: "aws_cloudwatch_metric_", reads: ["Describe*", "List*"] },
  dynamodb: { prefix: "aws_dynamodb_", reads: ["Describe*", "ListTagsOfResource"] },
  elasticfilesystem: { prefix: "aws_efs_", reads: ["Describe*", "ListTagsForResource"] },
  events: { prefix: "aws_cloudwatch_event_", reads: ["Describe*", "List*"] },
  kms: {
    prefix: "aws_kms_",
    reads: ["DescribeKey", "GetKeyPolicy", "GetKeyRotationStatus", "ListAliases", "ListResourceTags"],
  },
  sns: { prefix: "aws_sns_", reads: ["Get*", "List*"] },
  sqs: { prefix: "aws_sqs_", reads: ["GetQueueAttributes", "ListQueueTags"] },
};

/** Whether some service of the environment follows its load: Application Auto Scaling then keeps alarms. */
export const autoscales = (environment: AnyEnvironment) =>
  typesIn(environment).includes("aws_appautoscaling_policy");

/** The optional services that an environment's resources belong to, sorted. */
export function usedServices(environment: AnyEnvironment): string[] {
  const types = typesIn(environment);
  return Object.keys(optionalServices)
    .filter((service) => types.some((type) => type.startsWith(optionalServices[service]?.prefix ?? "-")))
    .sort();
}

const rolesIn = ({ node }: AnyEnvironment) => node.findAll().filter(isRole);

/** The ARNs of an environment's roles, a team's own among them; what is known only once it is applied stands for anything. */
export const roleArns = (environment: AnyEnvironment, account: string): string[] =>
  rolesIn(environment).map(({ pathInput = "/", nameInput = "${}" }) => {
    const name = `${pathInput}${nameInput}`.replaceAll(/\$\{[^}]*\}/g, "*");
    return `arn:aws:iam::${account}:role${name}`;
  });

/** The AWS services that an environment's roles are for, by their trust policies, sorted: `ecs-tasks.amazonaws.com`. */
export function servicesWithRoles(environment: AnyEnvironment): string[] {
  const policies = rolesIn(environment).map(({ assumeRolePolicyInput = "" }) => assumeRolePolicyInput);
  const named = policies.flatMap((policy) => policy.match(/[\w.-]+\.amazonaws\.com(?=")/g) ?? []);
  // App Runner is handed by its own name what its parts assume. Source: "How App Runner works with IAM", App Runner guide.
  const handed = named.some((one) => one.endsWith(".apprunner.amazonaws.com"))
    ? ["apprunner.amazonaws.com"]
    : [];
  return [...new Set([...named, ...handed])].sort();
}

const typesIn = ({ node }: AnyEnvironment) =>
  node
    .findAll()
    .flatMap((one) => (TerraformResource.isTerraformResource(one) ? [one.terraformResourceType] : []));

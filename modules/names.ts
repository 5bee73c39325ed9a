import { createHash } from "node:crypto";

/**
 * The longest name each resource type may carry, in characters.
 * Sources: the AWS service API references and the validation of hashicorp/aws 6.25.
 */
const limits = {
  aws_apprunner_auto_scaling_configuration_version: 32,
  aws_apprunner_service: 40,
  aws_autoscaling_group: 255,
  aws_cloudfront_cache_policy: 128,
  aws_cloudfront_function: 64,
  aws_cloudfront_key_value_store: 64,
  aws_cloudfront_origin_request_policy: 128,
  aws_cloudfront_response_headers_policy: 128,
  aws_cloudfront_vpc_origin: 64,
  aws_cloudwatch_log_delivery: 60,
  aws_db_instance: 63,
  aws_db_parameter_group: 255,
  aws_db_subnet_group: 255,
  aws_ecs_capacity_provider: 255,
  aws_ecs_cluster: 255,
  aws_ecs_service: 255,
  aws_ecs_task_definition: 255,
  aws_elasticache_replication_group: 40,
  aws_elasticache_subnet_group: 255,
  aws_iam_instance_profile: 128,
  aws_iam_policy: 128,
  aws_iam_role: 64,
  aws_iam_role_policy: 128,
  aws_key_pair: 255,
  aws_launch_template: 128,
  aws_lb: 32,
  aws_lb_target_group: 32,
  aws_s3_bucket: 63,
  aws_scheduler_schedule: 64,
  aws_security_group: 255,
  aws_sqs_queue: 80,
  aws_wafv2_web_acl: 128,
} as const;

/**
 * The name of a resource: its parts joined by hyphens, or, where AWS allows fewer characters, as many of
 * them as fit and a hash of the whole, so that the same parts give the same name for ever.
 *
 * @throws Error on a resource type whose limit nobody has looked up yet.
 */
export function nameOf(type: keyof typeof limits, ...parts: readonly string[]): string {
  const limit: number | undefined = limits[type];
  if (limit === undefined) throw new Error(`modules/names.ts knows no limit for ${type}: add it.`);
  const name = parts.join("-");
  if (name.length <= limit) return name;
  const hash = createHash("sha256").update(name).digest("hex").slice(0, 6);
  return `${name.slice(0, limit - hash.length - 1).replace(/-+$/, "")}-${hash}`;
}

/** The types that have a limit, for tests. */
export const namedTypes = Object.entries(limits) as [keyof typeof limits, number][];

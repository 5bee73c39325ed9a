import { findingOf } from "./check";
import { planRules } from "./plan-rules";
import type { Finding, RuleText } from "./rule";
import { type Body, isBody } from "./values";

/** Types of resources that hold what cannot be made again. */
const STATEFUL: ReadonlySet<string> = new Set([
  "aws_backup_vault",
  "aws_cloudwatch_log_group",
  "aws_cognito_user_pool",
  "aws_db_instance",
  "aws_docdb_cluster",
  "aws_dynamodb_table",
  "aws_ebs_volume",
  "aws_ecr_repository",
  "aws_efs_file_system",
  "aws_elasticache_cluster",
  "aws_elasticache_replication_group",
  "aws_kinesis_stream",
  "aws_kms_key",
  "aws_memorydb_cluster",
  "aws_msk_cluster",
  "aws_neptune_cluster",
  "aws_opensearch_domain",
  "aws_rds_cluster",
  "aws_redshift_cluster",
  "aws_route53_zone",
  "aws_s3_bucket",
  "aws_secretsmanager_secret",
  "aws_sqs_queue",
  "aws_ssm_parameter",
]);

/**
 * Every resource that holds data and that a plan destroys or replaces.
 *
 * @param plan what `terraform show -json <plan file>` prints
 */
export function checkPlan(plan: Body, name = "plan"): Finding[] {
  const changes = Array.isArray(plan.resource_changes) ? plan.resource_changes.filter(isBody) : [];
  return changes.flatMap((change) => {
    const { address, type, mode } = change;
    const actions = isBody(change.change) ? change.change.actions : undefined;
    if (mode === "data" || !STATEFUL.has(String(type)) || !Array.isArray(actions)) return [];
    if (!actions.includes("delete")) return [];
    const replaces = actions.includes("create");
    const where = { address: String(address), path: replaces ? forced(change) : "", value: actions };
    return [findingOf(ruleOf(replaces ? "stateful-replace" : "stateful-destroy"), name, where)];
  });
}

/** Whether a JSON file is a plan, not a configuration. */
export const isPlan = (json: Body) => typeof json.format_version === "string" && "resource_changes" in json;

const ruleOf = (id: string) => planRules.find((rule) => rule.id === id) as RuleText;

/** The arguments that force a replacement. */
function forced({ change }: Body): string {
  const paths = isBody(change) && Array.isArray(change.replace_paths) ? change.replace_paths : [];
  return paths.map((path) => (Array.isArray(path) ? path.join(".") : String(path))).join(", ");
}

/** Types whose objects hold what an apply cannot make again, and what is lost with one of them. */
export const STATEFUL: Readonly<Record<string, string>> = {
  aws_backup_vault: "its recovery points",
  aws_cloudwatch_log_group: "its logs",
  aws_cognito_user_pool: "its users",
  aws_db_cluster_snapshot: "the snapshot",
  aws_db_instance: "its databases",
  aws_db_snapshot: "the snapshot",
  aws_docdb_cluster: "its databases",
  aws_dynamodb_table: "its items",
  aws_ebs_snapshot: "the snapshot",
  aws_ebs_volume: "its files",
  aws_ecr_repository: "its images",
  aws_efs_file_system: "its files",
  aws_elasticache_cluster: "what it caches",
  aws_elasticache_replication_group: "what it caches",
  aws_elasticache_serverless_cache: "what it caches",
  aws_fsx_lustre_file_system: "its files",
  aws_kinesis_stream: "its records",
  aws_kms_key: "all that is encrypted with it",
  aws_memorydb_cluster: "its data",
  aws_mq_broker: "its messages",
  aws_msk_cluster: "its records",
  aws_neptune_cluster: "its databases",
  aws_opensearch_domain: "its indexes",
  aws_rds_cluster: "its databases",
  aws_rds_cluster_instance: "its connections, until another one takes over",
  aws_redshift_cluster: "its databases",
  aws_route53_zone: "its name servers, which the registrar points to",
  aws_s3_bucket: "its objects",
  aws_secretsmanager_secret: "the secret, as somebody wrote it",
  aws_sns_topic: "its subscriptions",
  aws_sqs_queue: "its messages",
};

/** What is lost when such an object is destroyed; undefined for one that an apply makes again just as it was. */
export function lossOf(type: string, before: unknown): string | undefined {
  // Other parameters hold what the configuration says, or what an apply made up: the tag is that of modules/database.
  const parameter = before as { type?: unknown; tags?: { content?: unknown } | null } | null;
  const byHand = parameter?.type === "SecureString" && parameter.tags?.content !== "generated";
  if (type === "aws_ssm_parameter" && byHand) return "its value, as somebody wrote it";
  return Object.hasOwn(STATEFUL, type) ? STATEFUL[type] : undefined;
}

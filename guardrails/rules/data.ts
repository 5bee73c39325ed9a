import { each, type Hit, hit, lacks, theme } from "../rule";
import type { Block, Stack } from "../stack";
import { absent, amount, isExpression, text, truth, within } from "../values";

const DATABASES = ["aws_db_instance", "aws_rds_cluster", "aws_docdb_cluster", "aws_neptune_cluster"] as const;
/** Days that a mistake in production takes to be noticed, and some. */
const BACKUP_DAYS = 7;

const isReplica = ({ body }: Block) =>
  body.replicate_source_db !== undefined || body.replication_source_identifier !== undefined;

/** A rule for what must not be lost: it holds unless the stack's environment says that its data may be. */
const inProduction =
  (types: readonly string[], find: (block: Block, stack: Stack) => readonly Hit[]) => (stack: Stack) =>
    stack.production ? each(types, find)(stack) : [];

function unprotected(block: Block): Hit[] {
  const key = block.type === "aws_dynamodb_table" ? "deletion_protection_enabled" : "deletion_protection";
  return !isReplica(block) && truth(block.body[key], false) === false ? [hit(block, block, key)] : [];
}

function withoutSnapshot(block: Block): Hit[] {
  if (isReplica(block)) return [];
  const skip = truth(block.body.skip_final_snapshot, false);
  if (skip === true) return [hit(block, block, "skip_final_snapshot")];
  return skip === false && absent(block, "final_snapshot_identifier")
    ? [lacks(block, "final_snapshot_identifier")]
    : [];
}

function withoutBackups(block: Block, stack: Stack): Hit[] {
  if (isReplica(block)) return [];
  // Terraform keeps none for an instance that says nothing, and a day for a cluster.
  const days = amount(block.body.backup_retention_period, block.type === "aws_db_instance" ? 0 : 1);
  const least = stack.production ? BACKUP_DAYS : 1;
  return days !== undefined && days < least ? [hit(block, block, "backup_retention_period")] : [];
}

/** Whether all that a bucket holds goes by itself: what nobody keeps need not be protected. */
function expires(bucket: Block, stack: Stack): boolean {
  const { found, unsure } = stack.companions(bucket, "aws_s3_bucket_lifecycle_configuration", "bucket");
  const rules = found.flatMap((block) => within(block, "rule"));
  const everything = rules.some(
    (rule) =>
      text(rule.body.status, "Enabled") !== "Disabled" &&
      within(rule, "expiration").some(({ body }) => body.days !== undefined || body.date !== undefined) &&
      within(rule, "filter").every(({ body }) =>
        Object.entries(body).every(
          ([key, value]) => key === "prefix" && (isExpression(value) || (value ?? "") === ""),
        ),
      ) &&
      (text(rule.body.prefix, "") ?? "") === "",
  );
  return unsure || everything || found.some(({ body }) => isExpression(body.rule));
}

function unversioned(bucket: Block, stack: Stack): Hit[] {
  if (expires(bucket, stack)) return [];
  const { found, unsure } = stack.companions(bucket, "aws_s3_bucket_versioning", "bucket");
  if (found.length === 0) return unsure ? [] : [lacks(bucket)];
  return found.flatMap((block) =>
    within(block, "versioning_configuration")
      .filter(({ body }) => (text(body.status, "Disabled") ?? "Enabled") !== "Enabled")
      .map((at) => hit(block, at, "status")),
  );
}

function forced(block: Block, stack: Stack): Hit[] {
  const key = block.type === "aws_ecr_repository" ? "force_delete" : "force_destroy";
  if (truth(block.body[key], false) !== true) return [];
  return block.type === "aws_s3_bucket" && expires(block, stack) ? [] : [hit(block, block, key)];
}

function borrowedParameters(block: Block): Hit[] {
  const key = block.type === "aws_db_instance" ? "parameter_group_name" : "db_cluster_parameter_group_name";
  if (isReplica(block) || block.body.cluster_identifier !== undefined) return [];
  const name = text(block.body[key], "default.");
  return name?.startsWith("default.") ? [hit(block, block, key)] : [];
}

/** What must not be lost. */
export const data = theme("data", [
  {
    id: "deletion-protection",
    why: "One wrong plan, or one click, deletes a production database that is not protected.",
    source: "AWS Security Hub RDS.7, RDS.8, DynamoDB.6; seen in practice",
    mend: "Set deletion_protection = true (a table: deletion_protection_enabled).",
    find: inProduction([...DATABASES, "aws_dynamodb_table"], unprotected),
  },
  {
    id: "final-snapshot",
    why: "A production database without a final snapshot is gone with its last minute; automated backups go with it.",
    source: "RDS guide, Deleting a DB instance; seen in practice",
    mend: "Set skip_final_snapshot = false and a final_snapshot_identifier.",
    find: inProduction([...DATABASES, "aws_redshift_cluster"], withoutSnapshot),
  },
  {
    id: "database-backups",
    why: "Without backups there is no way back to before a mistake: Terraform's default for an instance is none.",
    source: "AWS Security Hub RDS.11; seen in practice",
    mend: `Set backup_retention_period: ${BACKUP_DAYS} days at least in production, one elsewhere.`,
    find: each(DATABASES, withoutBackups),
  },
  {
    id: "table-recovery",
    why: "A table without point-in-time recovery cannot be taken back to before a bad write.",
    source: "AWS Security Hub DynamoDB.2",
    mend: "Set point_in_time_recovery { enabled = true }.",
    find: inProduction(["aws_dynamodb_table"], (block) => {
      if (absent(block, "point_in_time_recovery")) return [lacks(block, "point_in_time_recovery")];
      return within(block, "point_in_time_recovery")
        .filter(({ body }) => truth(body.enabled, false) === false)
        .map((at) => hit(block, at, "enabled"));
    }),
  },
  {
    id: "s3-versioning",
    why: "An object that is overwritten or deleted in a bucket without versions is gone; a state file is such an object.",
    source: "AWS Security Hub S3.14",
    mend: "Add an aws_s3_bucket_versioning with status Enabled; a bucket whose objects all expire needs none.",
    find: inProduction(["aws_s3_bucket"], unversioned),
  },
  {
    id: "force-destroy",
    why: "force_destroy empties a bucket, and force_delete a repository, without asking.",
    source: "Terraform AWS provider, aws_s3_bucket: force_destroy",
    mend: "Remove it, and empty by hand what is to go; a bucket whose objects all expire may keep it.",
    find: inProduction(["aws_s3_bucket", "aws_ecr_repository"], forced),
  },
  {
    id: "default-parameter-group",
    why: "A default parameter group cannot be changed: the first setting that is needed restarts the database into another.",
    source: "RDS guide, Parameter groups; seen in practice",
    mend: "Make an aws_db_parameter_group per major version, created before the old one is destroyed, and refer to it.",
    find: each(["aws_db_instance", "aws_rds_cluster"], borrowedParameters),
  },
]);

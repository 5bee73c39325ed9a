import { argument, each, type Hit, hit, lacks, theme } from "../rule";
import type { Block, Stack } from "../stack";
import { type At, absent, amount, isExpression, text, texts, truth, within } from "../values";
import { statementsOf } from "./policies";

const off = (value: unknown) => truth(value, false) === false;

/** A copy takes the encryption of what it is copied from. */
const isCopy = ({ body }: Block) =>
  ["replicate_source_db", "snapshot_identifier", "replication_source_identifier", "cluster_identifier"].some(
    (key) => body[key] !== undefined,
  );

function plainVolumes(block: Block, stack: Stack): Hit[] {
  const byDefault = stack.all("aws_ebs_encryption_by_default");
  if (byDefault.some(({ body }) => truth(body.enabled, true) !== false)) return [];
  const template = block.type === "aws_launch_template";
  const root = template ? "block_device_mappings" : "root_block_device";
  if (absent(block, root)) return [lacks(block, root)];
  const volumes = template
    ? within(block, "block_device_mappings", "ebs")
    : [...within(block, "root_block_device"), ...within(block, "ebs_block_device")];
  return volumes.filter(({ body }) => off(body.encrypted)).map((at) => hit(block, at, "encrypted"));
}

/** Whether a listener's load balancer answers the internet; undefined where the stack does not tell. */
function isPublic(listener: Block, stack: Stack): boolean | undefined {
  const [balancer] = stack.named(listener.body.load_balancer_arn, "aws_lb", "aws_alb");
  const internal = balancer && truth(balancer.body.internal, false);
  return internal === undefined ? undefined : !internal;
}

function plainListener(block: Block, stack: Stack): Hit[] {
  if (text(block.body.protocol)?.toUpperCase() !== "HTTP" || isPublic(block, stack) !== true) return [];
  const actions = within(block, "default_action").map(({ body }) => text(body.type));
  const mayRedirect =
    actions.length === 0 || actions.some((type) => type === undefined || type === "redirect");
  return mayRedirect ? [] : [hit(block, block, "protocol")];
}

/** Policies that speak TLS 1.2 and later only. Source: Security policies, Application Load Balancer guide. */
const MODERN = /^ELBSecurityPolicy-(TLS13-1-[23]|TLS-1-2|FS-1-2)/;

const oldListener = (block: Block): Hit[] =>
  /^(HTTPS|TLS)$/i.test(text(block.body.protocol) ?? "") &&
  !MODERN.test(text(block.body.ssl_policy, "") ?? "ELBSecurityPolicy-TLS13-1-2")
    ? [hit(block, block, "ssl_policy")]
    : [];

function oldDistribution(block: Block): Hit[] {
  const viewers = within(block, "viewer_certificate").filter(
    ({ body }) =>
      truth(body.cloudfront_default_certificate, false) === false &&
      !/^TLSv1\.[23]/.test(text(body.minimum_protocol_version, "TLSv1") ?? "TLSv1.2"),
  );
  const origins = within(block, "origin", "custom_origin_config").filter(speaksOld("origin_ssl_protocols"));
  return [
    ...viewers.map((at) => hit(block, at, "minimum_protocol_version")),
    ...origins.map((at) => hit(block, at, "origin_ssl_protocols")),
  ];
}

const speaksOld = (key: string) => (at: At) =>
  texts(at.body[key]).some((protocol) => /^(SSLv3|TLSv1|TLSv1\.1)$/.test(protocol));

const oldOrigin = (block: Block): Hit[] =>
  within(block, "vpc_origin_endpoint_config", "origin_ssl_protocols")
    .filter(speaksOld("items"))
    .map((at) => hit(block, at, "items"));

function viewersInPlainText(block: Block): Hit[] {
  return ["default_cache_behavior", "ordered_cache_behavior"]
    .flatMap((key) => within(block, key))
    .filter(({ body }) => text(body.viewer_protocol_policy) === "allow-all")
    .map((at) => hit(block, at, "viewer_protocol_policy"));
}

/** Whether a bucket's policy denies plain HTTP, or may: one that is an expression cannot be read. */
function deniesPlainText(policy: Block): boolean {
  const statements = statementsOf(policy);
  if (statements.length === 0) return isExpression(policy.body.policy);
  return statements.some(
    ({ effect, conditions }) =>
      effect !== "Allow" && (conditions === undefined || conditions.includes("aws:securetransport")),
  );
}

function bucketInPlainText(bucket: Block, stack: Stack): Hit[] {
  const { found, unsure } = stack.companions(bucket, "aws_s3_bucket_policy", "bucket");
  return unsure || found.some(deniesPlainText) ? [] : [lacks(bucket)];
}

/** What lies or travels in the clear. S3 and ECR are not here: they encrypt always, AWS leaves no choice. */
export const encryption = theme("encryption", [
  {
    id: "unencrypted-database",
    why: "A database's storage cannot be encrypted later: it takes a new one, made from a snapshot.",
    source: "AWS Security Hub RDS.3, RDS.27; seen in practice",
    mend: "Set storage_encrypted = true.",
    find: argument(
      ["aws_db_instance", "aws_rds_cluster", "aws_docdb_cluster", "aws_neptune_cluster"],
      "storage_encrypted",
      (value, block) => off(value) && !isCopy(block) && text(block.body.engine_mode) !== "serverless",
    ),
  },
  {
    id: "unencrypted-cache",
    why: "A cache holds sessions and tokens, and sends them in the clear unless it is told otherwise.",
    source: "AWS Security Hub ElastiCache.4, ElastiCache.5",
    mend: "Set at_rest_encryption_enabled = true and transit_encryption_enabled = true.",
    find: each(["aws_elasticache_replication_group"], (block) =>
      ["at_rest_encryption_enabled", "transit_encryption_enabled"]
        .filter((key) => off(block.body[key]))
        .map((key) => hit(block, block, key)),
    ),
  },
  {
    id: "unencrypted-volume",
    why: "A volume, and every snapshot of it, is readable to whoever gets hold of it.",
    source: "AWS Security Hub EC2.3, EC2.7; seen in practice",
    mend: "Set encrypted = true on every device, the root one included, or aws_ebs_encryption_by_default for the account.",
    find: each(["aws_instance", "aws_launch_template", "aws_launch_configuration"], plainVolumes),
  },
  {
    id: "unencrypted-files",
    why: "Volumes and file systems that stand by themselves outlive the machines, and their copies travel.",
    source: "AWS Security Hub EC2.3, EFS.1",
    mend: "Set encrypted = true: it cannot be changed later.",
    find: (stack) =>
      argument(
        ["aws_ebs_volume", "aws_efs_file_system"],
        "encrypted",
        off,
      )(stack).filter(
        ({ address }) =>
          address.startsWith("aws_efs") || stack.all("aws_ebs_encryption_by_default").length === 0,
      ),
  },
  {
    id: "secret-parameter-in-plain-text",
    why: "A parameter of type String is readable with ssm:GetParameter alone, and shows in consoles and describe calls.",
    source: "Systems Manager guide, SecureString parameters",
    mend: 'Set type = "SecureString", and write the value with value_wo.',
    find: each(["aws_ssm_parameter"], (block) =>
      /(password|passwd|secret|token|private[-_]?key|api[-_]?key|credentials?|dbstring)$/i.test(
        text(block.body.name) ?? "",
      ) && /^String/.test(text(block.body.type) ?? "")
        ? [hit(block, block, "type")]
        : [],
    ),
  },
  {
    id: "s3-tls-only",
    why: "S3 answers plain HTTP unless the bucket's policy denies it.",
    source: "AWS Security Hub S3.5",
    mend: 'Add an aws_s3_bucket_policy that denies s3:* where "aws:SecureTransport" is "false".',
    find: each(["aws_s3_bucket"], bucketInPlainText),
  },
  {
    id: "http-listener",
    why: "A public listener that serves plain HTTP sends sessions and passwords readable over the internet.",
    source: "AWS Security Hub ELB.1",
    mend: "Listen on HTTPS, and let the HTTP listener redirect to it.",
    find: each(["aws_lb_listener", "aws_alb_listener"], plainListener),
  },
  {
    id: "old-tls",
    why: "TLS 1.0 and 1.1 are broken, and what Terraform takes when nothing is said still speaks them.",
    source: "RFC 8996; AWS Security Hub ELB.17, CloudFront.15",
    mend: "ssl_policy ELBSecurityPolicy-TLS13-1-2-2021-06, minimum_protocol_version TLSv1.2_2021, origin protocols TLSv1.2 only.",
    find: (stack) => [
      ...each(["aws_lb_listener", "aws_alb_listener"], oldListener)(stack),
      ...each(["aws_cloudfront_distribution"], oldDistribution)(stack),
      ...each(["aws_cloudfront_vpc_origin"], oldOrigin)(stack),
    ],
  },
  {
    id: "cloudfront-plain-http",
    why: "allow-all serves the site over plain HTTP to whoever asks for that.",
    source: "AWS Security Hub CloudFront.3",
    mend: "Set viewer_protocol_policy = redirect-to-https, or https-only.",
    find: each(["aws_cloudfront_distribution"], viewersInPlainText),
  },
  {
    id: "database-plain-text",
    why: "With rds.force_ssl = 0 a client may send its password and its rows in the clear.",
    source: "RDS guide, Using SSL with a PostgreSQL DB instance",
    mend: "Set rds.force_ssl = 1 and sslmode=require in the clients.",
    find: each(["aws_db_parameter_group", "aws_rds_cluster_parameter_group"], (block) =>
      within(block, "parameter")
        .filter(({ body }) => body.name === "rds.force_ssl" && amount(body.value, 1) === 0)
        .map((at) => hit(block, at, "value")),
    ),
  },
]);

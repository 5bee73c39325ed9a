import type { CasesByRule } from "./cases";
import { allow, disposable, resource, together } from "./json";

const database = (body: object) => resource("aws_db_instance", body);
const bucket = (body = {}) => resource("aws_s3_bucket", { bucket: "files", ...body });
const IT = { bucket: "${aws_s3_bucket.it.id}" };
const expiring = (rule: object = {}) =>
  resource("aws_s3_bucket_lifecycle_configuration", {
    ...IT,
    rule: [{ status: "Enabled", filter: [{ prefix: "" }], expiration: [{ days: 30 }], ...rule }],
  });
const versioned = (status: string) =>
  resource("aws_s3_bucket_versioning", { ...IT, versioning_configuration: { status } });
const bucketPolicy = (policy: string) => resource("aws_s3_bucket_policy", { ...IT, policy });
const deniesHttp = JSON.stringify({
  Statement: [
    {
      Effect: "Deny",
      Action: "s3:*",
      Principal: "*",
      Resource: "*",
      Condition: { Bool: { "aws:SecureTransport": "false" } },
    },
  ],
});
const listener = (body: object, internal: unknown = false) =>
  together(
    resource("aws_lb", { internal }),
    resource("aws_lb_listener", { load_balancer_arn: "${aws_lb.it.arn}", ...body }),
  );
const fixed = { default_action: [{ type: "fixed-response" }] };
const distribution = (body: object) => resource("aws_cloudfront_distribution", body);
const volumes = (body: object) => resource("aws_launch_template", { block_device_mappings: [{ ebs: body }] });

export const encryptionCases: CasesByRule = {
  "unencrypted-database": {
    fails: {
      silent: database({}),
      off: database({ storage_encrypted: "false" }),
      cluster: resource("aws_rds_cluster", {}),
    },
    passes: {
      on: database({ storage_encrypted: true }),
      "a replica": database({ replicate_source_db: "${aws_db_instance.primary.arn}" }),
      "an expression": database({ storage_encrypted: "${var.encrypted}" }),
    },
  },
  "unencrypted-cache": {
    fails: {
      "one of two": resource("aws_elasticache_replication_group", { at_rest_encryption_enabled: true }),
    },
    passes: {
      both: resource("aws_elasticache_replication_group", {
        at_rest_encryption_enabled: true,
        transit_encryption_enabled: true,
      }),
    },
  },
  "unencrypted-volume": {
    fails: {
      "a template's": volumes({ volume_size: 50 }),
      "the image's": resource("aws_instance", {}),
      "a second one": resource("aws_instance", {
        root_block_device: { encrypted: true },
        ebs_block_device: [{ device_name: "/dev/sdb" }],
      }),
    },
    passes: {
      "a template's": volumes({ encrypted: "true" }),
      "an instance's": resource("aws_instance", { root_block_device: [{ encrypted: true }] }),
      "the account's default": together(
        volumes({}),
        resource("aws_ebs_encryption_by_default", { enabled: true }),
      ),
      "a dynamic block": resource("aws_launch_template", {
        dynamic: {
          block_device_mappings: { for_each: "${var.disks}", content: { ebs: { encrypted: true } } },
        },
      }),
      "blocks that are an expression": resource("aws_launch_template", {
        block_device_mappings: "${var.disks}",
      }),
    },
  },
  "unencrypted-files": {
    fails: {
      volume: resource("aws_ebs_volume", {}),
      files: resource("aws_efs_file_system", { encrypted: false }),
    },
    passes: { files: resource("aws_efs_file_system", { encrypted: true }) },
  },
  "secret-parameter-in-plain-text": {
    fails: { password: resource("aws_ssm_parameter", { name: "/prod/database/password", type: "String" }) },
    passes: {
      secure: resource("aws_ssm_parameter", { name: "/prod/database/password", type: "SecureString" }),
      "no secret": resource("aws_ssm_parameter", { name: "/prod/deploy", type: "String" }),
      "about a secret": resource("aws_ssm_parameter", { name: "/prod/secret-arn", type: "String" }),
    },
  },
  "s3-tls-only": {
    fails: {
      "no policy": bucket(),
      "another denial": together(
        bucket(),
        bucketPolicy(deniesHttp.replace("aws:SecureTransport", "aws:SourceIp")),
      ),
      allowed: together(bucket(), bucketPolicy(deniesHttp.replace("Deny", "Allow"))),
      "another policy": together(
        bucket(),
        bucketPolicy(allow({ Action: "s3:GetObject", Principal: { AWS: "1" }, Resource: "x" })),
      ),
    },
    passes: {
      denied: together(bucket(), bucketPolicy(deniesHttp)),
      "a policy that is an expression": together(
        bucket(),
        bucketPolicy("${data.aws_iam_policy_document.it.json}"),
      ),
    },
  },
  "http-listener": {
    fails: { plain: listener({ protocol: "HTTP", ...fixed }) },
    passes: {
      redirect: listener({ protocol: "HTTP", default_action: [{ type: "redirect" }] }),
      internal: listener({ protocol: "HTTP", ...fixed }, true),
      HTTPS: listener({ protocol: "HTTPS", ...fixed }),
      "perhaps internal": listener({ protocol: "HTTP", ...fixed }, "${var.internal}"),
      "somebody's load balancer": resource("aws_lb_listener", {
        protocol: "HTTP",
        load_balancer_arn: "${var.lb}",
      }),
    },
  },
  "old-tls": {
    fails: {
      "a listener that says nothing": listener({ protocol: "HTTPS" }),
      "a listener's old policy": listener({ protocol: "TLS", ssl_policy: "ELBSecurityPolicy-2016-08" }),
      viewers: distribution({
        viewer_certificate: { acm_certificate_arn: "x", minimum_protocol_version: "TLSv1.1_2016" },
      }),
      "an origin": distribution({
        origin: [{ custom_origin_config: { origin_ssl_protocols: ["TLSv1", "TLSv1.2"] } }],
      }),
      "a VPC origin": resource("aws_cloudfront_vpc_origin", {
        vpc_origin_endpoint_config: [{ origin_ssl_protocols: [{ items: ["TLSv1.1"], quantity: 1 }] }],
      }),
    },
    passes: {
      "a listener": listener({ protocol: "HTTPS", ssl_policy: "ELBSecurityPolicy-TLS13-1-2-2021-06" }),
      "CloudFront's certificate": distribution({
        viewer_certificate: { cloudfront_default_certificate: true },
      }),
      viewers: distribution({ viewer_certificate: { minimum_protocol_version: "TLSv1.2_2021" } }),
      "an expression": listener({ protocol: "HTTPS", ssl_policy: "${var.policy}" }),
    },
  },
  "cloudfront-plain-http": {
    fails: { "allow-all": distribution({ default_cache_behavior: { viewer_protocol_policy: "allow-all" } }) },
    passes: {
      redirect: distribution({ default_cache_behavior: { viewer_protocol_policy: "redirect-to-https" } }),
    },
  },
  "database-plain-text": {
    fails: {
      off: resource("aws_db_parameter_group", { parameter: [{ name: "rds.force_ssl", value: "0" }] }),
    },
    passes: {
      on: resource("aws_db_parameter_group", { parameter: [{ name: "rds.force_ssl", value: "1" }] }),
    },
  },
};

export const dataCases: CasesByRule = {
  "deletion-protection": {
    fails: {
      silent: database({}),
      table: resource("aws_dynamodb_table", {}),
      "production by its tag": together(database({}), {
        provider: { aws: { default_tags: { tags: { Environment: "prod" } } } },
      }),
    },
    passes: {
      on: database({ deletion_protection: true }),
      "data that may be lost": disposable(database({})),
      "a replica": database({ replicate_source_db: "x" }),
    },
  },
  "final-snapshot": {
    fails: {
      skipped: database({ skip_final_snapshot: true }),
      "without a name, a destroy fails": database({ skip_final_snapshot: false }),
    },
    passes: {
      taken: database({ skip_final_snapshot: false, final_snapshot_identifier: "prod-final" }),
      "data that may be lost": disposable(database({ skip_final_snapshot: true })),
      "an expression": database({ skip_final_snapshot: "${var.skip}" }),
    },
  },
  "database-backups": {
    fails: {
      silent: disposable(database({})),
      "too few for production": database({ backup_retention_period: 3 }),
      cluster: resource("aws_rds_cluster", {}),
    },
    passes: {
      "two weeks": database({ backup_retention_period: 14 }),
      "a day, elsewhere": disposable(database({ backup_retention_period: 1 })),
      "an expression": database({ backup_retention_period: "${var.days}" }),
    },
  },
  "table-recovery": {
    fails: {
      silent: resource("aws_dynamodb_table", {}),
      off: resource("aws_dynamodb_table", { point_in_time_recovery: { enabled: false } }),
    },
    passes: { on: resource("aws_dynamodb_table", { point_in_time_recovery: { enabled: true } }) },
  },
  "s3-versioning": {
    fails: {
      silent: bucket(),
      suspended: together(bucket(), versioned("Suspended")),
      "some objects expire": together(bucket(), expiring({ filter: [{ prefix: "tmp/" }] })),
      "a rule that is off": together(bucket(), expiring({ status: "Disabled" })),
    },
    passes: {
      enabled: together(bucket(), versioned("Enabled")),
      "all objects expire": together(bucket(), expiring()),
      "data that may be lost": disposable(bucket()),
    },
  },
  "force-destroy": {
    fails: {
      bucket: bucket({ force_destroy: true }),
      repository: resource("aws_ecr_repository", { force_delete: true }),
    },
    passes: {
      silent: bucket(),
      "all objects expire": together(bucket({ force_destroy: true }), expiring()),
      "data that may be lost": disposable(bucket({ force_destroy: true })),
    },
  },
  "default-parameter-group": {
    fails: {
      silent: database({}),
      "by name": database({ parameter_group_name: "default.postgres17" }),
    },
    passes: {
      "its own": database({ parameter_group_name: "${aws_db_parameter_group.it.name}" }),
      "of one's own, elsewhere": database({ parameter_group_name: "shop-postgres17" }),
    },
  },
};

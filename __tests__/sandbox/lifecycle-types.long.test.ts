import { expect, test, vi } from "vitest";
import { configure, inside, temporaryFolder } from "./helpers";

vi.setConfig({ testTimeout: 120_000 });

const TRUST = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole"}]}';
const LIFECYCLE = JSON.stringify({
  rules: [
    {
      rulePriority: 1,
      selection: { tagStatus: "any", countType: "imageCountMoreThan", countNumber: 100 },
      action: { type: "expire" },
    },
  ],
});
const ONLY_TLS = JSON.stringify({
  Version: "2012-10-17",
  Statement: [
    {
      Effect: "Deny",
      Action: "s3:*",
      Principal: "*",
      Resource: "${aws_s3_bucket.b.arn}/*",
      Condition: { Bool: { "aws:SecureTransport": "false" } },
    },
  ],
});
const visible = { cloudwatch_metrics_enabled: true, metric_name: "m", sampled_requests_enabled: true };

/** Types that the environments use only with options switched on: nested blocks, sets, JSON and lists of all kinds. */
const resource = {
  aws_wafv2_web_acl: {
    w: {
      name: "w",
      scope: "CLOUDFRONT",
      region: "us-east-1",
      default_action: { allow: {} },
      visibility_config: visible,
      rule: [
        {
          name: "common",
          priority: 1,
          override_action: { none: {} },
          statement: {
            managed_rule_group_statement: { name: "AWSManagedRulesCommonRuleSet", vendor_name: "AWS" },
          },
          visibility_config: visible,
        },
        {
          name: "rate",
          priority: 2,
          action: { block: {} },
          statement: { rate_based_statement: { limit: 1000, aggregate_key_type: "IP" } },
          visibility_config: visible,
        },
      ],
    },
  },
  aws_acm_certificate: {
    c: {
      domain_name: "www.example.com",
      subject_alternative_names: ["*.www.example.com"],
      validation_method: "DNS",
      region: "us-east-1",
      lifecycle: { create_before_destroy: true },
    },
  },
  aws_route53_record: {
    v: {
      zone_id: "${data.aws_route53_zone.z.zone_id}",
      name: "${tolist(aws_acm_certificate.c.domain_validation_options)[0].resource_record_name}",
      type: "CNAME",
      ttl: 60,
      records: ["${tolist(aws_acm_certificate.c.domain_validation_options)[0].resource_record_value}"],
    },
  },
  aws_acm_certificate_validation: {
    c: {
      certificate_arn: "${aws_acm_certificate.c.arn}",
      region: "us-east-1",
      validation_record_fqdns: ["${aws_route53_record.v.fqdn}"],
    },
  },
  aws_vpc: { a: { cidr_block: "10.0.0.0/16" }, b: { cidr_block: "10.1.0.0/16" } },
  aws_vpc_peering_connection: {
    p: { vpc_id: "${aws_vpc.a.id}", peer_vpc_id: "${aws_vpc.b.id}", auto_accept: true },
  },
  aws_iam_role: { r: { name: "r", assume_role_policy: TRUST } },
  aws_cloudwatch_log_group: { l: { name: "/l", retention_in_days: 7 } },
  aws_flow_log: {
    f: {
      vpc_id: "${aws_vpc.a.id}",
      traffic_type: "ALL",
      iam_role_arn: "${aws_iam_role.r.arn}",
      log_destination: "${aws_cloudwatch_log_group.l.arn}",
    },
  },
  aws_kms_key: { k: { description: "k", enable_key_rotation: true, deletion_window_in_days: 7 } },
  aws_scheduler_schedule: {
    s: {
      name: "s",
      schedule_expression: "rate(1 hour)",
      flexible_time_window: { mode: "OFF" },
      target: { arn: "arn:aws:ecs:eu-west-1:123456789012:cluster/c", role_arn: "${aws_iam_role.r.arn}" },
    },
  },
  aws_budgets_budget: {
    b: {
      name: "b",
      budget_type: "COST",
      limit_amount: "10.00",
      limit_unit: "USD",
      time_unit: "MONTHLY",
      notification: [80, 100].map((threshold) => ({
        threshold,
        threshold_type: "PERCENTAGE",
        comparison_operator: "GREATER_THAN",
        notification_type: "ACTUAL",
        subscriber_email_addresses: ["ops@example.com"],
      })),
    },
  },
  aws_cloudwatch_metric_alarm: {
    a: {
      alarm_name: "a",
      comparison_operator: "GreaterThanThreshold",
      evaluation_periods: 1,
      threshold: 1,
      metric_name: "m",
      namespace: "n",
      period: 60,
      statistic: "Sum",
    },
  },
  aws_cloudwatch_log_delivery_source: {
    d: {
      name: "d",
      log_type: "ACCESS_LOGS",
      resource_arn: "arn:aws:cloudfront::123456789012:distribution/E1",
      region: "us-east-1",
    },
  },
  aws_cloudwatch_log_delivery_destination: {
    d: {
      name: "d",
      region: "us-east-1",
      delivery_destination_configuration: [{ destination_resource_arn: "${aws_cloudwatch_log_group.l.arn}" }],
    },
  },
  aws_cloudwatch_log_delivery: {
    d: {
      delivery_source_name: "${aws_cloudwatch_log_delivery_source.d.name}",
      delivery_destination_arn: "${aws_cloudwatch_log_delivery_destination.d.arn}",
      region: "us-east-1",
    },
  },
  aws_cloudfront_function: {
    f: { name: "f", runtime: "cloudfront-js-2.0", code: "function handler(e) { return e.request }" },
  },
  aws_iam_openid_connect_provider: {
    g: { url: "https://token.actions.githubusercontent.com", client_id_list: ["sts.amazonaws.com"] },
  },
  aws_iam_service_linked_role: { e: { aws_service_name: "ecs.amazonaws.com" } },
  aws_ecr_repository: {
    r: {
      name: "repo",
      image_tag_mutability: "IMMUTABLE_WITH_EXCLUSION",
      image_tag_mutability_exclusion_filter: [{ filter: "staging*", filter_type: "WILDCARD" }],
      image_scanning_configuration: { scan_on_push: true },
    },
  },
  aws_ecr_lifecycle_policy: { r: { repository: "${aws_ecr_repository.r.name}", policy: LIFECYCLE } },
  aws_s3_bucket: { b: { bucket_prefix: "state-" } },
  aws_s3_bucket_versioning: {
    b: { bucket: "${aws_s3_bucket.b.id}", versioning_configuration: { status: "Enabled" } },
  },
  aws_s3_bucket_server_side_encryption_configuration: {
    b: {
      bucket: "${aws_s3_bucket.b.id}",
      rule: [{ apply_server_side_encryption_by_default: { sse_algorithm: "AES256" } }],
    },
  },
  aws_s3_bucket_lifecycle_configuration: {
    b: {
      bucket: "${aws_s3_bucket.b.id}",
      rule: [
        { id: "old", status: "Enabled", filter: {}, noncurrent_version_expiration: { noncurrent_days: 90 } },
      ],
    },
  },
  aws_s3_bucket_public_access_block: { b: { bucket: "${aws_s3_bucket.b.id}", block_public_policy: true } },
  aws_s3_bucket_ownership_controls: {
    b: { bucket: "${aws_s3_bucket.b.id}", rule: { object_ownership: "BucketOwnerEnforced" } },
  },
  aws_s3_bucket_policy: {
    b: { bucket: "${aws_s3_bucket.b.id}", policy: ONLY_TLS },
  },
  aws_dynamodb_table: {
    t: { name: "t", billing_mode: "PAY_PER_REQUEST", hash_key: "id", attribute: [{ name: "id", type: "S" }] },
  },
};

test("the rarer types are applied, need no second change, and are destroyed", async () => {
  const folder = temporaryFolder();
  configure(folder, { resource, data: { aws_route53_zone: { z: { name: "example.com" } } } });
  const count = Object.values(resource).reduce((sum, ones) => sum + Object.keys(ones).length, 0);
  const { text } = await inside(
    folder,
    "terraform init >/dev/null && terraform apply -no-color -auto-approve && terraform plan -no-color && terraform destroy -no-color -auto-approve",
  );
  expect(text).toContain(`${count} added`);
  expect(text).toContain("No changes. Your infrastructure matches the configuration.");
  expect(text).toContain(`Resources: ${count} destroyed`);
});

const IAM = "arn:aws:iam::123456789012";

/** What `terraform import` takes for each, as the provider's documentation says. */
const imported: [type: string, name: string, id: string][] = [
  ["aws_iam_openid_connect_provider", "g", `${IAM}:oidc-provider/token.actions.githubusercontent.com`],
  ["aws_iam_service_linked_role", "e", `${IAM}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS`],
  ["aws_iam_role", "r", "r"],
  ["aws_budgets_budget", "b", "123456789012:b"],
  ["aws_ecr_repository", "r", "repo"],
  ["aws_ecr_lifecycle_policy", "r", "repo"],
  ["aws_s3_bucket", "b", "state"],
  ["aws_s3_bucket_versioning", "b", "state"],
  ["aws_s3_bucket_public_access_block", "b", "state"],
  ["aws_s3_bucket_ownership_controls", "b", "state"],
  ["aws_s3_bucket_policy", "b", "state"],
  ["aws_s3_bucket_lifecycle_configuration", "b", "state"],
  ["aws_s3_bucket_server_side_encryption_configuration", "b", "state"],
];

test("what a first stack is made of can be imported, and then needs no change", async () => {
  const folder = temporaryFolder();
  const types = new Set(imported.map(([type]) => type));
  const own = Object.fromEntries(Object.entries(resource).filter(([type]) => types.has(type)));
  configure(folder, { resource: { ...own, aws_s3_bucket: { b: { bucket: "state" } } } });
  const addresses = imported.map(([type, name]) => `${type}.${name}`);
  const commands = [
    "terraform init >/dev/null",
    "terraform apply -no-color -auto-approve | tail -1",
    `terraform state rm ${addresses.join(" ")} >/dev/null`,
    ...imported.map(([type, name, id]) => `terraform import -no-color ${type}.${name} ${id} >/dev/null`),
    // What AWS cannot tell, such as force_destroy, is written down by the first apply.
    "terraform apply -no-color -auto-approve | tail -1",
    "terraform plan -no-color",
  ];
  const { text, code } = await inside(folder, commands.join(" && "));
  expect(code, text).toBe(0);
  expect(text).toContain(`${imported.length} added, 0 changed, 0 destroyed`);
  expect(text).toMatch(/Resources: 0 added, \d changed, 0 destroyed/);
  expect(text).toContain("No changes. Your infrastructure matches the configuration.");
});

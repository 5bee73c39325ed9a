import { expect, test } from "vitest";
import type { Fields } from "../../sandbox/wire/value";
import { Account } from "./helpers";
import { behaviour, container, database, distribution, parameter, rule, TRUST } from "./helpers-samples";

const NAME33 = "a".repeat(33);

/** What the real provider refuses before it plans. */
const MISTAKES: [string, Fields, string][] = [
  ["aws_vpc", { cidr_block: "10.0.0.0/15" }, "netmask from /16 to /28"],
  ["aws_vpc", { cidr_block: "10.0.0.1/16" }, "did you mean 10.0.0.0/16?"],
  ["aws_vpc", { cidr_block: "10.0.0.0" }, "not a valid IPv4 CIDR"],
  ["aws_subnet", { vpc_id: "vpc-1", cidr_block: "10.0.0.0/29" }, "/16 to /28"],
  ["aws_lb", { name: NAME33, subnets: ["subnet-1"] }, "(1 - 32), got 33"],
  ["aws_lb", { name: "-web", subnets: ["subnet-1"] }, "begin or end with a hyphen"],
  ["aws_lb", { name: "internal-web", subnets: ["subnet-1"] }, 'begin with "internal-"'],
  ["aws_lb_target_group", { name_prefix: "longer-", port: 80, protocol: "HTTP", vpc_id: "vpc-1" }, "(1 - 6)"],
  [
    "aws_lb_target_group",
    { name: "a", name_prefix: "b", port: 80, protocol: "HTTP", vpc_id: "vpc-1" },
    "conflicts with",
  ],
  [
    "aws_lb_target_group",
    { name: "a", health_check: [{ interval: 5, timeout: 5 }], port: 80, protocol: "HTTP", vpc_id: "v" },
    "smaller than the interval",
  ],
  ["aws_lb_target_group", { name: "a" }, "port is needed"],
  ["aws_iam_role", { name: "a".repeat(65), assume_role_policy: TRUST }, "(1 - 64)"],
  ["aws_iam_role", { name: "a b", assume_role_policy: TRUST }, "must match"],
  ["aws_iam_role", { name: "a", assume_role_policy: "{" }, "invalid JSON"],
  [
    "aws_iam_policy",
    { name: "a", policy: '{"Version":"2012-10-17","Statement":[{"Effect":"Maybe"}]}' },
    "MalformedPolicyDocument",
  ],
  [
    "aws_iam_policy",
    { name: "a", policy: JSON.stringify({ Statement: [{ Effect: "Allow", Action: "x".repeat(6144) }] }) },
    "LimitExceeded",
  ],
  ["aws_db_instance", database({ identifier: "Upper" }), "lowercase"],
  ["aws_db_instance", database({ identifier: "a--b" }), "consecutive hyphens"],
  ["aws_db_instance", database({ engine: "postgresql" }), "expected one of"],
  ["aws_db_instance", database({ instance_class: "t4g.micro" }), "db.t4g.micro"],
  ["aws_db_instance", database({ max_allocated_storage: 20 }), "must be greater"],
  ["aws_db_instance", database({ monitoring_interval: 60 }), "monitoring_role_arn is required"],
  ["aws_db_instance", database({ password: "a", password_wo: "b" }), "conflicts with"],
  ["aws_db_subnet_group", { name: "Main", subnet_ids: [] }, "lowercase"],
  ["aws_ecs_cluster", { name: "a.b" }, "letters (uppercase and lowercase)"],
  ["aws_ecs_capacity_provider", { name: "fargate-like" }, "cannot be prefixed"],
  ["aws_ecs_capacity_provider", { name: "AWSlike" }, "cannot be prefixed"],
  [
    "aws_ecs_task_definition",
    {
      family: "f",
      container_definitions: container(),
      requires_compatibilities: ["FARGATE"],
      network_mode: "awsvpc",
      cpu: "256",
      memory: "4096",
    },
    "No Fargate configuration",
  ],
  [
    "aws_ecs_task_definition",
    {
      family: "f",
      container_definitions: container(),
      requires_compatibilities: ["FARGATE"],
      network_mode: "bridge",
      cpu: "256",
      memory: "512",
    },
    "only supports network mode",
  ],
  [
    "aws_ecs_task_definition",
    {
      family: "f",
      container_definitions: container({ memory: 600 }),
      requires_compatibilities: ["FARGATE"],
      network_mode: "awsvpc",
      cpu: "256",
      memory: "512",
    },
    "add up to 600, more than the task's 512",
  ],
  [
    "aws_ecs_task_definition",
    { family: "f", container_definitions: container({ mountPoints: [{ sourceVolume: "data" }] }) },
    "Unknown volume 'data'",
  ],
  [
    "aws_ecs_task_definition",
    { family: "f", container_definitions: container({ links: ["agent"] }) },
    "links to 'agent', which is no other container",
  ],
  [
    "aws_ecs_task_definition",
    { family: "f", container_definitions: container({ links: ["web"] }), network_mode: "awsvpc" },
    "Links are not supported",
  ],
  ["aws_sqs_queue", { name: "a.b" }, "letters, digits, hyphens and underscores"],
  ["aws_sqs_queue", { name: "jobs", fifo_queue: true }, "invalid queue name"],
  ["aws_sqs_queue", { name: "jobs", message_retention_seconds: 1209601 }, "from 60 to 1209600"],
  [
    "aws_sqs_queue",
    { name: "jobs", kms_master_key_id: "alias/aws/sqs", sqs_managed_sse_enabled: true },
    "conflicts with",
  ],
  ["aws_elasticache_replication_group", { replication_group_id: "a--b", description: "d" }, "single hyphens"],
  [
    "aws_elasticache_replication_group",
    { replication_group_id: "a".repeat(41), description: "d" },
    "(1 - 40), got 41",
  ],
  [
    "aws_elasticache_replication_group",
    { replication_group_id: "a", description: "d", num_cache_clusters: 1, automatic_failover_enabled: true },
    "must be at least 2",
  ],
  [
    "aws_elasticache_replication_group",
    { replication_group_id: "a", description: "d", multi_az_enabled: true },
    "automatic_failover_enabled must be true",
  ],
  [
    "aws_elasticache_replication_group",
    { replication_group_id: "a", description: "d", auth_token: "x", transit_encryption_enabled: false },
    "auth_token needs",
  ],
  ["aws_efs_file_system", { throughput_mode: "fast" }, "expected one of"],
  [
    "aws_ecs_task_definition",
    { family: "f", container_definitions: container({ memory: undefined }) },
    "'memory' or 'memoryReservation'",
  ],
  [
    "aws_ecs_task_definition",
    {
      family: "f",
      container_definitions: container({
        environment: [{ name: "A", value: "1" }],
        secrets: [{ name: "A", valueFrom: "x" }],
      }),
    },
    "must be unique and not shared",
  ],
  [
    "aws_ecs_task_definition",
    { family: "f", container_definitions: container({ secrets: [{ name: "A", valueFrom: "x" }] }) },
    "executionRoleArn",
  ],
  [
    "aws_ecs_service",
    { name: "s", launch_type: "EC2", capacity_provider_strategy: [{ capacity_provider: "p" }] },
    "conflicts with",
  ],
  [
    "aws_ecs_service",
    { name: "s", health_check_grace_period_seconds: 30 },
    "only valid for services configured to use load balancers",
  ],
  [
    "aws_ecs_service",
    { name: "s", deployment_maximum_percent: 50, deployment_minimum_healthy_percent: 100 },
    "must be greater",
  ],
  [
    "aws_autoscaling_group",
    { min_size: 3, max_size: 1, launch_template: [{ id: "lt-1" }] },
    "greater than max_size",
  ],
  ["aws_autoscaling_group", { min_size: 0, max_size: 1 }, "must be specified"],
  ["aws_launch_template", { image_id: "ami-1" }, "ami-0123456789abcdef0"],
  ["aws_launch_template", { user_data: "#!/bin/sh" }, "Base64"],
  ["aws_launch_template", { metadata_options: [{ http_put_response_hop_limit: 65 }] }, "from 1 to 64"],
  ["aws_ssm_parameter", parameter({ name: "aws-thing" }), 'begin with "aws" or "ssm"'],
  ["aws_ssm_parameter", parameter({ name: "app/x" }), "must begin with one"],
  ["aws_ssm_parameter", parameter({ type: "Secret" }), "expected one of"],
  ["aws_ssm_parameter", parameter({ value: null }), "must be specified"],
  [
    "aws_ssm_parameter",
    parameter({ type: "SecureString", value: null, insecure_value: "x" }),
    "cannot set type = SecureString",
  ],
  ["aws_cloudwatch_log_group", { name: "a b" }, "must contain only"],
  ["aws_cloudwatch_log_group", { name: "a", retention_in_days: 8 }, "expected one of"],
  ["aws_vpc_security_group_ingress_rule", rule({ cidr_ipv4: "10.0.0.1/8" }), "did you mean 10.0.0.0/8?"],
  ["aws_vpc_security_group_ingress_rule", rule({}), "must be specified"],
  ["aws_vpc_security_group_ingress_rule", rule({ cidr_ipv4: "0.0.0.0/0", ip_protocol: "-1" }), "all ports"],
  [
    "aws_vpc_security_group_egress_rule",
    rule({ cidr_ipv4: "0.0.0.0/0", from_port: 90 }),
    "greater than to_port",
  ],
  ["aws_ecr_repository", { name: "App" }, "lower case"],
  ["aws_s3_bucket", { bucket: "Bucket" }, "lower-case"],
  [
    "aws_cloudfront_distribution",
    distribution({ default_cache_behavior: [behaviour({ target_origin_id: "no" })] }),
    "NoSuchOrigin",
  ],
  [
    "aws_cloudfront_distribution",
    distribution({ default_cache_behavior: [behaviour({ allowed_methods: ["GET", "POST"] })] }),
    "all seven methods",
  ],
  ["aws_cloudfront_distribution", distribution({ price_class: "PriceClass_1" }), "expected one of"],
  ["aws_wafv2_web_acl", { name: "w", scope: "GLOBAL" }, "expected one of"],
  ["aws_scheduler_schedule", { name: "s", schedule_expression: "every day" }, "Invalid Schedule Expression"],
  ["aws_appautoscaling_target", { min_capacity: 3, max_capacity: 1 }, "cannot be less than"],
  ["aws_route", { route_table_id: "rtb-1", destination_cidr_block: "0.0.0.0/0" }, "must be specified"],
  ["aws_kms_alias", { name: "mine", target_key_id: "x" }, 'begin with "alias/"'],
];

test.each(MISTAKES)("%s %j: %s", (type, config, said) => {
  expect(new Account().mistakes(type, config).join("\n")).toContain(said);
});

test("says nothing of what is right", () => {
  const account = new Account();
  expect(account.mistakes("aws_vpc", { cidr_block: "10.0.0.0/16" })).toEqual([]);
  expect(account.mistakes("aws_cloudfront_distribution", distribution({}))).toEqual([]);
  expect(
    account.mistakes("aws_db_instance", database({ identifier: "main", password_wo: "long-enough" })),
  ).toEqual([]);
  expect(
    account.mistakes("aws_scheduler_schedule", { name: "s", schedule_expression: "cron(0 3 * * ? *)" }),
  ).toEqual([]);
  expect(account.mistakes("aws_ssm_parameter", parameter({}))).toEqual([]);
});

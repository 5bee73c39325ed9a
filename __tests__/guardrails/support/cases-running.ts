import type { CasesByRule } from "./cases";
import { data, disposable, resource, task, together } from "./json";

const AWSLOGS = { logConfiguration: { logDriver: "awslogs" } };
const service = (body: object) => resource("aws_ecs_service", body);
const strategy = { capacity_provider_strategy: [{ capacity_provider: "FARGATE", weight: 1 }] };
const cluster = resource("aws_ecs_cluster", { name: "shop" });
const association = (body: object) =>
  resource("aws_ecs_cluster_capacity_providers", { capacity_providers: ["FARGATE"], ...body });
const byDefault = { default_capacity_provider_strategy: [{ capacity_provider: "FARGATE", weight: 1 }] };
const provider = (body: object) =>
  resource("aws_ecs_capacity_provider", {
    auto_scaling_group_provider: { auto_scaling_group_arn: "${aws_autoscaling_group.it.arn}", ...body },
  });
const group = (body: object) => resource("aws_autoscaling_group", body);
const distribution = (behavior: object) =>
  resource("aws_cloudfront_distribution", {
    default_cache_behavior: { allowed_methods: ["GET", "HEAD", "POST"], ...behavior },
  });
const legacy = (forward: string, body = {}) =>
  distribution({ forwarded_values: { query_string: true, cookies: { forward } }, ...body });
const managed = (name: string) =>
  together(
    distribution({
      cache_policy_id: "${data.aws_cloudfront_cache_policy.it.id}",
      origin_request_policy_id: "${data.aws_cloudfront_origin_request_policy.it.id}",
    }),
    data("aws_cloudfront_cache_policy", { name }),
    data("aws_cloudfront_origin_request_policy", { name: "Managed-AllViewer" }),
  );
const reads = { allowed_methods: ["GET", "HEAD"] };

export const logCases: CasesByRule = {
  "log-retention": {
    fails: {
      silent: resource("aws_cloudwatch_log_group", { name: "web" }),
      "for ever": resource("aws_cloudwatch_log_group", { retention_in_days: 0 }),
    },
    passes: {
      "a week": resource("aws_cloudwatch_log_group", { retention_in_days: 7 }),
      "an expression": resource("aws_cloudwatch_log_group", { retention_in_days: "${var.days}" }),
    },
  },
  "container-without-logs": {
    fails: { silent: task({}) },
    passes: {
      awslogs: task(AWSLOGS),
      "an expression": resource("aws_ecs_task_definition", { container_definitions: "${var.containers}" }),
    },
  },
  "access-logs": {
    fails: {
      "load balancer": resource("aws_lb", { internal: true }),
      off: resource("aws_lb", { access_logs: { bucket: "x", enabled: false } }),
      distribution: resource("aws_cloudfront_distribution", {}),
    },
    passes: {
      "load balancer": resource("aws_lb", { access_logs: { bucket: "x", enabled: true } }),
      distribution: resource("aws_cloudfront_distribution", { logging_config: { bucket: "x" } }),
      delivery: together(
        resource("aws_cloudfront_distribution", {}),
        resource("aws_cloudwatch_log_delivery_source", {
          resource_arn: "${aws_cloudfront_distribution.it.arn}",
        }),
      ),
      "data that may be lost": disposable(resource("aws_lb", {})),
    },
  },
  "database-logs": {
    fails: { silent: resource("aws_db_instance", {}) },
    passes: {
      exported: resource("aws_db_instance", { enabled_cloudwatch_logs_exports: ["postgresql"] }),
      "data that may be lost": disposable(resource("aws_db_instance", {})),
    },
  },
};

const tagged = (tags: unknown) =>
  together(resource("aws_vpc", {}), { provider: { aws: [{ default_tags: [{ tags }] }] } });

export const tagAndNameCases: CasesByRule = {
  "required-tags": {
    fails: {
      "no provider block": together(resource("null_resource", {}), resource("aws_vpc", {})),
      "no tags": together(resource("aws_vpc", {}), { provider: { aws: { region: "us-west-2" } } }),
      "the environment only": tagged({ environment: "prod" }),
    },
    passes: {
      both: tagged({ environment: "prod", project: "shop" }),
      "in a company's words": tagged({ "acme:Env": "prod", "acme:CostCenter": "12" }),
      "an expression": tagged("${var.tags}"),
      "nothing of AWS": resource("null_resource", {}),
    },
  },
  "name-too-long": {
    fails: {
      "load balancer": resource("aws_lb", { name: "a".repeat(33) }),
      "target group's prefix": resource("aws_lb_target_group", { name_prefix: "service" }),
      "the certain part": resource("aws_iam_role", { name: `\${var.name}-${"a".repeat(64)}` }),
      nested: resource("aws_cloudfront_vpc_origin", {
        vpc_origin_endpoint_config: [{ name: "a".repeat(65) }],
      }),
    },
    passes: {
      "load balancer": resource("aws_lb", { name: "a".repeat(32) }),
      "an expression of many letters": resource("aws_lb", {
        name: "${substr(aws_ecs_cluster.of_the_whole_environment.name, 0, 20)}-web",
      }),
    },
  },
  "name-characters": {
    fails: {
      "capacity provider": resource("aws_ecs_capacity_provider", { name: "aws-prod" }),
      database: resource("aws_db_instance", { identifier: "Prod_db" }),
      bucket: resource("aws_s3_bucket", { bucket: "Shop.Files" }),
      "load balancer": resource("aws_lb", { name: "internal-shop" }),
    },
    passes: {
      "capacity provider": resource("aws_ecs_capacity_provider", { name: "prod-spot" }),
      database: resource("aws_db_instance", { identifier: "prod-db" }),
      "a prefix": resource("aws_lb_target_group", { name_prefix: "web-" }),
      "an expression": resource("aws_db_instance", { identifier: "${var.Name}_db" }),
    },
  },
};

export const versionCases: CasesByRule = {
  "unpinned-image": {
    fails: {
      latest: task({ image: "ghcr.io/acme/app:latest" }),
      "no tag": task({ image: "nginx" }),
      "a registry's port is no tag": task({ image: "localhost:5000/app" }),
      "latest of a repository": task({ image: "${aws_ecr_repository.it.repository_url}:latest" }),
      lambda: resource("aws_lambda_function", { image_uri: "acme/app:latest" }),
    },
    passes: {
      tag: task({ image: "${aws_ecr_repository.it.repository_url}:prod" }),
      digest: task({ image: "nginx@sha256:0123" }),
      "an expression": task({ image: "${var.image}" }),
    },
  },
  "mutable-image-tags": {
    fails: {
      silent: resource("aws_ecr_repository", {}),
      "says so": resource("aws_ecr_repository", { image_tag_mutability: "MUTABLE" }),
    },
    passes: {
      immutable: resource("aws_ecr_repository", { image_tag_mutability: "IMMUTABLE" }),
      excluding: resource("aws_ecr_repository", { image_tag_mutability: "IMMUTABLE_WITH_EXCLUSION" }),
    },
  },
  "floating-launch-template": {
    fails: {
      latest: group({ launch_template: { id: "x", version: "$Latest" } }),
      silent: group({ launch_template: [{ id: "x" }] }),
      mixed: group({
        mixed_instances_policy: {
          launch_template: { launch_template_specification: { version: "$Default" } },
        },
      }),
    },
    passes: {
      referred: group({ launch_template: { version: "${aws_launch_template.it.latest_version}" } }),
      numbered: group({ launch_template: { version: "7" } }),
    },
  },
  "ami-of-anyone": {
    fails: {
      "by name": data("aws_ami", { most_recent: true, filter: [{ name: "name", values: ["al2023-*"] }] }),
    },
    passes: {
      "Amazon's": data("aws_ami", { most_recent: true, owners: ["amazon"] }),
      "by owner": data("aws_ami", { most_recent: true, filter: { name: "owner-id", values: ["1"] } }),
    },
  },
  imdsv2: {
    fails: {
      silent: resource("aws_instance", {}),
      optional: resource("aws_launch_template", { metadata_options: { http_tokens: "optional" } }),
    },
    passes: {
      required: resource("aws_launch_template", { metadata_options: { http_tokens: "required" } }),
      "no metadata": resource("aws_instance", { metadata_options: { http_endpoint: "disabled" } }),
    },
  },
};

export const containerCases: CasesByRule = {
  "circuit-breaker": {
    fails: {
      silent: service({}),
      "without rollback": service({ deployment_circuit_breaker: { enable: true, rollback: false } }),
    },
    passes: {
      on: service({ deployment_circuit_breaker: [{ enable: true, rollback: true }] }),
      CodeDeploy: service({ deployment_controller: { type: "CODE_DEPLOY" } }),
    },
  },
  "launch-type-ec2": {
    fails: {
      service: service({ launch_type: "EC2" }),
      "silent, in a cluster without a strategy": together(
        cluster,
        association({}),
        service({ cluster: "${aws_ecs_cluster.it.arn}" }),
      ),
      "on a schedule": resource("aws_scheduler_schedule", {
        target: { ecs_parameters: { launch_type: "EC2" } },
      }),
      "on an event": resource("aws_cloudwatch_event_target", { ecs_target: [{ launch_type: "EC2" }] }),
    },
    passes: {
      strategy: service(strategy),
      Fargate: service({ launch_type: "FARGATE" }),
      "the cluster's": together(
        cluster,
        association(byDefault),
        service({ cluster: "${aws_ecs_cluster.it.arn}" }),
      ),
      "somebody's cluster": service({ cluster: "${var.cluster}" }),
    },
  },
  "cluster-default-strategy": {
    fails: { silent: association({}) },
    passes: { strategy: association(byDefault), "no providers": association({ capacity_providers: [] }) },
  },
  "managed-scaling": {
    fails: { off: provider({ managed_scaling: { status: "DISABLED" } }) },
    passes: { on: provider({ managed_scaling: [{ status: "ENABLED" }] }) },
  },
  "ecs-managed-tag": {
    fails: { silent: together(provider({}), group({ tag: [{ key: "Name" }] })) },
    passes: {
      tagged: together(provider({}), group({ tag: [{ key: "AmazonECSManaged" }] })),
      "a dynamic block": together(
        provider({}),
        group({ dynamic: { tag: { for_each: "${var.tags}", content: { key: "${tag.key}" } } } }),
      ),
    },
  },
  "health-check-grace": {
    fails: { silent: service({ load_balancer: [{ container_port: 80 }] }) },
    passes: {
      "two minutes": service({
        load_balancer: [{ container_port: 80 }],
        health_check_grace_period_seconds: 120,
      }),
      worker: service({}),
    },
  },
  "privileged-container": {
    fails: { privileged: task({ privileged: true }) },
    passes: { not: task({ privileged: false }) },
  },
};

export const deliveryCases: CasesByRule = {
  "cloudfront-drops-cookies": {
    fails: {
      legacy: legacy("none"),
      "nothing passed on": distribution({ cache_policy_id: "4135ea2d-6df8-44a3-9df3-4b5a84be39ad" }),
      "a policy without cookies": distribution({
        cache_policy_id: "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",
        origin_request_policy_id: "59781a5b-3903-41f3-afcb-af62929ccde1",
      }),
    },
    passes: {
      "managed policies": managed("Managed-CachingDisabled"),
      legacy: legacy("all"),
      files: distribution({ ...reads, cache_policy_id: "658327ea-f89d-4fab-a63d-7e88639e58f6" }),
      "a policy of one's own": distribution({ cache_policy_id: "${aws_cloudfront_cache_policy.it.id}" }),
    },
  },
  "cloudfront-caches-dynamic": {
    fails: {
      "legacy, a day": legacy("all"),
      "a managed policy": managed("Managed-CachingOptimized"),
    },
    passes: {
      "managed policies": managed("Managed-CachingDisabled"),
      "legacy, not at all": legacy("all", { default_ttl: 0 }),
      files: legacy("none", reads),
    },
  },
  "cloudfront-legacy-forwarding": {
    fails: { "forwarded values": legacy("all", reads) },
    passes: { "managed policies": managed("Managed-CachingDisabled") },
  },
};

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type EnvironmentProps, production } from "../../modules/environment";
import { addressesIn, type Graph, type Json } from "./support/graph";
import { but, butWeb, existing, least, type ServiceProps, web } from "./support/least";
import { synthesize, synthesizeAll } from "./support/synthesize";

/** What each option adds to the least environment, or takes from it: by type, exactly. */
const base = synthesize(least);

function difference(graph: Graph): Record<string, number> {
  const types = new Set(
    [...base.elements, ...graph.elements].map(({ address }) => address.replace(/\.[^.]*$/, "")),
  );
  const changes = [...types].map((type) => [type, graph.count(type) - base.count(type)] as const);
  return Object.fromEntries(changes.filter(([, change]) => change !== 0));
}

const contractOf = (graph: Graph): Json => JSON.parse(graph.one("aws_ssm_parameter", "contract").value);
const strategyOf = (graph: Graph, id = "service_web_service") =>
  graph
    .one("aws_ecs_service", id)
    .capacity_provider_strategy.map(({ capacity_provider }: Json) => capacity_provider);
const nightly = { expression: "cron(0 3 * * ? *)", command: ["bin/report"] };
const domain = { names: ["app.example.com", "www.example.com"], zone: "example.com" };

const rows: readonly [string, EnvironmentProps, Record<string, number>][] = [
  ["a NAT gateway per zone", but({ network: { nat: "per-zone" } }), { aws_eip: 2, aws_nat_gateway: 2 }],
  [
    "a NAT instance",
    but({ network: { nat: "instance" } }),
    {
      aws_nat_gateway: -1,
      aws_network_interface: 1,
      aws_eip_association: 1,
      aws_security_group: 1,
      aws_vpc_security_group_ingress_rule: 1,
      aws_vpc_security_group_egress_rule: 1,
      aws_launch_template: 1,
      aws_autoscaling_group: 1,
      "data.aws_ssm_parameter": 1,
    },
  ],
  [
    "no NAT",
    but({ network: { nat: false } }),
    {
      aws_eip: -1,
      aws_nat_gateway: -1,
      aws_route: -3,
      aws_vpc_endpoint: 8,
      aws_security_group: 1,
      aws_vpc_security_group_ingress_rule: 1,
      aws_vpc_security_group_egress_rule: 1,
    },
  ],
  [
    "two zones",
    but({ network: { zones: 2 } }),
    { aws_subnet: -5, aws_route_table: -1, aws_route_table_association: -5, aws_route: -1 },
  ],
  [
    "a VPC that is there already",
    but({ network: existing }),
    {
      aws_vpc: -1,
      aws_subnet: -15,
      aws_internet_gateway: -1,
      aws_default_security_group: -1,
      aws_default_route_table: -1,
      aws_default_network_acl: -1,
      aws_network_acl: -2,
      aws_route_table: -5,
      aws_route_table_association: -15,
      aws_route: -4,
      aws_eip: -1,
      aws_nat_gateway: -1,
      aws_vpc_endpoint: -1,
      "data.aws_vpc": 1,
      "data.aws_subnet": 2,
      "data.aws_internet_gateway": 1,
    },
  ],
  [
    "no bastion",
    but({ bastion: false }),
    {
      aws_instance: -1,
      aws_security_group: -1,
      aws_iam_role: -1,
      aws_iam_instance_profile: -1,
      aws_iam_role_policy: -1,
      aws_vpc_security_group_ingress_rule: -2,
      aws_vpc_security_group_egress_rule: -3,
      "data.aws_ssm_parameter": -1,
    },
  ],
  [
    "no database",
    but({ database: false, services: { web: { ...web, database: true } } }),
    {
      aws_db_instance: -1,
      aws_db_parameter_group: -1,
      aws_cloudwatch_log_group: -2,
      aws_ssm_parameter: -2,
      aws_security_group: -1,
      aws_vpc_security_group_ingress_rule: -2,
      aws_vpc_security_group_egress_rule: -1,
      "ephemeral.aws_secretsmanager_random_password": -1,
      "ephemeral.aws_ssm_parameter": -1,
      terraform_data: -1,
    },
  ],
  ["a key of its own", but({ encryption: "own" }), { aws_kms_key: 1, aws_kms_alias: 1 }],
  [
    "flow logs",
    but({ network: { flowLogs: true } }),
    { aws_flow_log: 1, aws_cloudwatch_log_group: 1, aws_iam_role: 1, aws_iam_role_policy: 1 },
  ],
  [
    "a database that is elsewhere",
    but({ database: { url: "external" } }),
    {
      aws_db_instance: -1,
      aws_db_parameter_group: -1,
      aws_cloudwatch_log_group: -2,
      aws_ssm_parameter: -2,
      aws_security_group: -1,
      aws_vpc_security_group_ingress_rule: -2,
      aws_vpc_security_group_egress_rule: -1,
      "ephemeral.aws_secretsmanager_random_password": -1,
      "ephemeral.aws_ssm_parameter": -1,
      terraform_data: -1,
    },
  ],
  ["a read replica", but({ database: { replicas: 1 } }), { aws_db_instance: 1, aws_cloudwatch_log_group: 2 }],
  ["WAF", but({ distribution: { waf: true } }), { aws_wafv2_web_acl: 1 }],
  [
    "a domain of two names",
    but({ distribution: { domain } }),
    {
      aws_acm_certificate: 2,
      aws_acm_certificate_validation: 2,
      aws_route53_record: 2 + 4,
      aws_security_group: 1,
      aws_vpc_security_group_ingress_rule: 1,
      "data.aws_route53_zone": 1,
    },
  ],
  [
    "access logs",
    but({ distribution: { accessLogs: true } }),
    {
      aws_s3_bucket: 1,
      aws_s3_bucket_policy: 1,
      aws_s3_bucket_lifecycle_configuration: 1,
      aws_s3_bucket_public_access_block: 1,
      aws_s3_bucket_server_side_encryption_configuration: 1,
      aws_cloudwatch_log_delivery: 1,
      aws_cloudwatch_log_delivery_destination: 1,
      aws_cloudwatch_log_delivery_source: 1,
    },
  ],
  [
    "a cached path",
    but({ distribution: { cachedPaths: ["/static/*"] } }),
    { aws_cloudfront_cache_policy: 1, aws_cloudfront_origin_request_policy: 1 },
  ],
  [
    "a repository of its own",
    but({ registry: { repository: "app", create: true } }),
    { aws_ecr_repository: 1, aws_ecr_lifecycle_policy: 1, "data.aws_ecr_repository": -1 },
  ],
  [
    "autoscaling",
    butWeb({ autoscaling: { max: 4 } }),
    { aws_appautoscaling_target: 1, aws_appautoscaling_policy: 1 },
  ],
  ["a root file system that cannot be written", butWeb({ readonlyRootFilesystem: true }), {}],
  ["ECS Exec", butWeb({ exec: true }), { aws_iam_role_policy: 1 }],
  [
    "two schedules",
    butWeb({ schedules: { nightly, hourly: { ...nightly, expression: "rate(1 hour)" } } }),
    { aws_scheduler_schedule: 2, aws_iam_role: 1, aws_iam_role_policy: 1 },
  ],
  [
    "a second service",
    but({ services: { web, api: { port: 9000, paths: ["/api/*"] } } }),
    {
      aws_ecs_service: 1,
      aws_ecs_task_definition: 1,
      aws_lb_target_group: 1,
      aws_lb_listener_rule: 1,
      aws_cloudwatch_log_group: 1,
      aws_iam_role: 2,
      aws_iam_role_policy: 1,
    },
  ],
  [
    "a service that only services call",
    but({
      services: {
        web: { ...web, config: { API_URL: "$SERVICE_URL(api)" } },
        api: { port: 9000, internal: true, database: false },
      },
    }),
    {
      aws_ecs_service: 1,
      aws_ecs_task_definition: 1,
      aws_lb: 1,
      aws_lb_listener: 1,
      aws_lb_target_group: 1,
      aws_lb_listener_rule: 1,
      aws_route53_zone: 1,
      aws_route53_record: 1,
      aws_security_group: 1,
      aws_vpc_security_group_ingress_rule: 2,
      aws_vpc_security_group_egress_rule: 2,
      aws_cloudwatch_log_group: 1,
      aws_iam_role: 2,
      aws_iam_role_policy: 1,
    },
  ],
  [
    "a worker",
    but({ services: { web, worker: { command: ["bin/worker"] } } }),
    {
      aws_ecs_service: 1,
      aws_ecs_task_definition: 1,
      aws_cloudwatch_log_group: 1,
      aws_iam_role: 2,
      aws_iam_role_policy: 1,
    },
  ],
  [
    "a bucket",
    butWeb({ uses: { uploads: "bucket" } }),
    {
      aws_s3_bucket: 1,
      aws_s3_bucket_policy: 1,
      aws_s3_bucket_lifecycle_configuration: 1,
      aws_s3_bucket_public_access_block: 1,
      aws_s3_bucket_server_side_encryption_configuration: 1,
      aws_s3_bucket_versioning: 1,
      aws_iam_role_policy: 1,
    },
  ],
  [
    "a queue",
    butWeb({ uses: { jobs: "queue" } }),
    { aws_sqs_queue: 2, aws_sqs_queue_redrive_allow_policy: 1, aws_iam_role_policy: 1 },
  ],
  [
    "a cache",
    butWeb({ uses: { cache: "valkey" } }),
    {
      aws_elasticache_replication_group: 1,
      aws_security_group: 1,
      aws_vpc_security_group_ingress_rule: 1,
      aws_vpc_security_group_egress_rule: 1,
    },
  ],
  [
    "Fargate beside instances",
    butWeb({ capacity: "fargate" }),
    { aws_security_group: 1, aws_vpc_security_group_egress_rule: 1 },
  ],
  ["no Container Insights", but({ cluster: { containerInsights: false } }), { aws_cloudwatch_log_group: -1 }],
  [
    "Fargate alone",
    but({ cluster: { capacity: {} } }),
    {
      aws_autoscaling_group: -1,
      aws_launch_template: -1,
      aws_ecs_capacity_provider: -1,
      aws_iam_instance_profile: -1,
      aws_iam_role: -1,
      aws_iam_role_policy: -1,
      aws_iam_role_policy_attachment: -1,
      "data.aws_ssm_parameter": -1,
    },
  ],
];

test.each(rows)("%s adds and takes away exactly this", (_, props, expected) => {
  expect(difference(synthesize(props))).toEqual(expected);
});

describe.each([
  ["fargate", "FARGATE"],
  ["fargate-spot", "FARGATE_SPOT"],
] as const)("a service on %s", (capacity, provider) => {
  const graph = synthesize(butWeb({ capacity }));

  test("is placed by its capacity provider", () => {
    expect(strategyOf(graph)).toEqual([provider]);
    expect(graph.one("aws_ecs_cluster_capacity_providers").capacity_providers).toContain(provider);
  });

  test("has an interface of its own in the private subnets, and is targeted by address", () => {
    expect(graph.one("aws_ecs_service").network_configuration).toEqual({
      subnets: ["a", "b", "c"].map((zone) => `\${aws_subnet.network_private_${zone}.id}`),
      security_groups: ["${aws_security_group.service_web_tasks.id}"],
      assign_public_ip: false,
    });
    expect(graph.one("aws_lb_target_group").target_type).toBe("ip");
    for (const { body } of graph.all("aws_ecs_task_definition"))
      expect(body).toMatchObject({ network_mode: "awsvpc", requires_compatibilities: ["FARGATE"] });
    expect(graph.one("aws_ecs_service")).not.toHaveProperty("ordered_placement_strategy");
  });

  test("tells deploy of its network, which a one-off task needs, too", () => {
    const [own] = contractOf(graph).services;
    expect(own.network.securityGroups).toEqual(["${aws_security_group.service_web_tasks.id}"]);
    expect(own.capacity).toEqual([{ capacityProvider: provider, base: 0, weight: 1 }]);
  });
});

test("a service on instances is in bridge mode, and tells deploy of no network", () => {
  expect(base.one("aws_ecs_task_definition", "service_web").network_mode).toBe("bridge");
  expect(base.one("aws_ecs_service")).not.toHaveProperty("network_configuration");
  expect(contractOf(base).services[0].network).toBeNull();
});

test("a service on one provider is placed there alone, others by base and weight", () => {
  const types = { instanceTypes: ["t3.large"] };
  const cluster = { capacity: { steady: { ...types, base: 1 }, cheap: { ...types, spot: true, weight: 3 } } };
  const graph = synthesize(but({ cluster, services: { web, job: { capacity: "cheap" } } }));
  const name = (id: string) => `\${aws_ecs_capacity_provider.cluster_${id}_provider.name}`;
  expect(graph.one("aws_ecs_service", "service_web_service").capacity_provider_strategy).toEqual([
    { capacity_provider: name("steady"), base: 1, weight: 1 },
    { capacity_provider: name("cheap"), base: 0, weight: 3 },
  ]);
  expect(strategyOf(graph, "service_job_service")).toEqual([name("cheap")]);
});

test("Graviton instances run Graviton images", () => {
  const graph = synthesize(but({ cluster: { capacity: { arm: { instanceTypes: ["t4g.medium"] } } } }));
  expect(graph.one("aws_ecs_task_definition", "service_web").runtime_platform.cpu_architecture).toBe("ARM64");
  expect(graph.one("data.aws_ssm_parameter", "cluster_arm_image").name).toContain("/arm64/");
  expect(contractOf(graph).services[0].platform).toBe("linux/arm64");
});

test("a pinned image is the one that is used", () => {
  const graph = synthesize(but({ cluster: { image: "ami-0123456789abcdef0" } }));
  expect(graph.one("aws_launch_template").image_id).toBe("ami-0123456789abcdef0");
});

describe("the number of tasks", () => {
  test("is left to autoscaling where there is one, and only there", () => {
    const scaled = synthesize(butWeb({ autoscaling: { min: 2, max: 4 } }));
    expect(scaled.one("aws_ecs_service")).toMatchObject({
      desired_count: 2,
      lifecycle: { ignore_changes: ["desired_count"] },
    });
    expect(scaled.one("aws_appautoscaling_target")).toMatchObject({
      resource_id: "service/${aws_ecs_cluster.cluster.name}/${aws_ecs_service.service_web_service.name}",
      min_capacity: 2,
      max_capacity: 4,
    });
    expect(base.one("aws_ecs_service")).not.toHaveProperty("lifecycle");
    expect(base.one("aws_ecs_service").desired_count).toBe(1);
  });
});

describe("a worker", () => {
  const graph = synthesize(but({ distribution: false, services: { worker: { command: ["bin/worker"] } } }));

  test("has no target, no rule and no grace period", () => {
    for (const type of [
      "aws_lb",
      "aws_lb_target_group",
      "aws_lb_listener_rule",
      "aws_cloudfront_distribution",
    ])
      expect(graph.count(type)).toBe(0);
    const service = graph.one("aws_ecs_service");
    for (const key of ["load_balancer", "health_check_grace_period_seconds"])
      expect(service).not.toHaveProperty(key);
  });

  test("of an environment without a distribution has no address", () => {
    expect(contractOf(graph).url).toBeNull();
    expect(graph.json.output).not.toHaveProperty("url");
  });
});

describe("the distribution", () => {
  test("asks the web ACL, which lives where CloudFront looks for it", () => {
    const graph = synthesize(but({ distribution: { waf: { rateLimit: 500 } } }));
    expect(graph.one("aws_cloudfront_distribution").web_acl_id).toBe(
      "${aws_wafv2_web_acl.distribution_web_acl.arn}",
    );
    const { scope, region, rule } = graph.one("aws_wafv2_web_acl");
    expect({ scope, region }).toEqual({ scope: "CLOUDFRONT", region: "us-east-1" });
    expect(rule.map(({ priority }: Json) => priority)).toEqual([0, 1, 2, 3]);
    expect(rule[0].statement.rate_based_statement).toMatchObject({ limit: 500, aggregate_key_type: "IP" });
    for (const managed of rule.slice(1))
      expect(managed.statement.managed_rule_group_statement.vendor_name).toBe("AWS");
  });

  test("has a certificate of us-east-1, used once it is proved, and records for every name", () => {
    const graph = synthesize(but({ distribution: { domain } }));
    const { aliases, viewer_certificate } = graph.one("aws_cloudfront_distribution");
    expect(aliases).toEqual(domain.names);
    expect(addressesIn(viewer_certificate.acm_certificate_arn)).toEqual([
      "aws_acm_certificate_validation.distribution_certificate_validation",
    ]);
    expect(graph.one("aws_acm_certificate", "distribution_certificate").region).toBe("us-east-1");
    const records = graph.all("aws_route53_record").filter(({ body }) => body.alias !== undefined);
    expect(records.map(({ body }) => `${body.name} ${body.type}`).sort()).toEqual(
      domain.names.flatMap((name) => [`${name} A`, `${name} AAAA`]),
    );
    expect(contractOf(graph).url).toBe("https://app.example.com");
  });

  test("caches the paths that are named, and no other", () => {
    const { ordered_cache_behavior, default_cache_behavior } = synthesize(
      but({ distribution: { cachedPaths: ["/static/*"] } }),
    ).one("aws_cloudfront_distribution");
    expect(ordered_cache_behavior).toHaveLength(1);
    expect(ordered_cache_behavior[0].path_pattern).toBe("/static/*");
    expect(addressesIn(ordered_cache_behavior[0].cache_policy_id)).toEqual([
      "aws_cloudfront_cache_policy.distribution_cached_paths",
    ]);
    expect(default_cache_behavior.cache_policy_id).toContain("CachingDisabled");
  });

  test("tells hosts and query strings apart in the cache, keeps what the service says, and nobody's cookies", () => {
    const graph = synthesize(but({ distribution: { cachedPaths: ["/static/*"] } }));
    const { parameters_in_cache_key_and_forwarded_to_origin: key, ...ttls } = graph.one(
      "aws_cloudfront_cache_policy",
    );
    expect(ttls).toMatchObject({ min_ttl: 0, default_ttl: 0 });
    expect(key.query_strings_config).toEqual({ query_string_behavior: "all" });
    expect(key.headers_config.headers.items).toEqual(["Host"]);
    const request = graph.one("aws_cloudfront_origin_request_policy");
    for (const policy of [key, request]) {
      expect(policy.cookies_config).toEqual({ cookie_behavior: "none" });
      expect(JSON.stringify(policy)).not.toContain("Authorization");
    }
    expect(request.headers_config.header_behavior).toBe("whitelist");
  });

  test("tells the service what CloudFront knows of the viewer", () => {
    const { default_cache_behavior } = synthesize(but({})).one("aws_cloudfront_distribution");
    expect(addressesIn(default_cache_behavior.origin_request_policy_id)).toEqual([
      "data.aws_cloudfront_origin_request_policy.distribution_all_viewer",
    ]);
    expect(synthesize(but({})).one("data.aws_cloudfront_origin_request_policy").name).toBe(
      "Managed-AllViewerAndCloudFrontHeaders-2022-06",
    );
  });

  test("tells browsers of hosts below its names only when asked to", () => {
    const subdomains = (distribution: object) =>
      synthesize(but({ distribution })).one("aws_cloudfront_response_headers_policy").security_headers_config
        .strict_transport_security.include_subdomains;
    expect(subdomains({})).toBe(false);
    expect(subdomains({ hstsSubdomains: true })).toBe(true);
  });

  describe("with own names", () => {
    const graph = synthesize(but({ distribution: { domain } }));

    test("speaks HTTPS to the load balancer, with a certificate of the environment's region", () => {
      const listener = graph.one("aws_lb_listener");
      expect(listener).toMatchObject({ port: 443, protocol: "HTTPS" });
      expect(addressesIn(listener.certificate_arn)).toEqual([
        "aws_acm_certificate_validation.distribution_certificate_regional_validation",
      ]);
      expect(graph.one("aws_acm_certificate", "distribution_certificate_regional").region).toBe("us-west-2");
      const [endpoint] = [graph.one("aws_cloudfront_vpc_origin").vpc_origin_endpoint_config].flat();
      expect(endpoint).toMatchObject({ https_port: 443, origin_protocol_policy: "https-only" });
    });

    test("leaves the old listener, its rules and the old origin until CloudFront calls the new ones", () => {
      const plain = synthesize(but({}));
      for (const type of ["aws_lb_listener", "aws_lb_listener_rule", "aws_cloudfront_vpc_origin"])
        for (const one of [plain, graph]) expect(one.one(type).lifecycle.create_before_destroy).toBe(true);
      const ids = (of: typeof graph, type: string) => of.all(type).map(({ address }) => address);
      for (const type of ["aws_lb_listener", "aws_cloudfront_vpc_origin"])
        expect(ids(plain, type)).not.toEqual(ids(graph, type));
      expect(plain.needs("aws_cloudfront_vpc_origin.distribution_origin")).toContain(
        "aws_lb_listener.distribution_load_balancer_http",
      );
      expect(plain.needs("aws_cloudfront_distribution.distribution")).toContain(
        "aws_lb_listener_rule.service_web_rule",
      );
    });

    test("needs one certificate where CloudFront's region is its own", () => {
      const own = synthesize(but({ region: "us-east-1", distribution: { domain } }));
      expect(own.all("aws_acm_certificate")).toHaveLength(1);
      expect(addressesIn(own.one("aws_lb_listener").certificate_arn)).toEqual([
        "aws_acm_certificate_validation.distribution_certificate_validation",
      ]);
    });

    test("takes certificates that are there, and says which records to make where Route 53 has no zone", () => {
      const arn = (region: string) => `arn:aws:acm:${region}:123456789012:certificate/0a1b`;
      const certificate = { cloudfront: arn("us-east-1"), loadBalancer: arn("us-west-2") };
      const given = synthesize(
        but({ distribution: { domain: { names: ["app.example.com"], zone: false, certificate } } }),
      );
      for (const type of ["aws_acm_certificate", "aws_route53_record", "data.aws_route53_zone"])
        expect(given.all(type)).toEqual([]);
      expect(given.one("aws_lb_listener").certificate_arn).toBe(certificate.loadBalancer);
      const { viewer_certificate } = given.one("aws_cloudfront_distribution");
      expect(viewer_certificate.acm_certificate_arn).toBe(certificate.cloudfront);
      const record = {
        name: "app.example.com",
        type: "CNAME",
        value: "${aws_cloudfront_distribution.distribution.domain_name}",
      };
      expect(given.json.output.dns.value).toEqual([record]);
      expect(JSON.parse(given.one("aws_ssm_parameter", "contract").value).dns).toEqual([record]);
    });
  });

  test("waits less long than the load balancer keeps a connection", () => {
    const graph = synthesize(but({ distribution: { timeout: 30 } }));
    const [origin] = graph.one("aws_cloudfront_distribution").origin;
    expect(origin.vpc_origin_config.origin_read_timeout).toBe(30);
    expect(graph.one("aws_lb").idle_timeout).toBeGreaterThan(30);
    expect(graph.one("aws_lb_target_group").deregistration_delay).toBe("30");
  });

  test("closes a connection before the example's service does, however long it waits", () => {
    const example = readFileSync(join(__dirname, "../../examples/service/server.js"), "utf8");
    const [, keepAlive = ""] = /keepAliveTimeout = ([\d_]+)/.exec(example) ?? [];
    const longest = synthesize(but({ distribution: { timeout: 60 } })).one("aws_lb").idle_timeout;
    expect(Number(keepAlive.replaceAll("_", ""))).toBeGreaterThan(longest * 1000);
  });

  test("lets the load balancers of this account write access logs, and no other's", () => {
    const { policy } = synthesize(but({ distribution: { accessLogs: true } })).one("aws_s3_bucket_policy");
    const statements: { Sid: string; Resource: string }[] = JSON.parse(policy).Statement;
    expect(statements.find(({ Sid }) => Sid === "LoadBalancer")?.Resource).toMatch(
      /\/load-balancer\/AWSLogs\/\$\{data\.aws_caller_identity\.caller\.account_id\}\/\*$/,
    );
  });
});

describe("a repository that is made", () => {
  const graph = synthesize(but({ registry: { repository: "app", create: true } }));

  test("scans, and moves no tag but the environment's own and candidates", () => {
    expect(graph.one("aws_ecr_repository")).toMatchObject({
      image_scanning_configuration: { scan_on_push: true },
      image_tag_mutability: "IMMUTABLE_WITH_EXCLUSION",
      image_tag_mutability_exclusion_filter: [
        { filter: "staging", filter_type: "WILDCARD" },
        { filter: "staging-candidate", filter_type: "WILDCARD" },
      ],
    });
  });

  test("keeps each of the two tags: a rule with both would keep neither", () => {
    const { rules } = JSON.parse(graph.one("aws_ecr_lifecycle_policy").policy);
    const kept = rules.filter(({ selection }: Json) => selection.tagStatus === "tagged");
    expect(kept.map(({ selection }: Json) => selection.tagPatternList)).toEqual([
      ["staging"],
      ["staging-candidate"],
    ]);
    expect(rules.map(({ rulePriority }: Json) => rulePriority)).toEqual([1, 2, 3, 4]);
    expect(rules.at(-1).selection.tagStatus).toBe("any");
  });
});

describe("peering", () => {
  const graphs = synthesizeAll({
    staging: but({ network: { cidr: "10.1.0.0/16", peering: ["prod"] } }),
    prod: but({ network: { cidr: "10.2.0.0/16" } }),
  });
  const staging = graphs.staging as Graph;

  test("routes there from every zone, and back from every table of the peer", () => {
    const routes = staging
      .all("aws_route")
      .filter(({ body }) => body.vpc_peering_connection_id !== undefined);
    expect(routes.map(({ body }) => body.destination_cidr_block).sort()).toEqual([
      "10.1.0.0/16",
      ...["10.2.0.0/16", "10.2.0.0/16", "10.2.0.0/16"],
    ]);
    expect(staging.one("aws_route", "network_peer_prod_back").for_each).toContain("data.aws_route_tables");
  });

  test("is one connection, made by the one who asks, and no reference between the stacks", () => {
    expect(staging.count("aws_vpc_peering_connection")).toBe(1);
    expect(graphs.prod?.count("aws_vpc_peering_connection")).toBe(0);
    expect(JSON.stringify([staging.json, graphs.prod?.json])).not.toContain("terraform_remote_state");
  });
});

test("a Postgres parameter is sent as RDS takes it: static ones wait for a restart", () => {
  const parameters = {
    max_connections: "200",
    max_logical_replication_workers: "8",
    shared_preload_libraries: "pg_stat_statements,pg_cron",
    "pg_stat_statements.max": "10000",
    "cron.database_name": "app",
    commit_timestamp_buffers: "64",
    autovacuum_freeze_max_age: "200000000",
    autovacuum_multixact_freeze_max_age: "400000000",
    work_mem: "16384",
    log_min_duration_statement: 500,
    wal_compression: "on",
    autovacuum_naptime: "30",
    "pg_stat_statements.track": "all",
  };
  const sent = synthesize(but({ database: { parameters } })).one("aws_db_parameter_group")
    .parameter as Json[];
  const waiting = sent
    .filter(({ apply_method }) => apply_method === "pending-reboot")
    .map(({ name }) => name);
  expect(waiting.sort()).toEqual([
    "autovacuum_freeze_max_age",
    "autovacuum_multixact_freeze_max_age",
    "commit_timestamp_buffers",
    "cron.database_name",
    "max_connections",
    "max_logical_replication_workers",
    "pg_stat_statements.max",
    "rds.force_ssl",
    "shared_preload_libraries",
  ]);
  expect(sent.find(({ name }) => name === "log_min_duration_statement")?.value).toBe("500");
});

test("a new password has new parameters, which the tasks read; those before stay for tasks that still run", () => {
  const parameters = (graph: Graph) =>
    graph
      .all("aws_ssm_parameter")
      .map(({ body }) => String(body.name))
      .filter((name) => name.startsWith("/staging/database/"));
  const rotated = synthesize(but({ database: { passwordVersion: 2 } }));
  expect(parameters(base)).toHaveLength(2);
  expect(parameters(rotated)).toHaveLength(4);
  expect(parameters(rotated)).toEqual(expect.arrayContaining(parameters(base)));
  for (const id of ["database_password_1", "database_url_1"])
    expect(rotated.one("aws_ssm_parameter", id).lifecycle).toEqual({ ignore_changes: "all" });
  const read = (graph: Graph, version: number) =>
    [...graph.references("aws_ecs_task_definition.service_web")].filter((address) =>
      new RegExp(`^aws_ssm_parameter\\.database_(password|url)_${version}$`).test(address),
    );
  expect([read(base, 1).length, read(rotated, 1).length, read(rotated, 2).length]).toEqual([2, 0, 2]);
  const { policy } = rotated.one("aws_iam_role_policy", "service_web_roles_execution_policy");
  for (const id of ["password_1", "password_2", "url_1", "url_2"])
    expect(policy).toContain(`aws_ssm_parameter.database_${id}.arn`);
});

test("other URL parameters are another parameter, and leave the password alone", () => {
  const other = synthesize(but({ database: { urlParameters: { sslmode: "verify-full" } } }));
  const name = (graph: Graph, id: string) => graph.one("aws_ssm_parameter", id).name;
  expect(name(other, "database_url_1")).toMatch(/^\/staging\/database\/1\/url-[0-9a-f]{8}$/);
  expect(name(other, "database_url_1")).not.toBe(name(base, "database_url_1"));
  expect(name(other, "database_password_1")).toBe(name(base, "database_password_1"));
});

test("permissions of the application stand in the task's role alone", () => {
  const permissions: ServiceProps["permissions"] = [
    { sid: "Uploads", actions: ["s3:PutObject"], resources: ["arn:aws:s3:::uploads/*"] },
  ];
  const graph = synthesize(butWeb({ permissions }));
  expect(graph.one("aws_iam_role_policy", "service_web_roles_task_policy").policy).toContain("Uploads");
  expect(graph.one("aws_iam_role_policy", "service_web_roles_execution_policy").policy).not.toContain(
    "Uploads",
  );
});

describe.each(["instances", "fargate"])("with a root file system that cannot be written, on %s", (where) => {
  const capacity = where === "fargate" ? { capacity: "fargate" } : {};
  const graph = synthesize(butWeb({ ...capacity, readonlyRootFilesystem: true }));
  const definitions = graph.all("aws_ecs_task_definition");

  test("the service and its migration write to a /tmp of the task's own", () => {
    expect(definitions).toHaveLength(2);
    for (const { body } of definitions) {
      const [own] = JSON.parse(body.container_definitions);
      expect(own.readonlyRootFilesystem).toBe(true);
      expect(own.mountPoints).toEqual([{ containerPath: "/tmp", readOnly: false, sourceVolume: "task_tmp" }]);
      expect(body.volume).toEqual([{ name: "task_tmp" }]);
    }
  });

  test("and without the option nothing is mounted or said of it", () => {
    for (const { body } of synthesize(butWeb(capacity)).all("aws_ecs_task_definition")) {
      expect(body).not.toHaveProperty("volume");
      expect(JSON.parse(body.container_definitions)[0]).not.toHaveProperty("readonlyRootFilesystem");
    }
  });
});

describe("a database that is elsewhere", () => {
  const services = {
    web,
    worker: { command: ["bin/worker"] },
    stateless: { command: ["run"], database: false },
  };
  const graph = synthesize(
    but({ database: { url: "external" }, services: services as EnvironmentProps["services"] }),
  );
  const URL =
    "arn:aws:ssm:us-west-2:${data.aws_caller_identity.caller.account_id}:parameter/staging/database/url";
  const container = (id: string) =>
    JSON.parse(graph.one("aws_ecs_task_definition", id).container_definitions)[0];
  const secretsOf = (id: string): Record<string, string> =>
    Object.fromEntries(container(id).secrets.map(({ name, valueFrom }: Json) => [name, valueFrom]));

  test("is one URL that a person writes, and that Terraform neither makes nor reads", () => {
    expect(graph.all("aws_ssm_parameter").map(({ id }) => id)).toEqual(["contract"]);
    expect(graph.json.removed).toContainEqual({
      from: "aws_ssm_parameter.database",
      lifecycle: { destroy: false },
    });
  });

  test("is given to services and migrations by the variables that they name, else as DATABASE_URL", () => {
    for (const id of ["service_web", "service_web_migration"])
      expect(secretsOf(id)).toMatchObject({ POSTGRES_URL: URL, GOOSE_DBSTRING: URL });
    expect(secretsOf("service_worker")).toEqual({ DATABASE_URL: URL });
    expect(secretsOf("service_stateless")).toEqual({});
    for (const { body } of graph.all("aws_ecs_task_definition")) {
      const [{ environment, secrets }] = JSON.parse(body.container_definitions);
      const names = [...environment, ...secrets].map(({ name }: Json) => name);
      expect(names.filter((name: string) => name.startsWith("PG"))).toEqual([]);
    }
  });

  test("is read by the services that use it alone", () => {
    const readers = graph
      .all("aws_iam_role_policy")
      .filter(({ body }) => body.policy.includes(URL))
      .map(({ id }) => id);
    expect(readers).toHaveLength(2);
    for (const id of readers) expect(id).toMatch(/^service_(web|worker)_roles/);
  });

  test("is among the secrets that deploy asks for before it releases", () => {
    const [first, second, third] = contractOf(graph).services;
    const name = "/staging/database/url";
    expect(first.secrets).toMatchObject({ POSTGRES_URL: name, GOOSE_DBSTRING: name });
    expect(second.secrets).toEqual({ DATABASE_URL: name });
    expect(third.secrets).toEqual({});
    expect(contractOf(graph).database).toBeNull();
  });
});

describe("a read replica", () => {
  const props = but({ preset: production, database: { replicas: 1, multiAz: true } });
  const graph = synthesize(props, "prod");
  const replica = graph.one("aws_db_instance", "database_replica");
  const source = graph.one("aws_db_instance", "database_instance");

  test("is made of its source and goes before it", () => {
    expect(replica.replicate_source_db).toBe("${aws_db_instance.database_instance.identifier}");
    expect(graph.destroyBefore("aws_db_instance.database_replica", "aws_db_instance.database_instance")).toBe(
      true,
    );
    const alike = [
      ...[
        "instance_class",
        "parameter_group_name",
        "vpc_security_group_ids",
        "storage_type",
        "storage_encrypted",
      ],
      ...[
        "max_allocated_storage",
        "publicly_accessible",
        "deletion_protection",
        "performance_insights_enabled",
      ],
      ...["enabled_cloudwatch_logs_exports", "auto_minor_version_upgrade", "apply_immediately"],
    ];
    for (const argument of alike) expect([argument, replica[argument]]).toEqual([argument, source[argument]]);
    expect(replica.deletion_protection).toBe(true);
    expect(replica.lifecycle.prevent_destroy).toBe(true);
  });

  test("says nothing of what is its source's: user, password, subnets, version, backups", () => {
    const own = ["engine", "engine_version", "username", "password_wo", "db_name", "db_subnet_group_name"];
    for (const argument of [...own, "allocated_storage", "final_snapshot_identifier", "multi_az"])
      expect(replica).not.toHaveProperty(argument);
    expect(replica.skip_final_snapshot).toBe(true);
  });

  test("is told to services and migrations as PGHOST_REPLICA, and to nobody without it", () => {
    const environments = (of: Graph) =>
      of.all("aws_ecs_task_definition").map(({ body }) => {
        const { environment } = JSON.parse(body.container_definitions)[0];
        return environment.find(({ name }: Json) => name === "PGHOST_REPLICA")?.value;
      });
    const address = "${aws_db_instance.database_replica.address}";
    // The service's two, its migration's, and that of the logins.
    expect(environments(graph)).toEqual([address, address, address, address]);
    expect(environments(base).filter(Boolean)).toEqual([]);
  });

  test("has log groups with an end, under the environment's key, that people are shown", () => {
    const logs = graph.all("aws_cloudwatch_log_group").filter(({ id }) => id.startsWith("database_replica"));
    expect(logs.map(({ body }) => body.name)).toEqual([
      "/aws/rds/instance/prod-replica/postgresql",
      "/aws/rds/instance/prod-replica/upgrade",
    ]);
    for (const { body } of logs) {
      expect(body).toMatchObject({ retention_in_days: 30, kms_key_id: "${aws_kms_key.key.arn}" });
      expect(graph.one("aws_kms_key").policy).toContain(":log-group:/aws/rds/instance/prod-replica/*");
    }
    expect(contractOf(graph).database.logs).toHaveLength(4);
  });
});

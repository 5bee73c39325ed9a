import { beforeEach, expect, test } from "vitest";
import type { Fields } from "../../sandbox/wire/value";
import { Account } from "./helpers";
import { behaviour, container, database, distribution, parameter, TRUST } from "./helpers-samples";

/** A network as most cases below need it. */
async function network(account: Account) {
  const vpc = await account.make("aws_vpc", { cidr_block: "10.0.0.0/16" });
  const subnet = (zone: string, cidr_block: string) =>
    account.make("aws_subnet", {
      vpc_id: vpc.id as string,
      cidr_block,
      availability_zone: `eu-west-1${zone}`,
    });
  const subnets = [await subnet("a", "10.0.0.0/24"), await subnet("b", "10.0.1.0/24")];
  const ids = subnets.map((one) => one.id as string);
  const group = await account.make("aws_security_group", { name: "g", vpc_id: vpc.id as string });
  return { vpc, subnets, ids, group };
}

/** What AWS refuses when the change is made. */
let account: Account;
let base: Awaited<ReturnType<typeof network>>;
const refused = (type: string, config: Fields) => account.refusal(account.make(type, config));
const kept = (type: string, state: Fields) => account.refusal(account.remove(type, state));

beforeEach(async () => {
  account = new Account();
  base = await network(account);
});

test("subnets lie inside their VPC, in a zone that exists, and apart", async () => {
  const subnet = (more: Fields) =>
    refused("aws_subnet", { vpc_id: base.vpc.id as string, cidr_block: "10.0.2.0/24", ...more });
  expect(await subnet({ cidr_block: "10.1.0.0/24" })).toBe("InvalidSubnet.Range");
  expect(await subnet({ cidr_block: "10.0.1.128/25" })).toBe("InvalidSubnet.Conflict");
  expect(await subnet({ availability_zone: "eu-west-1f" })).toBe("InvalidParameterValue");
  expect(await subnet({ vpc_id: "vpc-0" })).toBe("InvalidVpcID.NotFound");
  expect(await subnet({})).toBe("accepted");
});

test("what is in use stays, until its users are gone", async () => {
  expect(await kept("aws_vpc", base.vpc)).toBe("DependencyViolation");
  const instance = await account.make("aws_instance", {
    ami: "ami-0123456789abcdef0",
    instance_type: "t3.micro",
    subnet_id: base.ids[0] as string,
    vpc_security_group_ids: [base.group.id as string],
  });
  expect(await kept("aws_subnet", base.subnets[0] as Fields)).toBe("DependencyViolation");
  expect(await kept("aws_security_group", base.group)).toBe("DependencyViolation");
  await account.remove("aws_instance", instance);
  for (const subnet of base.subnets) expect(await kept("aws_subnet", subnet)).toBe("accepted");
  expect(await kept("aws_security_group", base.group)).toBe("accepted");
  expect(await kept("aws_vpc", base.vpc)).toBe("accepted");
  expect(account.world.list({ region: "eu-west-1", type: "aws_security_group" })).toEqual([]);
});

test("a NAT gateway needs an internet gateway, and keeps it", async () => {
  const address = await account.make("aws_eip", { domain: "vpc" });
  const nat = { subnet_id: base.ids[0] as string, allocation_id: address.id as string };
  expect(await refused("aws_nat_gateway", nat)).toBe("Gateway.NotAttached");
  const gateway = await account.make("aws_internet_gateway", { vpc_id: base.vpc.id as string });
  const made = await account.make("aws_nat_gateway", nat);
  expect(made.public_ip).toBe(address.public_ip);
  expect(await refused("aws_nat_gateway", nat)).toBe("Resource.AlreadyAssociated");
  expect(await kept("aws_internet_gateway", gateway)).toBe("DependencyViolation");
  expect(await kept("aws_eip", address)).toBe("InvalidIPAddress.InUse");
  await account.remove("aws_nat_gateway", made);
  expect(await kept("aws_internet_gateway", gateway)).toBe("accepted");
});

test("CloudFront's prefix list weighs 55 of a group's 60 rules", async () => {
  const list = account.world.find({
    type: "aws_ec2_managed_prefix_list",
    where: { name: "com.amazonaws.global.cloudfront.origin-facing" },
  });
  const allow = (port: number, more: Fields) =>
    refused("aws_vpc_security_group_ingress_rule", {
      security_group_id: base.group.id as string,
      ip_protocol: "tcp",
      from_port: port,
      to_port: port,
      ...more,
    });
  expect(await allow(80, { prefix_list_id: list?.id as string })).toBe("accepted");
  expect(await allow(443, { prefix_list_id: list?.id as string })).toBe("RulesPerSecurityGroupLimitExceeded");
  expect(await allow(443, { cidr_ipv4: "10.0.0.0/16" })).toBe("accepted");
  expect(await allow(443, { cidr_ipv4: "10.0.0.0/16" })).toBe("InvalidPermission.Duplicate");
});

test("names are taken once", async () => {
  const twice: [string, Fields, string][] = [
    ["aws_iam_role", { name: "r", assume_role_policy: TRUST }, "EntityAlreadyExists"],
    ["aws_cloudwatch_log_group", { name: "l" }, "ResourceAlreadyExistsException"],
    ["aws_ssm_parameter", parameter({}), "ParameterAlreadyExists"],
    [
      "aws_db_instance",
      database({ identifier: "d", password: "long-enough", skip_final_snapshot: true }),
      "DBInstanceAlreadyExists",
    ],
    ["aws_ecr_repository", { name: "mine" }, "RepositoryAlreadyExistsException"],
    ["aws_s3_bucket", { bucket: "mine" }, "BucketAlreadyOwnedByYou"],
    ["aws_security_group", { name: "twice", vpc_id: base.vpc.id as string }, "InvalidGroup.Duplicate"],
  ];
  for (const [type, config, code] of twice) {
    expect([type, await refused(type, config)]).toEqual([type, "accepted"]);
    expect([type, await refused(type, config)]).toEqual([type, code]);
  }
  expect(await refused("aws_ssm_parameter", parameter({ overwrite: true }))).toBe("accepted");
  // The sandbox's own, which is there until one is applied.
  expect(await refused("aws_ecr_repository", { name: "app" })).toBe("accepted");
  expect(await refused("aws_ecr_repository", { name: "app" })).toBe("RepositoryAlreadyExistsException");
});

test("a write-only value is sent with a new version of it alone: any other change goes without, and is refused", async () => {
  const config = { name: "/wo", type: "SecureString", value: null, value_wo: "one", value_wo_version: 1 };
  const made = await account.make("aws_ssm_parameter", parameter({ ...config, description: "a" }));
  const change = (more: object) =>
    account.refusal(account.change("aws_ssm_parameter", parameter({ ...config, ...more }), made));
  expect(await change({ description: "b" })).toBe("ValidationException");
  expect(await change({ description: "a", tags: { team: "b" } })).toBe("accepted");
  expect(await change({ description: "b", value_wo: "two", value_wo_version: 2 })).toBe("accepted");
  const over = { ...config, overwrite: true };
  expect((await account.make("aws_ssm_parameter", parameter(over))).version).toBe(3);
});

test("a database's password is one that RDS takes", async () => {
  const make = (password: string) =>
    refused("aws_db_instance", database({ identifier: "p", password, skip_final_snapshot: true }));
  for (const password of ["short", "with space", "with/slash", "with@sign", 'with"quote', "x".repeat(129)])
    expect([password, await make(password)]).toEqual([password, "InvalidParameterValue"]);
  expect(await make("long-enough")).toBe("accepted");
});

test("parameters fit their tier", async () => {
  const size = (bytes: number, tier: string) =>
    refused("aws_ssm_parameter", parameter({ name: `/s/${bytes}${tier}`, value: "x".repeat(bytes), tier }));
  expect(await size(4096, "Standard")).toBe("accepted");
  expect(await size(4097, "Standard")).toBe("ValidationException");
  expect(await size(8192, "Advanced")).toBe("accepted");
  expect(await size(8193, "Advanced")).toBe("ValidationException");
  const clever = await account.make(
    "aws_ssm_parameter",
    parameter({ name: "/clever", value: "x".repeat(5000), tier: "Intelligent-Tiering" }),
  );
  expect(clever.tier).toBe("Advanced");
});

test("roles go after what is attached to them", async () => {
  const role = await account.make("aws_iam_role", { name: "r", assume_role_policy: TRUST });
  const policy = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore";
  const attached = await account.make("aws_iam_role_policy_attachment", { role: "r", policy_arn: policy });
  const profile = await account.make("aws_iam_instance_profile", { name: "p", role: "r" });
  expect(await kept("aws_iam_role", role)).toBe("DeleteConflict");
  await account.remove("aws_iam_role_policy_attachment", attached);
  expect(await kept("aws_iam_role", role)).toBe("DeleteConflict");
  await account.remove("aws_iam_instance_profile", profile);
  expect(await kept("aws_iam_role", role)).toBe("accepted");
  expect(await refused("aws_iam_role_policy_attachment", { role: "r", policy_arn: policy })).toBe(
    "NoSuchEntity",
  );
});

test("a static parameter waits for a reboot; nothing is said of one that nobody knows", async () => {
  const group = (name: string, apply_method: string, family = "postgres17") =>
    account.make("aws_db_parameter_group", {
      name: `static-${name.replaceAll(/[^a-z]/g, "-")}-${family}`,
      family,
      parameter: [{ name, value: "4", apply_method }],
    });
  expect(await account.refusal(group("autovacuum_max_workers", "immediate"))).toBe(
    "InvalidParameterCombination",
  );
  for (const accepted of [
    group("max_connections", "pending-reboot"),
    group("autovacuum_max_workers", "immediate", "postgres18"),
    group("work_mem", "immediate"),
    group("cron.max_running_jobs", "immediate"),
  ])
    expect(await account.refusal(accepted)).toBe("accepted");
});

test("a database is protected, needs a final snapshot, and fits its parameter group", async () => {
  await account.make("aws_db_parameter_group", { name: "pg16", family: "postgres16" });
  const make = (more: Fields) =>
    account.make(
      "aws_db_instance",
      database({ identifier: "d", engine_version: "17.6", password: "long-enough", ...more }),
    );
  expect(await account.refusal(make({ parameter_group_name: "pg16" }))).toBe("InvalidParameterCombination");
  expect(await account.refusal(make({ password: null }))).toBe("InvalidParameterValue");
  expect(await account.refusal(make({ allocated_storage: 10 }))).toBe("InvalidParameterValue");
  expect(await account.refusal(make({ engine_version: "9.6" }))).toBe("InvalidParameterCombination");
  const guarded = await make({ deletion_protection: true });
  expect(await kept("aws_db_instance", guarded)).toBe("InvalidParameterCombination");
  const open = await account.change("aws_db_instance", { deletion_protection: false }, guarded);
  expect(await kept("aws_db_instance", open)).toBe("InvalidParameterCombination");
  expect(await kept("aws_db_instance", { ...open, final_snapshot_identifier: "last" })).toBe("accepted");
  const again = await make({});
  expect(await kept("aws_db_instance", { ...again, final_snapshot_identifier: "last" })).toBe(
    "DBSnapshotAlreadyExists",
  );
  expect(await refused("aws_db_subnet_group", { name: "one", subnet_ids: [base.ids[0] as string] })).toBe(
    "DBSubnetGroupDoesNotCoverEnoughAZs",
  );
});

test("a service needs a target group with a listener, its container, and its capacity provider", async () => {
  await account.make("aws_internet_gateway", { vpc_id: base.vpc.id as string });
  expect(await refused("aws_lb", { name: "one", subnets: [base.ids[0] as string], internal: true })).toBe(
    "ValidationError",
  );
  const balancer = await account.make("aws_lb", {
    name: "lb",
    subnets: base.ids,
    internal: true,
    enable_deletion_protection: true,
  });
  const target = await account.make("aws_lb_target_group", {
    name: "t",
    port: 80,
    protocol: "HTTP",
    vpc_id: base.vpc.id as string,
  });
  const cluster = await account.make("aws_ecs_cluster", { name: "c" });
  const definitions = container({ portMappings: [{ containerPort: 8080 }] });
  const task = await account.make("aws_ecs_task_definition", {
    family: "f",
    container_definitions: definitions,
  });
  const service = (more: Fields) => ({
    name: "web",
    cluster: cluster.arn as string,
    task_definition: task.arn as string,
    load_balancer: [{ target_group_arn: target.arn as string, container_name: "web", container_port: 8080 }],
    ...more,
  });
  expect(await refused("aws_ecs_service", service({}))).toBe("InvalidParameterException");
  const listener = await account.make("aws_lb_listener", {
    load_balancer_arn: balancer.arn as string,
    port: 80,
    default_action: [{ type: "fixed-response" }],
  });
  const forward = {
    listener_arn: listener.arn as string,
    priority: 1,
    action: [{ type: "forward", target_group_arn: target.arn as string }],
  };
  await account.make("aws_lb_listener_rule", forward);
  expect(await refused("aws_lb_listener_rule", forward)).toBe("PriorityInUse");
  const second = await account.make("aws_lb", { name: "second", subnets: base.ids });
  const elsewhere = await account.make("aws_lb_listener", {
    load_balancer_arn: second.arn as string,
    port: 80,
    default_action: [{ type: "fixed-response" }],
  });
  expect(await refused("aws_lb_listener_rule", { ...forward, listener_arn: elsewhere.arn as string })).toBe(
    "TargetGroupAssociationLimit",
  );
  expect(await kept("aws_lb_target_group", target)).toBe("ResourceInUse");
  expect(
    await refused(
      "aws_ecs_service",
      service({ capacity_provider_strategy: [{ capacity_provider: "FARGATE" }] }),
    ),
  ).toBe("InvalidParameterException");
  expect(await refused("aws_ecs_service", service({ network_configuration: [{ subnets: base.ids }] }))).toBe(
    "InvalidParameterException",
  );
  expect(await refused("aws_ecs_service", service({ cluster: "none" }))).toBe("ClusterNotFoundException");
  const made = await account.make("aws_ecs_service", service({}));
  expect(await kept("aws_ecs_cluster", cluster)).toBe("ClusterContainsServicesException");
  expect(await kept("aws_lb", balancer)).toBe("OperationNotPermitted");
  await account.remove("aws_ecs_service", made);
  expect(await kept("aws_ecs_cluster", cluster)).toBe("accepted");
  const next = await account.make("aws_ecs_task_definition", {
    family: "f",
    container_definitions: definitions,
  });
  expect(next.arn).toMatch(/task-definition\/f:2$/);
});

test("capacity: cluster, provider and group go in AWS's order", async () => {
  const user_data = Buffer.from("#!/bin/sh\necho ECS_CLUSTER=c >> /etc/ecs/ecs.config\n").toString("base64");
  const template = await account.make("aws_launch_template", {
    name: "host",
    image_id: "ami-0123456789abcdef0",
    user_data,
  });
  const group = await account.make("aws_autoscaling_group", {
    force_delete: true,
    name: "g",
    min_size: 1,
    max_size: 2,
    vpc_zone_identifier: base.ids,
    launch_template: [{ id: template.id as string }],
  });
  const cluster = await account.make("aws_ecs_cluster", { name: "c" });
  const of = { auto_scaling_group_arn: group.arn as string };
  const provider = await account.make("aws_ecs_capacity_provider", {
    name: "spot",
    auto_scaling_group_provider: [of],
  });
  const guarded = [{ ...of, managed_termination_protection: "ENABLED" }];
  expect(
    await refused("aws_ecs_capacity_provider", { name: "p", auto_scaling_group_provider: guarded }),
  ).toBe("ClientException");
  const association = await account.make("aws_ecs_cluster_capacity_providers", {
    cluster_name: "c",
    capacity_providers: ["spot", "FARGATE"],
  });
  expect(await kept("aws_ecs_capacity_provider", provider)).toBe("ResourceInUseException");
  expect(await kept("aws_ecs_cluster", cluster)).toBe("ClusterContainsContainerInstancesException");
  await account.remove("aws_ecs_cluster_capacity_providers", association);
  expect(await kept("aws_ecs_capacity_provider", provider)).toBe("accepted");
  expect(await kept("aws_autoscaling_group", group)).toBe("accepted");
  expect(await kept("aws_ecs_cluster", cluster)).toBe("accepted");
});

test("CloudFront: origins, policies and certificates", async () => {
  const balancer = await account.make("aws_lb", { name: "lb", subnets: base.ids, internal: true });
  const vpcOrigin = {
    vpc_origin_endpoint_config: [
      {
        name: "o",
        arn: balancer.arn as string,
        http_port: 80,
        https_port: 443,
        origin_protocol_policy: "http-only",
      },
    ],
  };
  expect(await refused("aws_cloudfront_vpc_origin", vpcOrigin)).toBe("InvalidArgument");
  await account.make("aws_internet_gateway", { vpc_id: base.vpc.id as string });
  const origin = await account.make("aws_cloudfront_vpc_origin", vpcOrigin);
  const policy = await account.make("aws_cloudfront_cache_policy", { name: "static" });
  const certificate = await account.make("aws_acm_certificate", {
    domain_name: "www.example.com",
    validation_method: "DNS",
  });
  const over = [{ acm_certificate_arn: certificate.arn as string }];
  expect(await refused("aws_cloudfront_distribution", distribution({ viewer_certificate: over }))).toBe(
    "InvalidViewerCertificate",
  );
  expect(await refused("aws_cloudfront_distribution", distribution({ aliases: ["www.example.com"] }))).toBe(
    "InvalidViewerCertificate",
  );
  expect(
    await refused(
      "aws_cloudfront_distribution",
      distribution({ default_cache_behavior: [behaviour({ cache_policy_id: "none" })] }),
    ),
  ).toBe("NoSuchCachePolicy");
  const made = await account.make(
    "aws_cloudfront_distribution",
    distribution({
      origin: [
        { origin_id: "lb", domain_name: "x", vpc_origin_config: [{ vpc_origin_id: origin.id as string }] },
      ],
      default_cache_behavior: [behaviour({ cache_policy_id: policy.id as string })],
    }),
  );
  const arn = "arn:aws:acm:us-east-1:123456789012:certificate/issued";
  await account.world.change((world) =>
    world.put({
      type: "aws_acm_certificate",
      region: "us-east-1",
      id: arn,
      origin: "person",
      attributes: { arn, domain_name: "www.example.com", status: "ISSUED" },
    }),
  );
  const named = distribution({
    aliases: ["www.example.com"],
    viewer_certificate: [{ acm_certificate_arn: arn, ssl_support_method: "sni-only" }],
  });
  const elsewhere = await account.make("aws_route53_record", {
    zone_id: account.world.find({ type: "aws_route53_zone", where: { name: "example.com" } })?.id as string,
    name: "*.example.com",
    type: "CNAME",
    ttl: 60,
    records: ["d0ther.cloudfront.net"],
  });
  expect(await refused("aws_cloudfront_distribution", named)).toBe("CNAMEAlreadyExists");
  await account.remove("aws_route53_record", elsewhere);
  expect(await refused("aws_cloudfront_distribution", named)).toBe("accepted");
  expect(await kept("aws_cloudfront_vpc_origin", origin)).toBe("CannotDeleteEntityWhileInUse");
  expect(await kept("aws_cloudfront_cache_policy", policy)).toBe("CachePolicyInUse");
  await account.remove("aws_cloudfront_distribution", made);
  expect(await kept("aws_cloudfront_vpc_origin", origin)).toBe("accepted");
  expect(await refused("aws_wafv2_web_acl", { name: "w", scope: "CLOUDFRONT" })).toBe(
    "WAFInvalidParameterException",
  );
  expect(await refused("aws_wafv2_web_acl", { name: "w", scope: "CLOUDFRONT", region: "us-east-1" })).toBe(
    "accepted",
  );
});

test("certificates are issued when their records exist; zones and buckets go when empty", async () => {
  const zone = account.world.find({ type: "aws_route53_zone", where: { name: "example.com" } });
  const certificate = await account.make("aws_acm_certificate", {
    domain_name: "example.com",
    validation_method: "DNS",
  });
  const validation = { certificate_arn: certificate.arn as string };
  expect(await refused("aws_acm_certificate_validation", validation)).toBe("PENDING_VALIDATION");
  const [option] = certificate.domain_validation_options as Fields[];
  const record = {
    zone_id: zone?.id as string,
    name: option?.resource_record_name as string,
    type: "CNAME",
    ttl: 60,
    records: ["x"],
  };
  await account.make("aws_route53_record", record);
  expect(await refused("aws_route53_record", record)).toBe("InvalidChangeBatch");
  expect(await refused("aws_acm_certificate_validation", validation)).toBe("accepted");
  expect(await kept("aws_route53_zone", zone?.attributes as Fields)).toBe("HostedZoneNotEmpty");
  const bucket = await account.make("aws_s3_bucket", { bucket: "logs" });
  await account.make("aws_s3_object", { bucket: "logs", key: "a" });
  expect(await kept("aws_s3_bucket", bucket)).toBe("BucketNotEmpty");
  expect(await kept("aws_s3_bucket", { ...bucket, force_destroy: true })).toBe("accepted");
});

test("endpoints: service of the region, gateway or interface, private names", async () => {
  const endpoint = (more: Fields) =>
    refused("aws_vpc_endpoint", {
      vpc_id: base.vpc.id as string,
      service_name: "com.amazonaws.eu-west-1.s3",
      ...more,
    });
  expect(await endpoint({ service_name: "com.amazonaws.us-east-1.s3" })).toBe("InvalidServiceName");
  expect(await endpoint({ service_name: "com.amazonaws.eu-west-1.logs" })).toBe("InvalidParameter");
  const logs = {
    service_name: "com.amazonaws.eu-west-1.logs",
    vpc_endpoint_type: "Interface",
    subnet_ids: base.ids,
  };
  expect(await endpoint({ ...logs, private_dns_enabled: true })).toBe("InvalidParameter");
  expect(await endpoint(logs)).toBe("accepted");
  expect(await endpoint({})).toBe("accepted");
});

test("a queue's dead letters go to a queue that is there, of the same kind, after some tries", async () => {
  const dead = await account.make("aws_sqs_queue", { name: "dead" });
  const fifo = await account.make("aws_sqs_queue", { name: "dead.fifo", fifo_queue: true });
  const queue = (deadLetterTargetArn: unknown, maxReceiveCount: unknown = 5) =>
    refused("aws_sqs_queue", {
      name: "jobs",
      redrive_policy: JSON.stringify({ deadLetterTargetArn, maxReceiveCount }),
    });
  expect(await queue("arn:aws:sqs:eu-west-1:123456789012:nowhere")).toBe("InvalidParameterValue");
  expect(await queue(fifo.arn)).toBe("InvalidParameterValue");
  expect(await queue(dead.arn, 0)).toBe("InvalidParameterValue");
  expect(await queue(dead.arn)).toBe("accepted");
  expect(dead).toMatchObject({
    url: "https://sqs.eu-west-1.amazonaws.com/123456789012/dead",
    arn: "arn:aws:sqs:eu-west-1:123456789012:dead",
    sqs_managed_sse_enabled: true,
  });
});

test("a cache stands in subnets and groups that are there, has an address, and keeps its group", async () => {
  const subnets = await account.make("aws_elasticache_subnet_group", { name: "cache", subnet_ids: base.ids });
  const group = { description: "d", engine: "valkey", engine_version: "8.0", node_type: "cache.t4g.micro" };
  const cache = (more: Fields) =>
    refused("aws_elasticache_replication_group", { ...group, replication_group_id: "other", ...more });
  expect(await cache({ subnet_group_name: "nowhere" })).toBe("CacheSubnetGroupNotFoundFault");
  expect(await cache({ engine_version: "6.2" })).toBe("InvalidParameterCombination");
  expect(await cache({ security_group_ids: ["sg-0"] })).toBe("InvalidGroup.NotFound");
  const made = await account.make("aws_elasticache_replication_group", {
    ...group,
    replication_group_id: "one",
    subnet_group_name: "cache",
    security_group_ids: [base.group.id as string],
    transit_encryption_enabled: true,
  });
  expect(made.primary_endpoint_address).toMatch(/^master\.one\.[0-9a-f]{6}\.euw1\.cache\.amazonaws\.com$/);
  expect(await cache({ replication_group_id: "one" })).toBe("ReplicationGroupAlreadyExists");
  expect(await kept("aws_security_group", base.group)).toBe("DependencyViolation");
  expect(await kept("aws_elasticache_subnet_group", subnets)).toBe("CacheSubnetGroupInUse");
});

test("a zone takes one mount target of a file system, which stays while it has any", async () => {
  const files = await account.make("aws_efs_file_system", {});
  const target = { file_system_id: files.id as string, security_groups: [base.group.id as string] };
  const made = await account.make("aws_efs_mount_target", { ...target, subnet_id: base.ids[0] as string });
  expect(made.mount_target_dns_name).toBe(`eu-west-1a.${files.id}.efs.eu-west-1.amazonaws.com`);
  expect(await refused("aws_efs_mount_target", { ...target, subnet_id: base.ids[0] as string })).toBe(
    "MountTargetConflict",
  );
  expect(await refused("aws_efs_mount_target", { ...target, subnet_id: base.ids[1] as string })).toBe(
    "accepted",
  );
  expect(await refused("aws_efs_access_point", { file_system_id: "fs-0" })).toBe("FileSystemNotFound");
  expect(await kept("aws_efs_file_system", files)).toBe("FileSystemInUse");
});

test("a VPC takes one private zone of a name, which says the VPC's region", async () => {
  const zone = (name: string) => ({ name, vpc: [{ vpc_id: base.vpc.id as string }] });
  const made = await account.make("aws_route53_zone", zone("a.internal"));
  expect(made.vpc).toMatchObject([{ vpc_id: base.vpc.id, vpc_region: "eu-west-1" }]);
  expect(await refused("aws_route53_zone", zone("a.internal"))).toBe("ConflictingDomainExists");
  expect(await refused("aws_route53_zone", zone("b.internal"))).toBe("accepted");
  expect(await refused("aws_route53_zone", { name: "c.internal", vpc: [{ vpc_id: "vpc-0" }] })).toBe(
    "InvalidVpcID.NotFound",
  );
});

test("CloudWatch Logs takes a key whose policy admits it for the group, Parameter Store one that is there", async () => {
  const statement = (more: object) => ({ Effect: "Allow", Resource: "*", ...more });
  const owner = statement({ Principal: { AWS: "arn:aws:iam::123456789012:root" }, Action: "kms:*" });
  const logs = (group: string, service = "logs.eu-west-1.amazonaws.com") =>
    statement({
      Principal: { Service: service },
      Action: ["kms:Encrypt*", "kms:Decrypt*", "kms:GenerateDataKey*"],
      Condition: {
        ArnLike: {
          "kms:EncryptionContext:aws:logs:arn": `arn:aws:logs:eu-west-1:123456789012:log-group:${group}`,
        },
      },
    });
  const policy = (...Statement: object[]) => JSON.stringify({ Version: "2012-10-17", Statement });
  const group = async (name: string, ...statements: object[]) => {
    const key = await account.make("aws_kms_key", { policy: policy(...statements) });
    return refused("aws_cloudwatch_log_group", { name, kms_key_id: key.arn as string });
  };
  expect(await group("/qa/a", owner)).toBe("AccessDeniedException");
  expect(await group("/qa/b", owner, logs("/prod/*"))).toBe("AccessDeniedException");
  expect(await group("/qa/c", owner, logs("/qa/*", "logs.eu-west-2.amazonaws.com"))).toBe(
    "AccessDeniedException",
  );
  expect(await group("/qa/d", owner, logs("/qa/*"))).toBe("accepted");
  const nowhere = "arn:aws:kms:eu-west-1:123456789012:key/00000000-0000-4000-8000-000000000000";
  expect(await refused("aws_cloudwatch_log_group", { name: "/qa/e", kms_key_id: nowhere })).toBe(
    "AccessDeniedException",
  );
  expect(await refused("aws_kms_key", { policy: policy(logs("/qa/*")) })).toBe(
    "MalformedPolicyDocumentException",
  );
  expect(await refused("aws_kms_alias", { name: "alias/qa", target_key_id: nowhere })).toBe(
    "NotFoundException",
  );

  const secret = (name: string, key_id: string) =>
    refused("aws_ssm_parameter", { ...parameter({ name, type: "SecureString" }), key_id });
  const key = await account.make("aws_kms_key", {});
  await account.make("aws_kms_alias", { name: "alias/qa", target_key_id: key.key_id as string });
  expect(await secret("/qa/1", nowhere)).toBe("InvalidKeyId");
  expect(await secret("/qa/2", "alias/prod")).toBe("InvalidKeyId");
  expect(await secret("/qa/3", "alias/qa")).toBe("accepted");
  expect(await secret("/qa/4", key.arn as string)).toBe("accepted");
  expect(await secret("/qa/5", "alias/aws/ssm")).toBe("accepted");
});

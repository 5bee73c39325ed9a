import { expect, test } from "vitest";
import type { Fields } from "../../sandbox/wire/value";
import { Account } from "./helpers";

const IMAGE = "ami-0123456789abcdef0";
const ALL = {
  rule_no: 1,
  action: "allow",
  protocol: "-1",
  from_port: 0,
  to_port: 0,
  cidr_block: "0.0.0.0/0",
};

/** A VPC whose default network ACL is locked, and one private subnet in it with an open ACL of its own. */
async function network(account: Account) {
  const vpc = await account.make("aws_vpc", { cidr_block: "10.0.0.0/16" });
  await account.make("aws_default_network_acl", {
    default_network_acl_id: vpc.default_network_acl_id ?? null,
  });
  const subnet = await account.make("aws_subnet", { vpc_id: vpc.id ?? null, cidr_block: "10.0.0.0/24" });
  const acl = await account.make("aws_network_acl", {
    vpc_id: vpc.id ?? null,
    subnet_ids: [subnet.id ?? null],
    ingress: [ALL],
    egress: [ALL],
  });
  return { vpc, subnet, acl };
}

/** A route to the internet through NAT for a subnet. */
async function nat(account: Account, { vpc, subnet }: Awaited<ReturnType<typeof network>>) {
  await account.make("aws_internet_gateway", { vpc_id: vpc.id ?? null });
  const address = await account.make("aws_eip", { domain: "vpc" });
  const gateway = await account.make("aws_nat_gateway", {
    allocation_id: address.id ?? null,
    subnet_id: subnet.id ?? null,
  });
  const table = await account.make("aws_route_table", { vpc_id: vpc.id ?? null });
  await account.make("aws_route_table_association", {
    subnet_id: subnet.id ?? null,
    route_table_id: table.id ?? null,
  });
  return account.make("aws_route", {
    route_table_id: table.id ?? null,
    destination_cidr_block: "0.0.0.0/0",
    nat_gateway_id: gateway.id ?? null,
  });
}

/** Interface endpoints for the ECS agent, and the one rule that lets anybody speak with them. */
async function endpoints(account: Account, { vpc, subnet }: Awaited<ReturnType<typeof network>>) {
  const group = await account.make("aws_security_group", { name: "endpoints", vpc_id: vpc.id ?? null });
  for (const service of ["ecs", "ecs-agent", "ecs-telemetry"]) {
    await account.make("aws_vpc_endpoint", {
      vpc_id: vpc.id ?? null,
      service_name: `com.amazonaws.${account.region}.${service}`,
      vpc_endpoint_type: "Interface",
      subnet_ids: [subnet.id ?? null],
      security_group_ids: [group.id ?? null],
    });
  }
  return account.make("aws_vpc_security_group_ingress_rule", {
    security_group_id: group.id ?? null,
    ip_protocol: "tcp",
    from_port: 443,
    to_port: 443,
    cidr_ipv4: "10.0.0.0/16",
  });
}

/** A group of instances in a subnet, with a capacity provider of its own. */
async function capacity(account: Account, name: string, subnet: Fields, more: Fields = {}) {
  const template = await account.make("aws_launch_template", { name, image_id: IMAGE });
  const group = await account.make("aws_autoscaling_group", {
    name,
    min_size: 1,
    max_size: 2,
    vpc_zone_identifier: [subnet.id ?? null],
    launch_template: [{ id: template.id ?? null, version: "$Latest" }],
    ...more,
  });
  const provider = await account.make("aws_ecs_capacity_provider", {
    name,
    auto_scaling_group_provider: [{ auto_scaling_group_arn: group.arn ?? null, managed_draining: "ENABLED" }],
  });
  return { group, provider };
}

/** A cluster, and a service on the instances of one capacity provider. */
async function service(account: Account, provider: string) {
  const cluster = await account.make("aws_ecs_cluster", { name: "c" });
  const association = await account.make("aws_ecs_cluster_capacity_providers", {
    cluster_name: "c",
    capacity_providers: [provider],
  });
  const task = await account.make("aws_ecs_task_definition", {
    family: "web",
    requires_compatibilities: ["EC2"],
    container_definitions: '[{"name":"web","image":"app:v1","memory":64,"essential":true}]',
  });
  const made = await account.make("aws_ecs_service", {
    name: "web",
    cluster: cluster.arn ?? null,
    task_definition: task.arn ?? null,
    desired_count: 1,
    capacity_provider_strategy: [{ capacity_provider: provider, weight: 1 }],
  });
  return { association, service: made };
}

test("a group with managed draining, whose capacity provider is gone, does not drain unless it is force-deleted", async () => {
  const account = new Account();
  const { subnet } = await network(account);
  for (const [name, force, answer] of [
    ["held", null, "timeout"],
    ["forced", true, "accepted"],
  ] as const) {
    const { group, provider } = await capacity(account, name, subnet, { force_delete: force });
    await account.remove("aws_ecs_capacity_provider", provider);
    expect(await account.refusal(account.remove("aws_autoscaling_group", group))).toBe(answer);
  }
});

test("a group with managed draining goes while its capacity provider stands, or when it is empty", async () => {
  const account = new Account();
  const { subnet } = await network(account);
  const answered = await capacity(account, "answered", subnet);
  expect(await account.refusal(account.remove("aws_autoscaling_group", answered.group))).toBe("accepted");
  const empty = await capacity(account, "empty", subnet, { min_size: 0 });
  await account.remove("aws_ecs_capacity_provider", empty.provider);
  expect(await account.refusal(account.remove("aws_autoscaling_group", empty.group))).toBe("accepted");
});

test.each([
  ["its network ACL", nat, "aws_network_acl"],
  ["its route", nat, "aws_route"],
  ["the endpoints' rule", endpoints, "aws_vpc_security_group_ingress_rule"],
])("a service hangs in DRAINING when %s went before it", async (_, lead, type) => {
  const account = new Account();
  const made = await network(account);
  const way = await lead(account, made);
  await capacity(account, "spot", made.subnet);
  const { service: web } = await service(account, "spot");
  await account.remove(type, type === "aws_network_acl" ? made.acl : way);
  expect(await account.refusal(account.remove("aws_ecs_service", web))).toBe("timeout");
});

test.each([
  ["has NAT", nat],
  ["has endpoints", endpoints],
  ["never had a way, so that no instance ever joined", async () => {}],
])("a service goes when its subnet %s", async (_, lead) => {
  const account = new Account();
  const made = await network(account);
  await lead(account, made);
  await capacity(account, "spot", made.subnet);
  const { service: web } = await service(account, "spot");
  expect(await account.refusal(account.remove("aws_ecs_service", web))).toBe("accepted");
});

test("a cluster does not give up a capacity provider that a service names, until it names another", async () => {
  const account = new Account();
  const { subnet } = await network(account);
  await capacity(account, "spot", subnet);
  await capacity(account, "pool", subnet);
  const { association, service: web } = await service(account, "spot");
  const change = (providers: string[], prior: Fields) =>
    account.change(
      "aws_ecs_cluster_capacity_providers",
      { cluster_name: "c", capacity_providers: providers },
      prior,
    );
  expect(await account.refusal(change(["pool"], association))).toBe("ResourceInUseException");
  const both = await change(["spot", "pool"], association);
  await account.change(
    "aws_ecs_service",
    { ...web, capacity_provider_strategy: [{ capacity_provider: "pool", weight: 1 }] },
    web,
  );
  expect(await account.refusal(change(["pool"], both))).toBe("accepted");
});

test("SSM takes no new description of a write-only value without the value", async () => {
  const account = new Account();
  const config = (description: string, version: number) => ({
    name: "/a",
    type: "SecureString",
    description,
    value_wo: "placeholder",
    value_wo_version: version,
  });
  const made = await account.make("aws_ssm_parameter", config("one", 1));
  expect(await account.refusal(account.change("aws_ssm_parameter", config("two", 1), made))).toBe(
    "ValidationException",
  );
  const tagged = account.change("aws_ssm_parameter", { ...config("one", 1), tags: { a: "b" } }, made);
  expect(await account.refusal(tagged)).toBe("accepted");
  expect(await account.refusal(account.change("aws_ssm_parameter", config("two", 2), made))).toBe("accepted");
});

/** A Postgres instance in three zones, and what it is made of. */
async function postgres(account: Account, more: Fields = {}) {
  const vpc = await account.make("aws_vpc", { cidr_block: "10.0.0.0/16" });
  const subnets: string[] = [];
  for (const [index, zone] of ["a", "b", "c"].entries()) {
    const cidr_block = `10.0.${index}.0/24`;
    const availability_zone = account.region + zone;
    const subnet = await account.make("aws_subnet", {
      vpc_id: vpc.id ?? null,
      cidr_block,
      availability_zone,
    });
    subnets.push(String(subnet.id));
  }
  const subnetGroup = await account.make("aws_db_subnet_group", { name: "g", subnet_ids: subnets });
  const group = (major: string) =>
    account.make("aws_db_parameter_group", { name: `postgres${major}`, family: `postgres${major}` });
  const config = {
    identifier: "db",
    engine: "postgres",
    engine_version: "17",
    instance_class: "db.t4g.micro",
    allocated_storage: 20,
    username: "app",
    password: "secret-enough",
    skip_final_snapshot: true,
    db_subnet_group_name: "g",
    parameter_group_name: "postgres17",
    ...more,
  };
  const old = await group("17");
  const instance = await account.make("aws_db_instance", config);
  return { subnets, subnetGroup, group, old, config, instance };
}

test.each([
  [false, "InvalidDBParameterGroupState", "17", "db.t4g.micro"],
  [true, "accepted", "18", "db.m7g.large"],
])(
  "a major upgrade with apply_immediately %s: the old group is refused with %s",
  async (now, answer, version, size) => {
    const account = new Account();
    const { old, group, config, instance } = await postgres(account);
    await group("18");
    const changed = await account.change(
      "aws_db_instance",
      {
        ...config,
        engine_version: "18",
        instance_class: "db.m7g.large",
        parameter_group_name: "postgres18",
        apply_immediately: now,
      },
      instance,
    );
    expect(changed).toMatchObject({ engine_version: version, instance_class: size });
    expect(await account.refusal(account.remove("aws_db_parameter_group", old))).toBe(answer);
  },
);

test("a database's subnet group keeps the zones that instance and standby live in", async () => {
  const account = new Account();
  const { subnets, subnetGroup } = await postgres(account, { multi_az: true });
  const keep = (zones: number[]) =>
    account.refusal(
      account.change(
        "aws_db_subnet_group",
        { name: "g", subnet_ids: zones.map((zone) => subnets[zone] ?? "") },
        subnetGroup,
      ),
    );
  expect(await keep([1, 2])).toBe("SubnetAlreadyInUse");
  expect(await keep([0, 2])).toBe("SubnetAlreadyInUse");
  expect(await keep([0, 1])).toBe("accepted");
});

test("what Terraform is told to leave stays, and keeps its name taken", async () => {
  const account = new Account();
  const config = { name: "postgres17", family: "postgres17", skip_destroy: true };
  const group = await account.make("aws_db_parameter_group", config);
  await account.remove("aws_db_parameter_group", group);
  expect(account.world.find({ type: "aws_db_parameter_group" })?.origin).toBe("left");
  expect(await account.refusal(account.make("aws_db_parameter_group", config))).toBe(
    "DBParameterGroupAlreadyExists",
  );
});

import { expect, test } from "vitest";
import { countQuotas, quotas, vcpuQuotas } from "../../aws/quotas";
import { checkQuotas, quotaText } from "../../guardrails/quotas";
import { Stack } from "../../guardrails/stack";

type Json = Record<string, unknown>;

const many = (count: number, body: Json = {}) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`one_${index}`, body]));

const stack = (name: string, resource: Json, region = "us-west-2", granted?: Json) =>
  new Stack(name, {
    provider: { aws: [{ region }] },
    resource,
    ...(granted && { "//": { quotas: granted } }),
  });

const wanted = (...stacks: Stack[]) =>
  checkQuotas(stacks).map(({ quota, region, wanted, granted }) => [quota, region, wanted, granted]);

const ELASTIC_IPS = "EC2-VPC Elastic IPs";

test("what the environments of a region want together is told with who wants it, and the command that asks for more", () => {
  const found = checkQuotas([
    stack("staging", { aws_eip: many(1) }),
    stack("prod", { aws_eip: many(3) }),
    stack("qa", { aws_eip: many(2) }),
  ]);
  expect(found).toMatchObject([
    {
      quota: ELASTIC_IPS,
      region: "us-west-2",
      wanted: 6,
      granted: 5,
      usedBy: [
        { stack: "prod", count: 3 },
        { stack: "qa", count: 2 },
        { stack: "staging", count: 1 },
      ],
    },
  ]);
  const [finding] = found;
  const text = finding && quotaText(finding);
  expect(text).toContain("6 wanted (prod 3, qa 2, staging 1), AWS allows 5.");
  expect(text).toContain(
    "aws service-quotas request-service-quota-increase --region us-west-2 --service-code ec2 --quota-code L-0263D0A3 --desired-value 6.",
  );
  expect(text).toMatch(/"quotas": \{ "L-0263D0A3": 6 \} in context of cdktf\.json\.$/);
});

test("five are enough, each region has its own, and what was granted counts", () => {
  expect(wanted(stack("prod", { aws_eip: many(5) }))).toEqual([]);
  const apart = [stack("a", { aws_eip: many(3) }), stack("b", { aws_eip: many(3) }, "eu-west-1")];
  expect(wanted(...apart)).toEqual([]);
  const granted = { "L-0263D0A3": 7 };
  expect(wanted(stack("prod", { aws_eip: many(7) }, "us-west-2", granted))).toEqual([]);
  expect(wanted(stack("prod", { aws_eip: many(8) }, "us-west-2", granted))).toEqual([
    [ELASTIC_IPS, "us-west-2", 8, 7],
  ]);
});

test("each account has its own, and is named", () => {
  const of = (name: string, account: string, further?: string) =>
    new Stack(name, {
      ...(further && { "//": { further } }),
      provider: { aws: [{ region: "us-west-2", allowed_account_ids: [account] }] },
      resource: { aws_eip: many(3) },
    });
  expect(wanted(of("staging", "123456789012"), of("prod", "210987654321"))).toEqual([]);
  const [finding, ...others] = checkQuotas([
    of("staging", "123456789012"),
    of("prod", "210987654321", "210987654321"),
    of("eu", "210987654321", "210987654321"),
  ]);
  expect(others).toEqual([]);
  expect(finding && quotaText(finding)).toContain(
    `${ELASTIC_IPS} in us-west-2 of account 210987654321: 6 wanted (eu 3, prod 3), AWS allows 5`,
  );
  expect(finding?.mend).toMatch(
    /"quotas": \{ "L-0263D0A3": 6 \} in context\.accounts\["210987654321"\] of cdktf\.json\.$/,
  );
});

test("the first account's stands in the context itself, whatever others there are", () => {
  const [finding] = checkQuotas([
    stack("staging", { aws_eip: many(6) }),
    new Stack("prod", { "//": { further: "210987654321" } }),
  ]);
  expect(finding?.mend).toMatch(/"quotas": \{ "L-0263D0A3": 6 \} in context of cdktf\.json\.$/);
});

test("each region's default VPC has its share: there is room for four more", () => {
  expect(wanted(stack("prod", { aws_vpc: many(4) }))).toEqual([]);
  expect(wanted(stack("prod", { aws_vpc: many(5) }))).toEqual([["VPCs per Region", "us-west-2", 6, 5]]);
});

test("a quota of the whole account sums over its regions", () => {
  const origins = { aws_cloudfront_vpc_origin: many(13) };
  const [finding, ...others] = checkQuotas([stack("a", origins), stack("b", origins, "eu-west-1")]);
  expect(others).toEqual([]);
  expect(finding).toMatchObject({ quota: "VPC origins per AWS account", wanted: 26, granted: 25 });
  expect(finding?.region).toBeUndefined();
  expect(finding?.mend).toContain("AWS Support Center");
});

test("rules count for their group, groups for their interface, endpoints for their VPC", () => {
  const rules = (group: string, count: number) =>
    many(count, { security_group_id: `\${aws_security_group.${group}.id}` });
  const type = "aws_vpc_security_group_ingress_rule";
  const both = { [type]: { ...rules("a", 60), other: rules("b", 1).one_0 } };
  expect(wanted(stack("one", both), stack("two", both))).toEqual([]);
  expect(wanted(stack("one", { [type]: rules("a", 61) }))).toMatchObject([
    ["Inbound or outbound rules per security group", "us-west-2", 61, 60],
  ]);
  const groups = (count: number) => Array.from({ length: count }, (_, index) => `sg-${index}`);
  expect(wanted(stack("one", { aws_instance: { a: { vpc_security_group_ids: groups(6) } } }))).toMatchObject([
    ["Security groups per network interface", "us-west-2", 6, 5],
  ]);
  const service = { network_configuration: { security_groups: groups(6) } };
  expect(wanted(stack("one", { aws_ecs_service: { a: service } }))).toHaveLength(1);
  const endpoints = (vpc_endpoint_type: string) =>
    many(51, { vpc_endpoint_type, vpc_id: "${aws_vpc.network.id}" });
  expect(wanted(stack("one", { aws_vpc_endpoint: endpoints("Interface") }))).toHaveLength(1);
  expect(wanted(stack("one", { aws_vpc_endpoint: endpoints("Gateway") }))).toEqual([]);
});

test("NAT gateways count in the zone of their subnet, over all environments", () => {
  const network = {
    aws_subnet: { a: { availability_zone: "us-west-2a" }, b: { availability_zone: "us-west-2b" } },
    aws_nat_gateway: {
      ...many(3, { subnet_id: "${aws_subnet.a.id}" }),
      other: { subnet_id: "${aws_subnet.b.id}" },
    },
  };
  expect(wanted(stack("one", network))).toEqual([]);
  expect(wanted(stack("one", network), stack("two", network))).toEqual([
    ["NAT gateways per Availability Zone", "us-west-2", 6, 5],
  ]);
});

test("vCPUs are those that must run: instances alone, and the least of each group, by how they are bought", () => {
  const group = (instance_types: string[], min_size: number, on_demand: number) => ({
    min_size,
    mixed_instances_policy: {
      instances_distribution: { on_demand_percentage_above_base_capacity: on_demand },
      launch_template: { override: instance_types.map((instance_type) => ({ instance_type })) },
    },
  });
  const resource = {
    aws_instance: { bastion: { instance_type: "t4g.nano" } },
    aws_autoscaling_group: {
      base: group(["m7a.xlarge", "m7a.large"], 2, 100),
      spot: group(["t3.medium"], 3, 0),
    },
  };
  expect(wanted(stack("prod", resource))).toEqual([
    [vcpuQuotas.onDemand.name, "us-west-2", 6, 5],
    [vcpuQuotas.spot.name, "us-west-2", 6, 5],
  ]);
});

test("vCPUs of a group without overrides are those of its launch template", () => {
  const group = { min_size: 3, launch_template: { id: "${aws_launch_template.nat.id}" } };
  const resource = {
    aws_launch_template: { nat: { instance_type: "t4g.nano" }, other: { instance_type: "m7a.16xlarge" } },
    aws_autoscaling_group: { nat: group },
  };
  expect(wanted(stack("dev", resource))).toEqual([[vcpuQuotas.onDemand.name, "us-west-2", 6, 5]]);
});

test("the table names each quota once, by a code of Service Quotas where there is one, with its source", () => {
  for (const { code, value, source } of quotas) {
    expect(code ?? "L-00000000").toMatch(/^L-[0-9A-F]{8}$/);
    expect(value).toBeGreaterThan(0);
    expect(source.length).toBeGreaterThan(10);
  }
  const types = countQuotas.map(({ type }) => type);
  expect(new Set(types).size).toBe(types.length);
});

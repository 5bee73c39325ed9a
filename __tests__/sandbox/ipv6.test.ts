import { beforeEach, describe, expect, test } from "vitest";
import type { Fields } from "../../sandbox/wire/value";
import { Account } from "./helpers";

let account: Account;
let vpc: string;
const refused = (type: string, config: Fields) => account.refusal(account.make(type, config));
const kept = (type: string, state: Fields) => account.refusal(account.remove(type, state));
const block = () =>
  account.make("aws_vpc_ipv6_cidr_block_association", {
    vpc_id: vpc,
    assign_generated_ipv6_cidr_block: true,
  });
/** Subnets of the VPC, each in its own IPv4 addresses. */
let third = 0;
const subnet = (more: Fields) => ({ vpc_id: vpc, cidr_block: `10.0.${third++}.0/24`, ...more });
/** A /64 of what Amazon gave. */
const part = (of: Fields, number: string) => String(of.ipv6_cidr_block).replace("00::/56", `${number}::/64`);

beforeEach(async () => {
  account = new Account();
  vpc = String((await account.make("aws_vpc", { cidr_block: "10.0.0.0/16" })).id);
});

describe("what the provider says of IPv6 blocks", () => {
  test.each([
    ["aws_subnet", { vpc_id: "vpc-1", ipv6_cidr_block: "10.0.0.0/24" }, "not a valid IPv6 CIDR block"],
    ["aws_subnet", { vpc_id: "vpc-1", ipv6_cidr_block: "2001:db8::/65" }, "/60, /64"],
    ["aws_subnet", { vpc_id: "vpc-1", ipv6_cidr_block: "2001:db8::1/64" }, "did you mean 2001:db8::/64?"],
    ["aws_route", { route_table_id: "rtb-1", destination_ipv6_cidr_block: "::0/0" }, "did you mean ::/0?"],
    ["aws_vpc_security_group_egress_rule", { cidr_ipv6: "0.0.0.0/0" }, "not a valid IPv6 CIDR block"],
    ["aws_network_acl", { vpc_id: "v", egress: [{ ipv6_cidr_block: "::/129" }] }, "not a valid IPv6"],
  ])("%s %j", (type, config, said) => {
    expect(account.mistakes(type, config).join("\n")).toContain(said);
  });

  test("is nothing of whole ones", () => {
    for (const cidr_ipv6 of ["::/0", "2001:db8:1:2::/64", "fd00::/8", "::ffff:0:0/96"])
      expect(
        account.mistakes("aws_vpc_security_group_egress_rule", {
          security_group_id: "sg-1",
          ip_protocol: "-1",
          cidr_ipv6,
        }),
      ).toEqual([]);
  });
});

describe("an IPv6 block of a VPC", () => {
  test("is a /56 of Amazon's, which the VPC shows as its own", async () => {
    const made = await block();
    expect(made.ipv6_cidr_block).toMatch(
      /^2600:1f14:[0-9a-f]{1,4}:[0-9a-f]{1,4}::\/56$|^2600:1f14(:[0-9a-f]+)*::\/56$/,
    );
    expect(made.id).toMatch(/^vpc-cidr-assoc-[0-9a-f]{17}$/);
  });

  test("holds its subnets, inside of it and apart", async () => {
    expect(await refused("aws_subnet", subnet({ ipv6_cidr_block: "2001:db8::/64" }))).toBe(
      "InvalidSubnet.Range",
    );
    const own = await block();
    expect(await refused("aws_subnet", subnet({ ipv6_cidr_block: "2001:db8::/64" }))).toBe(
      "InvalidSubnet.Range",
    );
    const first = await account.make("aws_subnet", subnet({ ipv6_cidr_block: part(own, "01") }));
    expect(first.ipv6_cidr_block_association_id).toMatch(/^subnet-cidr-assoc-/);
    expect(await refused("aws_subnet", subnet({ ipv6_cidr_block: part(own, "01") }))).toBe(
      "InvalidSubnet.Conflict",
    );
    expect(await refused("aws_subnet", subnet({ ipv6_cidr_block: own.ipv6_cidr_block as string }))).toBe(
      "InvalidSubnet.Conflict",
    );
    expect(await refused("aws_subnet", subnet({ ipv6_cidr_block: part(own, "02") }))).toBe("accepted");
    expect(await kept("aws_vpc_ipv6_cidr_block_association", own)).toBe("InvalidCidrBlock.InUse");
  });

  test("goes once no subnet has a part of it", async () => {
    const own = await block();
    const plain = subnet({});
    const made = await account.make("aws_subnet", { ...plain, ipv6_cidr_block: part(own, "01") });
    const left = await account.change("aws_subnet", { ...plain, ipv6_cidr_block: "" }, made);
    expect(left.ipv6_cidr_block_association_id).toBe("");
    expect(await kept("aws_vpc_ipv6_cidr_block_association", own)).toBe("accepted");
  });

  test("that the VPC asked for itself is kept as well, and goes with what asked for it", async () => {
    const config = { cidr_block: "10.1.0.0/16", assign_generated_ipv6_cidr_block: true };
    const dual = await account.make("aws_vpc", config);
    const inside = { vpc_id: dual.id as string, cidr_block: "10.1.0.0/24" };
    const made = await account.make("aws_subnet", { ...inside, ipv6_cidr_block: part(dual, "01") });
    const single = { cidr_block: "10.1.0.0/16", assign_generated_ipv6_cidr_block: false };
    expect(await account.refusal(account.change("aws_vpc", single, dual))).toBe("InvalidCidrBlock.InUse");
    await account.change("aws_subnet", { ...inside, ipv6_cidr_block: "" }, made);
    expect((await account.change("aws_vpc", single, dual)).ipv6_cidr_block).toBe("");
    expect(account.world.list({ type: "aws_vpc_ipv6_cidr_block_association" })).toEqual([]);
  });
});

describe("a subnet that gives IPv6 addresses", () => {
  const instance = (subnet_id: string) =>
    account.make("aws_instance", { ami: "ami-0123456789abcdef0", instance_type: "t3.micro", subnet_id });

  test("has a block to give them of", async () => {
    expect(await refused("aws_subnet", subnet({ assign_ipv6_address_on_creation: true }))).toBe(
      "InvalidParameterValue",
    );
  });

  test("gives one to what starts in it, and keeps its block while anything has one", async () => {
    const own = await block();
    const plain = subnet({});
    const before = await account.make("aws_subnet", plain);
    expect((await instance(String(before.id))).ipv6_addresses).toEqual([]);
    const dual = await account.change(
      "aws_subnet",
      { ...plain, ipv6_cidr_block: part(own, "01"), assign_ipv6_address_on_creation: true },
      before,
    );
    expect(dual.ipv6_cidr_block_association_id).toMatch(/^subnet-cidr-assoc-/);
    const holder = await instance(String(dual.id));
    const prefix = part(own, "01").replace("::/64", ":");
    expect(holder.ipv6_addresses).toEqual([expect.stringMatching(`^${prefix}`)]);
    const off = { ...dual, assign_ipv6_address_on_creation: false };
    const renumbered = { ...plain, ipv6_cidr_block: part(own, "02"), assign_ipv6_address_on_creation: true };
    expect(await account.refusal(account.change("aws_subnet", renumbered, dual))).toBe(
      "InvalidCidrBlock.InUse",
    );
    const leave = () =>
      account.refusal(account.change("aws_subnet", { ...plain, ipv6_cidr_block: part(own, "02") }, off));
    expect(await leave()).toBe("InvalidCidrBlock.InUse");
    await account.remove("aws_instance", holder);
    expect(await leave()).toBe("accepted");
  });
});

describe("an egress-only internet gateway", () => {
  test("is one of a VPC, and is led to by IPv6 routes alone, of its own VPC", async () => {
    expect(await refused("aws_egress_only_internet_gateway", { vpc_id: "vpc-0" })).toBe(
      "InvalidVpcID.NotFound",
    );
    const gateway = await account.make("aws_egress_only_internet_gateway", { vpc_id: vpc });
    expect(gateway.id).toMatch(/^eigw-[0-9a-f]{17}$/);
    expect(await refused("aws_egress_only_internet_gateway", { vpc_id: vpc })).toBe(
      "Resource.AlreadyAssociated",
    );
    const other = String((await account.make("aws_vpc", { cidr_block: "10.2.0.0/16" })).id);
    const route = async (more: Fields, of = vpc) => {
      const table = await account.make("aws_route_table", { vpc_id: of });
      const config = {
        route_table_id: table.id as string,
        egress_only_gateway_id: gateway.id as string,
        ...more,
      };
      return { config, code: await refused("aws_route", config) };
    };
    const everywhere = { destination_ipv6_cidr_block: "::/0" };
    expect((await route({ destination_cidr_block: "0.0.0.0/0" })).code).toBe("InvalidParameterValue");
    expect((await route(everywhere, other)).code).toBe("InvalidParameterValue");
    expect((await route({ ...everywhere, egress_only_gateway_id: "eigw-0" })).code).toBe(
      "InvalidGatewayID.NotFound",
    );
    const { config, code } = await route(everywhere);
    expect(code).toBe("accepted");
    expect(await refused("aws_route", config)).toBe("RouteAlreadyExists");
    expect(await kept("aws_vpc", { id: vpc, region: account.region })).toBe("DependencyViolation");
  });
});

test("an entry of a network ACL is about IPv4 or IPv6, and has a number of its own", async () => {
  const all = { rule_no: 100, action: "allow", protocol: "-1", from_port: 0, to_port: 0 };
  const acl = (...ingress: Fields[]) => refused("aws_network_acl", { vpc_id: vpc, ingress });
  const [v4, v6] = [{ cidr_block: "0.0.0.0/0" }, { ipv6_cidr_block: "::/0" }];
  expect(await acl({ ...all })).toBe("MissingParameter");
  expect(await acl({ ...all, ...v4, ...v6 })).toBe("InvalidParameterCombination");
  expect(await acl({ ...all, ...v4 }, { ...all, ...v6 })).toBe("NetworkAclEntryAlreadyExists");
  expect(await acl({ ...all, ...v4 }, { ...all, rule_no: 101, ...v6 })).toBe("accepted");
});

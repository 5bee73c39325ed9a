import { expect, test } from "vitest";
import { makeByHand } from "../../sandbox/aws/by-hand";
import { Account } from "./helpers";

const make = (account: Account, type: string, config: Parameters<Account["make"]>[1]) =>
  account.refusal(account.make(type, config));

test("the sixth Elastic IP of a region is refused, until more are granted", async () => {
  const account = new Account();
  const address = () => make(account, "aws_eip", { domain: "vpc" });
  for (let count = 0; count < 5; count++) expect(await address()).toBe("accepted");
  expect(await address()).toBe("AddressLimitExceeded");
  await account.world.change(() =>
    makeByHand(account.world, "aws_servicequotas_service_quota", "L-0263D0A3"),
  );
  expect(await address()).toBe("accepted");
});

test("four VPCs fit beside the region's own", async () => {
  const account = new Account();
  for (let count = 0; count < 4; count++)
    expect(await make(account, "aws_vpc", { cidr_block: `10.${count}.0.0/16` })).toBe("accepted");
  expect(await make(account, "aws_vpc", { cidr_block: "10.9.0.0/16" })).toBe("VpcLimitExceeded");
});

test("a group takes sixty rules in a direction, and an interface five groups", async () => {
  const account = new Account();
  const vpc = await account.make("aws_vpc", { cidr_block: "10.0.0.0/16" });
  const group = async (name: string) =>
    (await account.make("aws_security_group", { name, vpc_id: vpc.id as string })).id as string;
  const first = await group("first");
  const rule = (port: number) =>
    make(account, "aws_vpc_security_group_ingress_rule", {
      security_group_id: first,
      cidr_ipv4: "10.0.0.0/8",
      ip_protocol: "tcp",
      from_port: port,
      to_port: port,
    });
  for (let port = 1; port <= 60; port++) expect(await rule(port)).toBe("accepted");
  expect(await rule(61)).toBe("RulesPerSecurityGroupLimitExceeded");
  const subnet = await account.make("aws_subnet", { vpc_id: vpc.id as string, cidr_block: "10.0.0.0/24" });
  const others = await Promise.all(["b", "c", "d", "e", "f"].map(group));
  const instance = (vpc_security_group_ids: string[]) =>
    make(account, "aws_instance", {
      ami: "ami-0123456789abcdef0",
      instance_type: "t3.micro",
      subnet_id: subnet.id as string,
      vpc_security_group_ids,
    });
  expect(await instance([first, ...others])).toBe("SecurityGroupsPerInterfaceLimitExceeded");
  expect(await instance(others)).toBe("accepted");
});

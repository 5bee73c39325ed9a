import { beforeEach, expect, test } from "vitest";
import type { Fields } from "../../sandbox/wire/value";
import { Account } from "./helpers";

let account: Account;
let vpc: Fields;
let subnet: Fields;
const id = (of: Fields) => of.id as string;
const refused = (type: string, config: Fields) => account.refusal(account.make(type, config));
const kept = (type: string, state: Fields) => account.refusal(account.remove(type, state));

beforeEach(async () => {
  account = new Account();
  vpc = await account.make("aws_vpc", { cidr_block: "10.0.0.0/16" });
  subnet = await account.make("aws_subnet", {
    vpc_id: id(vpc),
    cidr_block: "10.0.0.0/24",
    availability_zone: "eu-west-1a",
  });
});

test("a group whose template names an interface is told the interface's zone alone, and has room for one instance", async () => {
  const own = await account.make("aws_network_interface", { subnet_id: id(subnet) });
  const template = await account.make("aws_launch_template", {
    name: "nat",
    image_id: "ami-0123456789abcdef0",
    network_interfaces: [{ device_index: 0, network_interface_id: id(own) }],
  });
  const group = (more: Fields) => ({
    name: "nat",
    min_size: 1,
    max_size: 1,
    launch_template: [{ id: id(template), version: "1" }],
    ...more,
  });
  const type = "aws_autoscaling_group";
  expect(await refused(type, group({ vpc_zone_identifier: [id(subnet)] }))).toBe("ValidationError");
  expect(await refused(type, group({ availability_zones: ["eu-west-1b"] }))).toBe("ValidationError");
  expect(await refused(type, group({ availability_zones: ["eu-west-1a"], max_size: 2 }))).toBe(
    "ValidationError",
  );
  const made = await account.make(type, group({ availability_zones: ["eu-west-1a"] }));
  expect(await kept("aws_network_interface", own)).toBe("InvalidParameterValue");
  await account.remove(type, made);
  expect(await kept("aws_network_interface", own)).toBe("accepted");
});

test("an address is given once, where an internet gateway is, and keeps that gateway", async () => {
  const own = await account.make("aws_network_interface", { subnet_id: id(subnet) });
  const address = await account.make("aws_eip", { domain: "vpc" });
  const association = { allocation_id: id(address), network_interface_id: id(own) };
  expect(await refused("aws_eip_association", association)).toBe("Gateway.NotAttached");
  const gateway = await account.make("aws_internet_gateway", { vpc_id: id(vpc) });
  const made = await account.make("aws_eip_association", association);
  expect(made.public_ip).toBe(address.public_ip);
  expect(await refused("aws_eip_association", association)).toBe("Resource.AlreadyAssociated");
  expect(await kept("aws_internet_gateway", gateway)).toBe("DependencyViolation");
  expect(await kept("aws_eip", address)).toBe("InvalidIPAddress.InUse");
  await account.remove("aws_eip_association", made);
  const nat = await account.make("aws_nat_gateway", { subnet_id: id(subnet), allocation_id: id(address) });
  expect(await refused("aws_eip_association", association)).toBe("Resource.AlreadyAssociated");
  await account.remove("aws_nat_gateway", nat);
  expect(await kept("aws_internet_gateway", gateway)).toBe("accepted");
});

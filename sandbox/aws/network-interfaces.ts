import type { Fields, Value } from "../wire/value";
import type { World, WorldObject } from "../world";
import { templatesOf } from "./launch-templates";
import { AwsError, blocks, type Kind, type Situation, text, texts } from "./kind";
import { addressOf, hasInternetGateway, vpcOfSubnet } from "./network-checks";

const TYPE = "aws_network_interface";

/** A network interface of its own, which instances come and go behind (EC2 API Reference). */
export const networkInterface: Kind = {
  made: {
    id: "eni-{hex17}",
    arn: "arn:aws:ec2:{region}:{account}:network-interface/{id}",
    owner_id: "{account}",
    interface_type: "interface",
    mac_address: ({ hex }) => `02:${(hex(10, "mac").match(/../g) ?? []).join(":")}`,
    private_ip: ({ world, region, attributes, hex }) =>
      texts(attributes, "private_ips")[0] ?? addressOf(world, region, attributes, hex(4)),
    private_ips: ({ attributes }) => [text(attributes, "private_ip")],
    private_ips_count: 0,
    private_ip_list: ({ attributes }) => [text(attributes, "private_ip")],
    private_dns_name: ({ attributes, region }) =>
      `ip-${text(attributes, "private_ip").replaceAll(".", "-")}.${region}.compute.internal`,
    security_groups: ({ world, region, attributes }) => {
      const vpc = world.get("aws_vpc", region, vpcOfSubnet(world, region, text(attributes, "subnet_id")));
      return vpc ? [vpc.attributes.default_security_group_id as Value] : [];
    },
  },
  defaults: {
    source_dest_check: true,
    private_ip_list_enabled: false,
    ipv6_address_list_enabled: false,
  },
  replace: ["subnet_id", "interface_type", "enable_primary_ipv6"],
  refs: { subnet_id: { type: "aws_subnet" }, security_groups: { type: "aws_security_group" } },
  missing: {
    code: "InvalidNetworkInterfaceID.NotFound",
    message: "The networkInterface ID '{value}' does not exist",
  },
  removable: ({ world, object }) => {
    const user = groupsBehind(world, object)[0];
    if (!user) return;
    const said = `Network interface '${object.id}' is currently in use: an instance of ${user.id} has it.`;
    throw new AwsError("InvalidParameterValue", said);
  },
};

/** The interfaces that the instances of a group start with. */
export function interfacesOf(world: World, group: WorldObject | { region: string; attributes: Fields }) {
  return templatesOf(world, group)
    .flatMap(({ attributes }) => blocks(attributes as Fields, "network_interfaces"))
    .map((one) => text(one, "network_interface_id"))
    .filter(Boolean);
}

/** The groups whose instance has an interface. */
export const groupsBehind = (world: World, { id, region }: WorldObject) =>
  world
    .list({ type: "aws_autoscaling_group", region })
    .filter((group) => Number(group.attributes.desired_capacity ?? 0) > 0)
    .filter((group) => interfacesOf(world, group).includes(id));

/**
 * Refuses a group whose template names an interface and that is told subnets, or another zone than the interface's: its
 * instances would not start. Source: "CreateAutoScalingGroup", AvailabilityZones, Auto Scaling API reference.
 */
export function checkInterfaces({ world, region, attributes }: Situation): void {
  for (const id of interfacesOf(world, { region, attributes })) {
    const subnet = text(world.get(TYPE, region, id)?.attributes as Fields, "subnet_id");
    const zone = String(world.get("aws_subnet", region, subnet)?.attributes.availability_zone ?? "");
    if (texts(attributes, "vpc_zone_identifier").length > 0) {
      const said = `Incompatible launch template: it names ${id}, which has a subnet: give availability_zones instead of vpc_zone_identifier`;
      throw new AwsError("ValidationError", said, "vpc_zone_identifier");
    }
    if (!texts(attributes, "availability_zones").every((one) => one === zone)) {
      const said = `You cannot attach ${id} of ${zone} to an instance in another Availability Zone`;
      throw new AwsError("ValidationError", said, "availability_zones");
    }
    if (Number(attributes.max_size ?? 0) > 1) {
      const said = `Interface ${id} in use: one instance can have it, and the group may have ${attributes.max_size}`;
      throw new AwsError("ValidationError", said, "max_size");
    }
  }
}

/** Refuses a public address where no internet gateway is, and one that something else has. */
export function checkEipAssociation({ world, region, attributes, before }: Situation): void {
  if (before) return;
  const allocation_id = text(attributes, "allocation_id");
  const gateway = world.find({ type: "aws_nat_gateway", region, where: { allocation_id } });
  if (gateway) {
    const said = `resource ${allocation_id} is already associated with ${gateway.id}`;
    throw new AwsError("Resource.AlreadyAssociated", said, "allocation_id");
  }
  const one = world.get(TYPE, region, text(attributes, "network_interface_id"));
  if (!one) return;
  const vpc = vpcOfSubnet(world, region, text(one.attributes as Fields, "subnet_id"));
  if (hasInternetGateway(world, region, vpc)) return;
  throw new AwsError("Gateway.NotAttached", `Network ${vpc} is not attached to any internet gateway`);
}

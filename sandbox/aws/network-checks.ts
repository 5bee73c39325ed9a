import { createHash } from "node:crypto";
import type { Fields } from "../wire/value";
import { type Attributes, keyOf, type World, type WorldObject } from "../world";
import { AwsError, type Kind, type Situation, text, texts } from "./kind";
import { addressIn, inside, length, overlap, parseCidr, pattern } from "./rules";

/** The format of flow logs that were given none (VPC User Guide, "Flow log records"). */
export const LOG_FORMAT =
  "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"
    .split(" ")
    .map((field) => `\${${field}}`)
    .join(" ");

/** Digits that follow from the given words alone. */
export function digest(...words: string[]): string {
  return createHash("sha256").update(words.join("|")).digest("hex").slice(0, 17);
}

/** Zone ids differ from account to account: here a is 1, b is 2, … (us-east-1a is use1-az1). */
export function zoneId(zone: string): string {
  const match = /^([a-z]{2})-([a-z]+)-(\d)([a-z])$/.exec(zone);
  if (!match) return "";
  const directions = (match[2] as string).replace(/(north|south|central)(?=east|west)|./g, (part) =>
    part.charAt(0),
  );
  const short = /^(north|south)(east|west)$/.test(match[2] as string)
    ? directions
    : (match[2] as string).charAt(0);
  return `${match[1]}${short}${match[3]}-az${(match[4] as string).charCodeAt(0) - 96}`;
}

/** Zones of a region: three, and six in us-east-1. */
export function zonesOf(region: string): string[] {
  return [...(region === "us-east-1" ? "abcdef" : "abc")].map((letter) => region + letter);
}

export function publicName(address: string, region: string): string {
  const domain = region === "us-east-1" ? "compute-1" : `${region}.compute`;
  return `ec2-${address.replaceAll(".", "-")}.${domain}.amazonaws.com`;
}

/** Each VPC comes with a security group, a network ACL and a route table, which go with it. */
export function makeVpcDefaults({
  world,
  region,
  account,
  attributes: vpc,
  object,
  before,
}: Situation): void {
  if (before || !object) return;
  const vpc_id = object.id;
  const parts = [
    ["aws_security_group", "security-group", text(vpc, "default_security_group_id")],
    ["aws_network_acl", "network-acl", text(vpc, "default_network_acl_id")],
    ["aws_route_table", "route-table", text(vpc, "default_route_table_id")],
  ] as const;
  for (const [type, word, id] of parts) {
    const arn = `arn:aws:ec2:${region}:${account}:${word}/${id}`;
    const attributes: Attributes = { id, arn, vpc_id, region, owner_id: account, tags_all: {} };
    if (type === "aws_security_group")
      Object.assign(attributes, { name: "default", description: "default VPC security group" });
    world.put({ type, region, id, attributes, origin: "aws", owner: keyOf(object) });
  }
}

export function checkSubnet({ world, region, attributes, before }: Situation): void {
  const zone = text(attributes, "availability_zone");
  if (zone && !zonesOf(region).includes(zone)) {
    const choices = zonesOf(region).join(", ");
    throw new AwsError(
      "InvalidParameterValue",
      `Value (${zone}) for parameter availabilityZone is invalid. Subnets can currently only be created in the following availability zones: ${choices}.`,
      "availability_zone",
    );
  }
  if (before) return;
  const block = text(attributes, "cidr_block");
  const vpcId = text(attributes, "vpc_id");
  const range = world.get("aws_vpc", region, vpcId)?.attributes.cidr_block;
  const further = world.list({
    type: "aws_vpc_ipv4_cidr_block_association",
    region,
    where: { vpc_id: vpcId },
  });
  const ranges = [range, ...further.map((object) => object.attributes.cidr_block)];
  if (block && !ranges.some((one) => inside(String(one), block))) {
    throw new AwsError(
      "InvalidSubnet.Range",
      `The CIDR '${block}' is invalid: it is not inside the VPC's ${range}.`,
      "cidr_block",
    );
  }
  const siblings = world.list({ type: "aws_subnet", region, where: { vpc_id: vpcId } });
  const clash = siblings.find((other) => block && overlap(String(other.attributes.cidr_block), block));
  if (clash) {
    const said = `The CIDR '${block}' conflicts with another subnet (${clash.id}, ${clash.attributes.cidr_block})`;
    throw new AwsError("InvalidSubnet.Conflict", said, "cidr_block");
  }
}

/** Where a route leads to: the first destination that is given. */
export function destinationOf(attributes: Fields): string[] {
  const names = ["destination_cidr_block", "destination_ipv6_cidr_block", "destination_prefix_list_id"];
  return names.map((name) => text(attributes, name)).filter(Boolean);
}

export function checkRoute({ world, region, attributes }: Situation): void {
  const gateway = world.get("aws_internet_gateway", region, text(attributes, "gateway_id"));
  const table = world.get("aws_route_table", region, text(attributes, "route_table_id"));
  if (gateway && table && gateway.attributes.vpc_id !== table.attributes.vpc_id) {
    const said = `route table ${table.id} and network gateway ${gateway.id} belong to different networks`;
    throw new AwsError("InvalidParameterValue", said, "gateway_id");
  }
}

export function vpcOfSubnet(world: World, region: string, subnetId: string): string {
  return String(world.get("aws_subnet", region, subnetId)?.attributes.vpc_id ?? "");
}

export function hasInternetGateway(world: World, region: string, vpcId: string): boolean {
  const attached = world.find({ type: "aws_internet_gateway_attachment", region, where: { vpc_id: vpcId } });
  return Boolean(attached ?? world.find({ type: "aws_internet_gateway", region, where: { vpc_id: vpcId } }));
}

/** Instances, gateways and load balancers with a public address keep an internet gateway attached. */
export function checkGatewayFree(world: World, gateway: WorldObject): void {
  const vpcId = String(gateway.attributes.vpc_id ?? "");
  const { region } = gateway;
  const subnets = world
    .list({ type: "aws_subnet", region, where: { vpc_id: vpcId } })
    .map((subnet) => subnet.id);
  const nats = world.list({ type: "aws_nat_gateway", region, where: { connectivity_type: "public" } });
  const balancers = world.list({ type: "aws_lb", region, where: { vpc_id: vpcId, internal: false } });
  const instances = world.list({
    type: "aws_instance",
    region,
    where: { associate_public_ip_address: true },
  });
  const associated = world
    .list({ type: "aws_eip_association", region })
    .map(({ attributes }) =>
      world.get("aws_network_interface", region, String(attributes.network_interface_id)),
    )
    .filter((one) => one !== undefined);
  const user =
    [...nats, ...instances, ...associated].find((object) =>
      subnets.includes(String(object.attributes.subnet_id)),
    ) ?? balancers[0];
  if (!user) return;
  const said = `Network ${vpcId} has some mapped public address(es). Please unmap those public address(es) before detaching the gateway.`;
  throw new AwsError("DependencyViolation", `${said} (${user.type} ${user.id})`);
}

export function checkNatGateway({ world, region, attributes, before }: Situation): void {
  if (
    before ||
    text(attributes, "connectivity_type") !== "public" ||
    text(attributes, "availability_mode") === "regional"
  )
    return;
  if (!text(attributes, "allocation_id")) {
    const said = "When ConnectivityType is set to public, AllocationId must be specified";
    throw new AwsError("MissingParameter", said, "allocation_id");
  }
  const vpcId = vpcOfSubnet(world, region, text(attributes, "subnet_id"));
  if (!hasInternetGateway(world, region, vpcId)) {
    const said = `Network ${vpcId} has no Internet gateway attached: does the gateway depend on it?`;
    throw new AwsError("Gateway.NotAttached", said, "subnet_id");
  }
}

/** A private address of the subnet that the attributes name. */
export function addressOf(world: World, region: string, attributes: Fields, hex: string): string {
  const block = String(
    world.get("aws_subnet", region, text(attributes, "subnet_id"))?.attributes.cidr_block ?? "10.0.0.0/24",
  );
  const size = parseCidr(block)?.size ?? 256;
  // The first four addresses and the last one of each subnet belong to AWS.
  return addressIn(block, 4 + (Number.parseInt(hex, 16) % Math.max(1, size - 5)));
}

export function checkPeering({ world, region, attributes, before }: Situation): void {
  if (before) return;
  const own = world.get("aws_vpc", region, text(attributes, "vpc_id"))?.attributes.cidr_block;
  const peer = world.find({ type: "aws_vpc", id: text(attributes, "peer_vpc_id") });
  const elsewhere = text(attributes, "peer_owner_id") !== world.account;
  if (!peer && !elsewhere) {
    const said = `The vpc ID '${text(attributes, "peer_vpc_id")}' does not exist`;
    throw new AwsError("InvalidVpcID.NotFound", said, "peer_vpc_id");
  }
  if (peer && overlap(String(own), String(peer.attributes.cidr_block))) {
    const said = `The VPCs' ranges overlap: ${own} and ${peer.attributes.cidr_block}. The peering connection failed.`;
    throw new AwsError("OperationNotPermitted", said, "peer_vpc_id");
  }
}

/** The part of a VPC that a "default" resource takes over. */
export function adopted({ world, region, attributes }: Situation, type: string, by: string): WorldObject {
  const found = world.get(type, region, text(attributes, by));
  if (!found) throw new AwsError("NotFound", `${type} ${text(attributes, by)} does not exist`, by);
  return found;
}

export function ownerVpc(world: World, partId: string): string {
  return String(
    world.list().find((object) => object.id === partId && object.attributes.vpc_id)?.attributes.vpc_id ?? "",
  );
}

export function defaultAclSubnets(object: WorldObject, world: World): string[] {
  const own = world
    .list({ type: "aws_network_acl", region: object.region })
    .filter((acl) => acl.id !== object.id)
    .flatMap((acl) => texts(acl.attributes as Fields, "subnet_ids"));
  const where = { vpc_id: object.attributes.vpc_id ?? null };
  const subnets = world.list({ type: "aws_subnet", region: object.region, where });
  return subnets.map((subnet) => subnet.id).filter((id) => !own.includes(id));
}

/** Removes what vanishes with an object without being asked about, such as the rules of a security group. */
export function removeNaming(world: World, type: string, attribute: string, object: WorldObject): void {
  for (const other of world.list({ type, region: object.region, where: { [attribute]: object.id } }))
    world.remove(other);
}

interface GroupCodes {
  duplicate: string;
  missing: string;
  inUse: string;
  zones?: string;
}

/** Subnet groups of databases and caches follow one pattern. */
export function subnetGroup(arn: string, codes: GroupCodes): Kind {
  const vpc_id = ({ world, region, attributes }: Situation) =>
    vpcOfSubnet(world, region, texts(attributes, "subnet_ids")[0] ?? "");
  return {
    made: { id: "{name}", arn, vpc_id },
    defaults: { description: "Managed by Terraform" },
    replace: ["name"],
    rules: {
      name: [
        length(1, 255),
        pattern(
          /^[0-9a-z_.\- ]+$/,
          "only lowercase alphanumeric characters, hyphens, underscores, periods, and spaces allowed",
        ),
      ],
    },
    refs: { subnet_ids: { type: "aws_subnet" } },
    unique: { by: ["name"], code: codes.duplicate },
    missing: { code: codes.missing, message: "Subnet group '{value}' not found." },
    inUse: {
      code: codes.inUse,
      message: "Cannot delete the subnet group '{value}' because something is still using it",
    },
    check: (situation) => {
      const { world, region, attributes } = situation;
      if (codes.zones) checkInhabited(situation);
      const subnets = texts(attributes, "subnet_ids").map((id) => world.get("aws_subnet", region, id));
      const zones = new Set(subnets.map((subnet) => subnet?.attributes.availability_zone));
      const vpcs = new Set(subnets.map((subnet) => subnet?.attributes.vpc_id));
      if (codes.zones && zones.size < 2) {
        const said =
          "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. Add subnets to cover at least 2 AZs.";
        throw new AwsError(codes.zones, said, "subnet_ids");
      }
      if (vpcs.size > 1)
        throw new AwsError("InvalidSubnet", "The subnets are not all of one VPC", "subnet_ids");
    },
  };
}

/** Refuses to take the subnets from a group that its instances, or their standbys, live in. */
function checkInhabited({ world, region, attributes, before }: Situation): void {
  if (!before) return;
  const zoneOf = (id: string) => world.get("aws_subnet", region, id)?.attributes.availability_zone;
  const kept = texts(attributes, "subnet_ids").map(zoneOf);
  const where = { db_subnet_group_name: text(before, "name") };
  for (const { attributes: instance } of world.list({ type: "aws_db_instance", region, where })) {
    const zones = [...new Set(texts(before, "subnet_ids").map(zoneOf))].filter(Boolean).sort();
    const standby = zones.find((zone) => zone !== instance.availability_zone);
    const inhabited = [instance.availability_zone, ...(instance.multi_az === true ? [standby] : [])];
    const lost = inhabited.find((zone) => !kept.includes(zone));
    if (!lost) continue;
    const said = `Some of the subnets to be deleted are currently in use: ${instance.identifier} has an instance in ${lost}`;
    throw new AwsError("SubnetAlreadyInUse", said, "subnet_ids");
  }
}

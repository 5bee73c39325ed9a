import { addressWithin, canonical, inside, prefixOf } from "../ipv6";
import type { Fields, Value } from "../wire/value";
import { keyOf, type World, type WorldObject } from "../world";
import { strategyOf } from "./ecs-checks";
import { AwsError, blocks, type Kind, type Rule, type Situation, text, texts } from "./kind";
import { instanceSubnets } from "./reach";

const ASSOCIATION = "aws_vpc_ipv6_cidr_block_association";

/** A canonical IPv6 block, such as 2001:db8::/56, of one of the given prefixes. */
export function cidr6(...prefixes: readonly number[]): Rule {
  return (value) => {
    const written = canonical(String(value));
    if (written === undefined) return `${JSON.stringify(value)} is not a valid IPv6 CIDR block`;
    if (written !== value)
      return `${JSON.stringify(value)} is not a valid IPv6 CIDR block; did you mean ${written}?`;
    if (prefixes.length > 0 && !prefixes.includes(prefixOf(written)))
      return `expected a netmask of /${prefixes.join(", /")}, got ${value}`;
    return undefined;
  };
}

/** A /56 of those that Amazon gives to VPCs. */
const generatedBlock = ({ hex }: Situation): string => {
  const digits = hex(6, "ipv6");
  return canonical(`2600:1f14:${digits.slice(0, 4)}:${digits.slice(4)}00::/56`) ?? "";
};

const blocksOf = (world: World, region: string, vpc_id: string): string[] =>
  world
    .list({ type: ASSOCIATION, region, where: { vpc_id } })
    .map(({ attributes }) => String(attributes.ipv6_cidr_block));

/** A block that a VPC has beside its resource; the resource shows the first as its own. */
export const association: Kind = {
  made: {
    id: "vpc-cidr-assoc-{hex17}",
    ipv6_cidr_block: generatedBlock,
    ip_source: "amazon",
    ipv6_address_attribute: "public",
    ipv6_pool: "Amazon",
  },
  defaults: { assign_generated_ipv6_cidr_block: false },
  replace: [
    "assign_generated_ipv6_cidr_block",
    "ipv6_cidr_block",
    "ipv6_ipam_pool_id",
    "ipv6_netmask_length",
    "ipv6_pool",
    "vpc_id",
  ],
  rules: { ipv6_cidr_block: cidr6(44, 48, 52, 56, 60) },
  refs: { vpc_id: { type: "aws_vpc", holds: false } },
  removable: ({ world, object }) => {
    const { vpc_id, ipv6_cidr_block } = object.attributes;
    checkBlockFree(world, object.region, String(vpc_id), String(ipv6_cidr_block));
  },
};

/** Refuses to take a block from a VPC whose subnets have parts of it. */
function checkBlockFree(world: World, region: string, vpc_id: string, block: string): void {
  const subnets = world.list({ type: "aws_subnet", region, where: { vpc_id } });
  if (!subnets.some(({ attributes }) => inside(block, String(attributes.ipv6_cidr_block)))) return;
  throw new AwsError(
    "InvalidCidrBlock.InUse",
    `The vpc ${vpc_id} currently has a subnet within CIDR block ${block}`,
  );
}

/** The block that a VPC asks for by itself: its values, and what becomes of it. */
export const ownBlock = {
  made: {
    ipv6_association_id: (situation: Situation) => (asks(situation) ? associationId(situation) : ""),
    ipv6_cidr_block: (situation: Situation) => (asks(situation) ? generatedBlock(situation) : ""),
    ipv6_cidr_block_network_border_group: (situation: Situation) => (asks(situation) ? situation.region : ""),
  },
  check: ({ world, region, attributes, before }: Situation) => {
    if (before && asks({ attributes: before }) && !asks({ attributes }))
      checkBlockFree(world, region, text(before, "id"), text(before, "ipv6_cidr_block"));
  },
  after: ({ world, region, attributes, object, before }: Situation) => {
    const vpc_id = text(attributes, "id");
    const found = world.find({ type: ASSOCIATION, region, where: { vpc_id } });
    if (found && before && asks({ attributes: before }) && !asks({ attributes })) world.remove(found);
    if (found || !object || !asks({ attributes })) return;
    const id = text(attributes, "ipv6_association_id");
    const ipv6_cidr_block = text(attributes, "ipv6_cidr_block");
    world.put({
      type: ASSOCIATION,
      region,
      id,
      attributes: { id, vpc_id, ipv6_cidr_block, region },
      origin: "aws",
      owner: keyOf(object),
    });
  },
  /** The provider reads the first block of a VPC as its own, whoever asked for it. */
  refresh: (vpc: WorldObject, world: World): Fields => {
    const found = world.find({ type: ASSOCIATION, region: vpc.region, where: { vpc_id: vpc.id } });
    const own = vpc.attributes.assign_generated_ipv6_cidr_block ?? null;
    return {
      assign_generated_ipv6_cidr_block: found ? true : own === true ? null : (own as Value),
      ipv6_association_id: found?.id ?? "",
      ipv6_cidr_block: String(found?.attributes.ipv6_cidr_block ?? ""),
      ipv6_cidr_block_network_border_group: found ? vpc.region : "",
    };
  },
};

const asks = ({ attributes }: Pick<Situation, "attributes">) =>
  attributes.assign_generated_ipv6_cidr_block === true;
const associationId = ({ hex }: Situation) => `vpc-cidr-assoc-${hex(17, "assoc")}`;

/** What AWS says of a subnet's IPv6 block. */
export function checkSubnetBlock(situation: Situation): void {
  const { world, region, attributes, before } = situation;
  const block = text(attributes, "ipv6_cidr_block");
  const had = text(before, "ipv6_cidr_block");
  const id = text(before, "id");
  const assigns = attributes.assign_ipv6_address_on_creation === true;
  if (had && had !== block) {
    const association = `The subnet IPv6 CIDR block with association ID ${text(before, "ipv6_cidr_block_association_id")} may not be disassociated`;
    if (assigns) {
      const said = `${association}, because its subnet has assign-ipv6-address-on-creation set to true.`;
      throw new AwsError("InvalidCidrBlock.InUse", said, "ipv6_cidr_block");
    }
    const holder = addressHolder(world, region, id, before?.assign_ipv6_address_on_creation === true);
    if (holder) {
      const said = `${association}: ${holder} still has an IPv6 address of it. Unassign it, or replace what has it, first.`;
      throw new AwsError("InvalidCidrBlock.InUse", said, "ipv6_cidr_block");
    }
  }
  if (assigns && !block) {
    const said = `Invalid value 'true' for assign-ipv6-address-on-creation. Cannot set assign-ipv6-address-on-creation to true unless the subnet (${id}) has an IPv6 CIDR block associated with it.`;
    throw new AwsError("InvalidParameterValue", said, "assign_ipv6_address_on_creation");
  }
  if (block && block !== had) checkPlace(situation, block);
}

function checkPlace({ world, region, attributes, before }: Situation, block: string): void {
  const vpc_id = text(attributes, "vpc_id");
  const ranges = blocksOf(world, region, vpc_id);
  if (!ranges.some((range) => inside(range, block))) {
    const said = `The CIDR '${block}' is invalid: the VPC has ${ranges.join(", ") || "no IPv6 CIDR block"}.`;
    throw new AwsError("InvalidSubnet.Range", said, "ipv6_cidr_block");
  }
  const clash = world
    .list({ type: "aws_subnet", region, where: { vpc_id } })
    .filter(({ id }) => id !== text(before, "id"))
    .find(({ attributes: { ipv6_cidr_block: other } }) =>
      [inside(String(other), block), inside(block, String(other))].includes(true),
    );
  if (!clash) return;
  const said = `The CIDR '${block}' conflicts with another subnet (${clash.id}, ${clash.attributes.ipv6_cidr_block})`;
  throw new AwsError("InvalidSubnet.Conflict", said, "ipv6_cidr_block");
}

/**
 * Something in a subnet that has an address of its IPv6 block: an instance that was given one, or the instances and tasks of a
 * service, as long as the subnet gives one to all that start there.
 */
function addressHolder(world: World, region: string, subnet: string, assigns: boolean): string | undefined {
  const instance = world
    .list({ type: "aws_instance", region, where: { subnet_id: subnet } })
    .find(({ attributes }) => texts(attributes as Fields, "ipv6_addresses").length > 0);
  if (instance || !assigns) return instance?.id;
  const service = world
    .list({ type: "aws_ecs_service", region })
    .filter(({ attributes }) => Number(attributes.desired_count ?? 0) > 0)
    .find((one) => livesIn(world, one, subnet));
  return service && `what ${service.attributes.name} runs on`;
}

function livesIn(world: World, service: WorldObject, subnet: string): boolean {
  const own = blocks(service.attributes as Fields, "network_configuration");
  const fargate = strategyOf(service).some((name) => name.startsWith("FARGATE"));
  const subnets = own.flatMap((one) => texts(one, "subnets"));
  return (fargate ? subnets : [...subnets, ...instanceSubnets(world, service)]).includes(subnet);
}

/** The addresses of an instance: one where its subnet gives one to all that start in it. */
export function instanceAddresses({ world, region, attributes, hex }: Situation): string[] {
  const subnet = world.get("aws_subnet", region, text(attributes, "subnet_id"))?.attributes;
  const wanted = Number(attributes.ipv6_address_count ?? 0) > 0;
  if (!wanted && subnet?.assign_ipv6_address_on_creation !== true) return [];
  const address = addressWithin(String(subnet?.ipv6_cidr_block ?? ""), hex(12, "ipv6"));
  return address === undefined ? [] : [address];
}

/** A gateway that lets connections out, and none in. Source: "Egress-only internet gateways", VPC user guide. */
export const egressOnlyGateway: Kind = {
  made: { id: "eigw-{hex17}" },
  replace: ["vpc_id"],
  refs: { vpc_id: { type: "aws_vpc" } },
  unique: {
    by: ["vpc_id"],
    code: "Resource.AlreadyAssociated",
    message: "the network already has an egress-only internet gateway attached",
  },
  missing: { code: "InvalidGatewayID.NotFound", message: "The gateway ID '{value}' does not exist" },
};

/** What AWS says of a route for IPv6, or through a gateway that is for IPv6 alone. */
export function checkRoute6({ world, region, attributes, before }: Situation): void {
  const destination = text(attributes, "destination_ipv6_cidr_block");
  const gateway = text(attributes, "egress_only_gateway_id");
  const route_table_id = text(attributes, "route_table_id");
  if (gateway && !destination) {
    const said = `${gateway} is an egress-only internet gateway, which takes IPv6 destinations only`;
    throw new AwsError("InvalidParameterValue", said, "egress_only_gateway_id");
  }
  const vpc = world.get("aws_egress_only_internet_gateway", region, gateway)?.attributes.vpc_id;
  const table = world.get("aws_route_table", region, route_table_id);
  if (vpc && table && vpc !== table.attributes.vpc_id) {
    const said = `route table ${route_table_id} and network gateway ${gateway} belong to different networks`;
    throw new AwsError("InvalidParameterValue", said, "egress_only_gateway_id");
  }
  if (before || !destination) return;
  const where = { route_table_id, destination_ipv6_cidr_block: destination };
  if (world.find({ type: "aws_route", region, where }))
    throw new AwsError("RouteAlreadyExists", `The route identified by ${destination} already exists.`);
}

/** An entry of a network ACL is about IPv4 or about IPv6, and its number is its own on each side. */
export function checkEntries({ attributes }: Situation): void {
  for (const side of ["ingress", "egress"]) {
    const entries = Array.isArray(attributes[side]) ? blocks(attributes, side) : [];
    for (const [at, { rule_no: number, cidr_block: v4, ipv6_cidr_block: v6 }] of entries.entries()) {
      if (Boolean(v4) === Boolean(v6)) {
        const said = "The request must contain exactly one of CidrBlock and Ipv6CidrBlock";
        throw new AwsError(v4 ? "InvalidParameterCombination" : "MissingParameter", said, side);
      }
      if (entries.findIndex((other) => other.rule_no === number) === at) continue;
      const said = `The network acl entry identified by ${number} already exists.`;
      throw new AwsError("NetworkAclEntryAlreadyExists", said, side);
    }
  }
}

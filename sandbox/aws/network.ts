import {
  association,
  checkEntries,
  checkRoute6,
  checkSubnetBlock,
  cidr6,
  egressOnlyGateway,
  ownBlock,
} from "./ipv6";
import { type Kind, type Kinds, type Reference, text, AwsError, type Situation } from "./kind";
import {
  addressOf,
  adopted,
  checkGatewayFree,
  checkNatGateway,
  checkPeering,
  checkRoute,
  checkSubnet,
  defaultAclSubnets,
  destinationOf,
  digest,
  LOG_FORMAT,
  makeVpcDefaults,
  ownerVpc,
  publicName,
  removeNaming,
  subnetGroup,
  zoneId,
} from "./network-checks";
import { checkEipAssociation, networkInterface } from "./network-interfaces";
import { cidr, oneOf } from "./rules";

export const toVpc: Reference = { type: "aws_vpc" };
export const toSubnet: Reference = { type: "aws_subnet" };
export const toSecurityGroup: Reference = { type: "aws_security_group" };
const toRouteTable: Reference = { type: "aws_route_table" };
const fleeting = (reference: Reference): Reference => ({ ...reference, holds: false });

const ROUTE_TARGETS = [
  "carrier_gateway_id",
  "core_network_arn",
  "egress_only_gateway_id",
  "gateway_id",
  "local_gateway_id",
  "nat_gateway_id",
  "network_interface_id",
  "transit_gateway_id",
  "vpc_endpoint_id",
  "vpc_peering_connection_id",
];
const ROUTE_DESTINATIONS = [
  "destination_cidr_block",
  "destination_ipv6_cidr_block",
  "destination_prefix_list_id",
];

/** VPCs, subnets, routing and gateways (EC2 API Reference; error codes: "Error codes for the Amazon EC2 API"). */
export const network: Kinds = {
  aws_vpc: {
    made: {
      id: "vpc-{hex17}",
      arn: "arn:aws:ec2:{region}:{account}:vpc/{id}",
      owner_id: "{account}",
      default_network_acl_id: ({ hex }) => `acl-${hex(17, "acl")}`,
      default_route_table_id: ({ hex }) => `rtb-${hex(17, "rtb")}`,
      main_route_table_id: "{default_route_table_id}",
      default_security_group_id: ({ hex }) => `sg-${hex(17, "sg")}`,
      dhcp_options_id: ({ account, region }) => `dopt-${digest(account, region)}`,
      ...ownBlock.made,
    },
    renew: Object.fromEntries(
      Object.keys(ownBlock.made).map((name) => [name, ["assign_generated_ipv6_cidr_block"]]),
    ),
    defaults: {
      instance_tenancy: "default",
      enable_dns_support: true,
      enable_dns_hostnames: false,
      enable_network_address_usage_metrics: false,
    },
    replace: ["cidr_block", "ipv4_ipam_pool_id", "instance_tenancy"],
    rules: { cidr_block: cidr(16, 28), instance_tenancy: oneOf("default", "dedicated") },
    missing: { code: "InvalidVpcID.NotFound", message: "The vpc ID '{value}' does not exist" },
    inUse: {
      code: "DependencyViolation",
      message: "The vpc '{value}' has dependencies and cannot be deleted.",
    },
    check: ownBlock.check,
    after: (situation) => {
      makeVpcDefaults(situation);
      ownBlock.after(situation);
    },
    refresh: ownBlock.refresh,
  },
  aws_vpc_ipv6_cidr_block_association: association,
  aws_egress_only_internet_gateway: egressOnlyGateway,
  aws_network_acl: {
    made: {
      id: "acl-{hex17}",
      arn: "arn:aws:ec2:{region}:{account}:network-acl/{id}",
      owner_id: "{account}",
    },
    replace: ["vpc_id"],
    rules: {
      "ingress.cidr_block": cidr(),
      "ingress.ipv6_cidr_block": cidr6(),
      "egress.cidr_block": cidr(),
      "egress.ipv6_cidr_block": cidr6(),
    },
    refs: { vpc_id: toVpc, subnet_ids: fleeting(toSubnet) },
    missing: {
      code: "InvalidNetworkAclID.NotFound",
      message: "The networkAcl ID '{value}' does not exist",
    },
    check: checkEntries,
  },
  aws_subnet: {
    made: {
      id: "subnet-{hex17}",
      arn: "arn:aws:ec2:{region}:{account}:subnet/{id}",
      owner_id: "{account}",
      availability_zone: "{region}a",
      availability_zone_id: ({ attributes }) => zoneId(text(attributes, "availability_zone")),
      ipv6_cidr_block_association_id: ({ attributes, hex }) =>
        text(attributes, "ipv6_cidr_block") ? `subnet-cidr-assoc-${hex(17, "assoc")}` : "",
    },
    renew: { ipv6_cidr_block_association_id: ["ipv6_cidr_block"] },
    defaults: {
      assign_ipv6_address_on_creation: false,
      enable_dns64: false,
      enable_resource_name_dns_a_record_on_launch: false,
      enable_resource_name_dns_aaaa_record_on_launch: false,
      ipv6_native: false,
      map_public_ip_on_launch: false,
      private_dns_hostname_type_on_launch: "ip-name",
    },
    replace: [
      "cidr_block",
      "availability_zone",
      "availability_zone_id",
      "vpc_id",
      "outpost_arn",
      "ipv6_native",
    ],
    rules: { cidr_block: cidr(16, 28), ipv6_cidr_block: cidr6(44, 48, 52, 56, 60, 64) },
    exclusive: [["availability_zone", "availability_zone_id"]],
    refs: { vpc_id: toVpc },
    missing: { code: "InvalidSubnetID.NotFound", message: "The subnet ID '{value}' does not exist" },
    inUse: {
      code: "DependencyViolation",
      message: "The subnet '{value}' has dependencies and cannot be deleted.",
    },
    check: (situation) => {
      checkSubnet(situation);
      checkSubnetBlock(situation);
    },
  },
  aws_route_table: {
    made: {
      id: "rtb-{hex17}",
      arn: "arn:aws:ec2:{region}:{account}:route-table/{id}",
      owner_id: "{account}",
    },
    replace: ["vpc_id"],
    refs: {
      vpc_id: toVpc,
      "route.nat_gateway_id": fleeting({ type: "aws_nat_gateway" }),
      "route.gateway_id": fleeting({ type: ["aws_internet_gateway", "aws_vpc_endpoint"] }),
    },
    missing: { code: "InvalidRouteTableID.NotFound", message: "The routeTable ID '{value}' does not exist" },
    inUse: {
      code: "DependencyViolation",
      message: "The routeTable '{value}' has dependencies and cannot be deleted.",
    },
    removed: ({ world, object }) => removeNaming(world, "aws_route", "route_table_id", object),
  },
  aws_route_table_association: {
    made: { id: "rtbassoc-{hex17}" },
    replace: ["subnet_id", "gateway_id"],
    exactlyOne: [["subnet_id", "gateway_id"]],
    refs: { subnet_id: fleeting(toSubnet), route_table_id: toRouteTable },
    unique: {
      by: ["subnet_id"],
      code: "Resource.AlreadyAssociated",
      message: "the specified association for this subnet conflicts with an existing association",
    },
    importAs: ["{subnet_id}/{route_table_id}"],
  },
  aws_route: {
    made: {
      id: ({ attributes }) =>
        `r-${text(attributes, "route_table_id")}${digest(...destinationOf(attributes)).slice(0, 10)}`,
      state: "active",
      origin: "CreateRoute",
    },
    replace: ["route_table_id", ...ROUTE_DESTINATIONS],
    rules: { destination_cidr_block: cidr(), destination_ipv6_cidr_block: cidr6() },
    exactlyOne: [ROUTE_DESTINATIONS, ROUTE_TARGETS],
    refs: {
      route_table_id: fleeting(toRouteTable),
      egress_only_gateway_id: fleeting({ type: "aws_egress_only_internet_gateway" }),
      nat_gateway_id: fleeting({ type: "aws_nat_gateway" }),
      network_interface_id: fleeting({ type: "aws_network_interface" }),
      gateway_id: fleeting({ type: ["aws_internet_gateway", "aws_vpc_endpoint", "aws_vpn_gateway"] }),
      vpc_peering_connection_id: fleeting({ type: "aws_vpc_peering_connection" }),
    },
    unique: { by: ["route_table_id", "destination_cidr_block"], code: "RouteAlreadyExists" },
    check: (situation) => {
      checkRoute(situation);
      checkRoute6(situation);
    },
    importAs: ["{route_table_id}_{destination_cidr_block}", "{route_table_id}_{destination_ipv6_cidr_block}"],
  },
  aws_internet_gateway: {
    made: {
      id: "igw-{hex17}",
      arn: "arn:aws:ec2:{region}:{account}:internet-gateway/{id}",
      owner_id: "{account}",
    },
    refs: { vpc_id: toVpc },
    unique: {
      by: ["vpc_id"],
      code: "Resource.AlreadyAssociated",
      message: "the network already has an internet gateway attached",
    },
    missing: {
      code: "InvalidInternetGatewayID.NotFound",
      message: "The internetGateway ID '{value}' does not exist",
    },
    removable: ({ world, object }) => checkGatewayFree(world, object),
  },
  aws_nat_gateway: {
    made: {
      id: "nat-{hex17}",
      network_interface_id: ({ hex }) => `eni-${hex(17, "eni")}`,
      association_id: ({ hex }) => `eipassoc-${hex(17, "assoc")}`,
      private_ip: ({ world, region, attributes, hex }) => addressOf(world, region, attributes, hex(4)),
      public_ip: ({ world, region, attributes }) =>
        (world.get("aws_eip", region, text(attributes, "allocation_id"))?.attributes.public_ip as string) ??
        "",
    },
    defaults: { connectivity_type: "public", availability_mode: "zonal" },
    replace: ["allocation_id", "connectivity_type", "subnet_id", "private_ip", "availability_mode"],
    rules: { connectivity_type: oneOf("public", "private") },
    refs: { subnet_id: toSubnet, allocation_id: { type: "aws_eip" } },
    unique: { by: ["allocation_id"], code: "Resource.AlreadyAssociated" },
    missing: { code: "NatGatewayNotFound", message: "The Nat Gateway {value} was not found" },
    check: checkNatGateway,
  },
  aws_eip: {
    made: {
      id: "eipalloc-{hex17}",
      allocation_id: "{id}",
      arn: "arn:aws:ec2:{region}:{account}:elastic-ip/{id}",
      public_ip: ({ hex }) =>
        `52.${["a", "b", "c"].map((salt) => Number.parseInt(hex(2, salt), 16)).join(".")}`,
      public_dns: ({ attributes, region }) => publicName(text(attributes, "public_ip"), region),
      public_ipv4_pool: "amazon",
      network_border_group: "{region}",
      domain: "vpc",
    },
    replace: ["domain", "public_ipv4_pool", "network_border_group"],
    rules: { domain: oneOf("vpc", "standard") },
    refs: { instance: fleeting({ type: "aws_instance" }) },
    missing: { code: "InvalidAllocationID.NotFound", message: "The allocation ID '{value}' does not exist" },
    inUse: { code: "InvalidIPAddress.InUse", message: "Address {value} is in use." },
  },
  aws_eip_association: {
    made: {
      id: "eipassoc-{hex17}",
      public_ip: ({ world, region, attributes }) =>
        (world.get("aws_eip", region, text(attributes, "allocation_id"))?.attributes.public_ip as string) ??
        "",
      private_ip_address: ({ world, region, attributes }) =>
        (world.get("aws_network_interface", region, text(attributes, "network_interface_id"))?.attributes
          .private_ip as string) ?? "",
    },
    replace: [
      "allocation_id",
      "allow_reassociation",
      "instance_id",
      "network_interface_id",
      "private_ip_address",
      "public_ip",
    ],
    refs: {
      allocation_id: { type: "aws_eip" },
      network_interface_id: fleeting({ type: "aws_network_interface" }),
      instance_id: fleeting({ type: "aws_instance" }),
    },
    check: (situation) => {
      const [other] = associationsOf(situation);
      if (other && situation.attributes.allow_reassociation !== true)
        throw new AwsError(
          "Resource.AlreadyAssociated",
          `resource ${text(situation.attributes, "allocation_id")} is already associated with associate-id ${other.id}`,
          "allocation_id",
        );
      checkEipAssociation(situation);
    },
    // Whoever takes an address over ends the association that it had. Source: AssociateAddress, EC2 API reference.
    after: (situation) => {
      for (const other of associationsOf(situation)) situation.world.remove(other);
    },
  },
  aws_network_interface: networkInterface,
  aws_default_network_acl: {
    made: {
      arn: "arn:aws:ec2:{region}:{account}:network-acl/{id}",
      owner_id: "{account}",
      vpc_id: ({ world, attributes }) => ownerVpc(world, text(attributes, "default_network_acl_id")),
    },
    replace: ["default_network_acl_id"],
    adopt: (situation) => adopted(situation, "aws_network_acl", "default_network_acl_id"),
    // Every subnet without a network ACL of its own belongs to the default one, whatever the configuration says: without
    // ignore_changes on subnet_ids the real provider wants to change this at every plan.
    refresh: (object, world) => ({ subnet_ids: defaultAclSubnets(object, world) }),
  },
  aws_default_route_table: {
    made: {
      arn: "arn:aws:ec2:{region}:{account}:route-table/{id}",
      owner_id: "{account}",
      vpc_id: ({ world, attributes }) => ownerVpc(world, text(attributes, "default_route_table_id")),
    },
    replace: ["default_route_table_id"],
    adopt: (situation) => adopted(situation, "aws_route_table", "default_route_table_id"),
  },
  aws_vpc_peering_connection: {
    made: {
      id: "pcx-{hex17}",
      peer_owner_id: "{account}",
      peer_region: "{region}",
      accept_status: ({ attributes }) => (attributes.auto_accept === true ? "active" : "pending-acceptance"),
    },
    replace: ["peer_owner_id", "peer_vpc_id", "vpc_id", "peer_region"],
    refs: { vpc_id: toVpc },
    check: checkPeering,
  },
  aws_flow_log: {
    made: {
      id: "fl-{hex17}",
      arn: "arn:aws:ec2:{region}:{account}:vpc-flow-log/{id}",
      log_format: () => LOG_FORMAT,
    },
    defaults: { log_destination_type: "cloud-watch-logs", max_aggregation_interval: 600 },
    replace: [
      "vpc_id",
      "subnet_id",
      "eni_id",
      "traffic_type",
      "log_destination",
      "log_destination_type",
      "iam_role_arn",
    ],
    rules: {
      traffic_type: oneOf("ACCEPT", "REJECT", "ALL"),
      max_aggregation_interval: oneOf(60, 600),
      log_destination_type: oneOf("cloud-watch-logs", "s3", "kinesis-data-firehose"),
    },
    refs: {
      vpc_id: fleeting(toVpc),
      subnet_id: fleeting(toSubnet),
      iam_role_arn: { type: "aws_iam_role", by: "arn" },
    },
  },
  aws_db_subnet_group: databaseSubnetGroup(
    subnetGroup("arn:aws:rds:{region}:{account}:subgrp:{name}", {
      duplicate: "DBSubnetGroupAlreadyExists",
      missing: "DBSubnetGroupNotFoundFault",
      inUse: "InvalidDBSubnetGroupStateFault",
      zones: "DBSubnetGroupDoesNotCoverEnoughAZs",
    }),
  ),
  aws_elasticache_subnet_group: subnetGroup("arn:aws:elasticache:{region}:{account}:subnetgroup:{name}", {
    duplicate: "CacheSubnetGroupAlreadyExists",
    missing: "CacheSubnetGroupNotFoundFault",
    inUse: "CacheSubnetGroupInUse",
  }),
};

/** Databases' groups may also be named by prefix, and say their network types. */
function databaseSubnetGroup(group: Kind): Kind {
  return {
    ...group,
    nameLength: 255,
    made: { ...group.made, supported_network_types: ["IPV4"] },
    replace: ["name", "name_prefix"],
    exclusive: [["name", "name_prefix"]],
  };
}

/** Associations of the same address that there are beside the one that is being made. */
const associationsOf = ({ world, region, attributes, object, before }: Situation) =>
  world
    .list({
      type: "aws_eip_association",
      region,
      where: { allocation_id: text(attributes, "allocation_id") },
    })
    .filter(({ id }) => id !== (object?.id ?? text(before, "id")));

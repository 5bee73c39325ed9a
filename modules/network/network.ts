import { DataAwsRouteTables } from "@cdktf/provider-aws/lib/data-aws-route-tables";
import type { DataAwsSubnet } from "@cdktf/provider-aws/lib/data-aws-subnet";
import { DataAwsVpc } from "@cdktf/provider-aws/lib/data-aws-vpc";
import type { DbSubnetGroup } from "@cdktf/provider-aws/lib/db-subnet-group";
import { DefaultNetworkAcl } from "@cdktf/provider-aws/lib/default-network-acl";
import { DefaultRouteTable } from "@cdktf/provider-aws/lib/default-route-table";
import { DefaultSecurityGroup } from "@cdktf/provider-aws/lib/default-security-group";
import { EgressOnlyInternetGateway } from "@cdktf/provider-aws/lib/egress-only-internet-gateway";
import { Eip } from "@cdktf/provider-aws/lib/eip";
import type { ElasticacheSubnetGroup } from "@cdktf/provider-aws/lib/elasticache-subnet-group";
import { InternetGateway } from "@cdktf/provider-aws/lib/internet-gateway";
import { NatGateway } from "@cdktf/provider-aws/lib/nat-gateway";
import { NetworkAcl } from "@cdktf/provider-aws/lib/network-acl";
import { Route } from "@cdktf/provider-aws/lib/route";
import { RouteTable } from "@cdktf/provider-aws/lib/route-table";
import { RouteTableAssociation } from "@cdktf/provider-aws/lib/route-table-association";
import { SecurityGroup } from "@cdktf/provider-aws/lib/security-group";
import { Subnet } from "@cdktf/provider-aws/lib/subnet";
import { Vpc } from "@cdktf/provider-aws/lib/vpc";
import { VpcEndpoint } from "@cdktf/provider-aws/lib/vpc-endpoint";
import { VpcIpv6CidrBlockAssociation } from "@cdktf/provider-aws/lib/vpc-ipv6-cidr-block-association";
import { VpcPeeringConnection } from "@cdktf/provider-aws/lib/vpc-peering-connection";
import type { VpcSecurityGroupIngressRule } from "@cdktf/provider-aws/lib/vpc-security-group-ingress-rule";
import { Fn, type ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { zonesOf } from "../../aws/zones";
import type { OwnNetworkConfiguration } from "./props";
import { nameOf } from "../names";
import { allowIngress, type Destination, groupLifecycle } from "../security-group";
import { addressOf, ITSELF } from "../stack";
import { NatInstance } from "./nat-instance";
import { createSubnetGroups, ids } from "./subnet-groups";
import { type Kind, kinds, places, subnetCidr } from "./subnets";

export const ANYWHERE = "0.0.0.0/0";
const ANYWHERE_IPV6 = "::/0";

/** Where containers send to by IPv6, in whosever VPC. */
export const outByIpv6: Destination = {
  id: "out_ipv6",
  cidrIpv6: ANYWHERE_IPV6,
  description: "Anywhere by IPv6",
};

/** What the other parts of an environment know of its network, whether it was made for them or was there before. */
export interface Network {
  readonly vpc: { readonly id: string };
  /** CloudFront's VPC origins ask for one, even if nothing were routed through it. */
  readonly internetGateway: ITerraformDependable | undefined;
  readonly subnets: Readonly<Record<Kind, readonly (Subnet | DataAwsSubnet)[]>>;
  readonly databaseSubnetGroup: DbSubnetGroup;
  readonly cacheSubnetGroup: ElasticacheSubnetGroup;
  /** Whether what starts in the private subnets has an IPv6 address, too. */
  readonly ipv6: boolean;
  /** Where containers may send to. */
  readonly destinations: readonly Destination[];
  /**
   * What leads from the private subnets to AWS: network ACLs (without one a subnet falls to the default one, which
   * denies everything), routes, endpoints and the rule that admits to them. Instances and tasks depend on all of it:
   * were it destroyed before them, ECS would never hear that they stopped, and their service would hang in DRAINING.
   */
  readonly wayOut: readonly ITerraformDependable[];
}

/** Whether something leads from the private subnets to the internet: an own network without NAT and IPv6 has nothing. */
export const leadsOut = ({ destinations }: Pick<Network, "destinations">): boolean =>
  destinations.some(({ cidr, cidrIpv6 }) => cidr === ANYWHERE || cidrIpv6 === ANYWHERE_IPV6);

export interface OwnNetworkProps {
  readonly name: string;
  readonly region: string;
  readonly network: OwnNetworkConfiguration;
  /** The tags of everything in the stack. */
  readonly tags: Readonly<Record<string, string>>;
}

/** A VPC with five kinds of subnets in two or three zones, and the only ways in and out of it. */
export class OwnNetwork extends Construct implements Network {
  readonly vpc: Vpc;
  readonly internetGateway: InternetGateway;
  /** By kind, in the order of the zones. */
  readonly subnets: Readonly<Record<Kind, readonly Subnet[]>>;
  /** The VPC's IPv6 addresses, and the only way that leads anywhere from them. */
  readonly ipv6Block: VpcIpv6CidrBlockAssociation | undefined;
  readonly ipv6Gateway: EgressOnlyInternetGateway | undefined;
  readonly databaseSubnetGroup: DbSubnetGroup;
  readonly cacheSubnetGroup: ElasticacheSubnetGroup;
  readonly defaultSecurityGroup: DefaultSecurityGroup;
  readonly defaultRouteTable: DefaultRouteTable;
  readonly defaultNetworkAcl: DefaultNetworkAcl;
  /** One for the public subnets; one per zone for the private ones, whatever the NAT; one that leads nowhere. */
  readonly routeTables: {
    readonly public: RouteTable;
    readonly private: readonly RouteTable[];
    readonly isolated: RouteTable;
  };
  readonly networkAcls: { readonly open: NetworkAcl; readonly isolated: NetworkAcl };
  readonly natGateways: readonly NatGateway[];
  readonly natAddresses: readonly Eip[];
  readonly natInstance: NatInstance | undefined;
  readonly s3Endpoint: VpcEndpoint;
  readonly endpoints: readonly VpcEndpoint[];
  readonly peerings: readonly VpcPeeringConnection[];
  readonly destinations: readonly Destination[];
  readonly wayOut: readonly ITerraformDependable[];

  private readonly environment: string;
  private readonly region: string;
  private readonly props: OwnNetworkConfiguration;

  constructor(scope: Construct, id: string, { name, region, network, tags }: OwnNetworkProps) {
    super(scope, id);
    this.environment = name;
    this.region = region;
    this.props = network;
    this.vpc = this.createVpc();
    this.internetGateway = this.createInternetGateway();
    this.ipv6Block = network.ipv6 ? this.createIpv6Block() : undefined;
    this.ipv6Gateway = network.ipv6 ? this.createIpv6Gateway() : undefined;
    this.subnets = this.createSubnets();
    [this.databaseSubnetGroup, this.cacheSubnetGroup] = createSubnetGroups(this, name, this.subnets);
    [this.defaultSecurityGroup, this.defaultRouteTable, this.defaultNetworkAcl] = this.lockDefaults();
    this.networkAcls = this.createNetworkAcls();
    this.routeTables = this.createRouteTables();
    const associations = this.associateRouteTables();
    this.natAddresses = this.createNatAddresses();
    this.natGateways = this.createNatGateways();
    const acls = Object.values(this.networkAcls);
    const internet = this.routeToTheInternet();
    this.natInstance =
      network.nat === "instance"
        ? this.createNatInstance(tags, [...acls, ...associations, internet])
        : undefined;
    const routes = [internet, ...this.routeThroughNat(), ...this.routeIpv6()];
    this.s3Endpoint = this.createS3Endpoint();
    this.destinations = this.findDestinations();
    const [endpoints, rules] = this.createInterfaceEndpoints();
    this.endpoints = endpoints;
    this.peerings = this.createPeerings();
    const nat = this.natInstance ? [this.natInstance.group] : [];
    this.wayOut = [...acls, ...associations, ...nat, ...routes, this.s3Endpoint, ...rules, ...endpoints];
  }

  get ipv6(): boolean {
    return this.props.ipv6;
  }

  private createVpc() {
    return new Vpc(this, ITSELF, {
      cidrBlock: this.props.cidr,
      enableDnsHostnames: true,
      enableDnsSupport: true,
      tags: { Name: this.environment },
      // The provider reads the block that is a resource of its own as if the VPC had asked for it.
      lifecycle: { ignoreChanges: ["assign_generated_ipv6_cidr_block"] },
    });
  }

  private createInternetGateway() {
    return new InternetGateway(this, "internet", { vpcId: this.vpc.id, tags: { Name: this.environment } });
  }

  /** A resource of its own, which goes once the subnets have left it; the VPC, changed before them, would fail to. */
  private createIpv6Block() {
    return new VpcIpv6CidrBlockAssociation(this, "ipv6", {
      vpcId: this.vpc.id,
      assignGeneratedIpv6CidrBlock: true,
      lifecycle: { createBeforeDestroy: true },
    });
  }

  private createIpv6Gateway() {
    return new EgressOnlyInternetGateway(this, "ipv6_gateway", {
      vpcId: this.vpc.id,
      tags: { Name: this.environment },
    });
  }

  private createSubnets() {
    const place = places(this.props.zones, zonesOf(this.region));
    const create = (kind: Kind) =>
      this.props.zones.map(
        (zone, index) =>
          new Subnet(this, `${kind}_${letter(zone)}`, {
            vpcId: this.vpc.id,
            availabilityZone: zone,
            cidrBlock: subnetCidr(this.props.cidr, kind, at(place, index)),
            mapPublicIpOnLaunch: false,
            ...(kind === "private" && this.ipv6Addresses(at(place, index))),
            tags: { Name: `${this.environment}-${kind}-${letter(zone)}`, kind },
          }),
      );
    return Object.fromEntries(kinds.map((kind) => [kind, create(kind)])) as Record<Kind, Subnet[]>;
  }

  /** The /64 of the zone at a place, out of the VPC's /56: what starts there gets an address of it. */
  private ipv6Addresses(place: number) {
    if (!this.ipv6Block) return undefined;
    return {
      ipv6CidrBlock: Fn.cidrsubnet(this.ipv6Block.ipv6CidrBlock, 8, place),
      assignIpv6AddressOnCreation: true,
    };
  }

  /** What lands in the VPC without being told where it belongs can reach nothing. */
  private lockDefaults(): [DefaultSecurityGroup, DefaultRouteTable, DefaultNetworkAcl] {
    const tags = { Name: `${this.environment}-default-locked` };
    return [
      new DefaultSecurityGroup(this, "default", { vpcId: this.vpc.id, ingress: [], egress: [], tags }),
      new DefaultRouteTable(this, "default_routes", {
        defaultRouteTableId: this.vpc.defaultRouteTableId,
        route: [],
        tags,
      }),
      new DefaultNetworkAcl(this, "default_acl", {
        defaultNetworkAclId: this.vpc.defaultNetworkAclId,
        ingress: [],
        egress: [],
        tags,
        // AWS moves subnets in and out of the default by itself.
        lifecycle: { ignoreChanges: ["subnet_ids"] },
      }),
    ];
  }

  /** Security groups decide who talks to whom; the isolated subnets talk to nobody outside the VPC, whatever those say. */
  private createNetworkAcls() {
    const allowed = { action: "allow", protocol: "-1", fromPort: 0, toPort: 0 };
    const from = (cidrBlock: string) => ({ ...allowed, ruleNo: 100, cidrBlock });
    const fromIpv6 = { ...allowed, ruleNo: 101, ipv6CidrBlock: ANYWHERE_IPV6 };
    const acl = (id: string, of: readonly Kind[], rules: readonly object[]) =>
      new NetworkAcl(this, id, {
        vpcId: this.vpc.id,
        subnetIds: of.flatMap((kind) => ids(this.subnets[kind])),
        ingress: [...rules],
        egress: [...rules],
        tags: { Name: `${this.environment}-${id}` },
      });
    return {
      open: acl("open", ["public", "private"], [from(ANYWHERE), ...(this.props.ipv6 ? [fromIpv6] : [])]),
      isolated: acl("isolated", ["intra", "database", "cache"], [from(this.props.cidr)]),
    };
  }

  private createRouteTables() {
    const create = (kind: string, suffix = "") =>
      new RouteTable(this, `${kind}${suffix}_routes`, {
        vpcId: this.vpc.id,
        tags: { Name: `${this.environment}-${kind}${suffix.replace("_", "-")}`, kind },
      });
    return {
      public: create("public"),
      private: this.props.zones.map((zone) => create("private", `_${letter(zone)}`)),
      isolated: create("isolated"),
    };
  }

  private associateRouteTables() {
    return this.props.zones.flatMap((zone, index) => {
      const tables: Record<Kind, RouteTable> = {
        public: this.routeTables.public,
        private: at(this.routeTables.private, index),
        intra: this.routeTables.isolated,
        database: this.routeTables.isolated,
        cache: this.routeTables.isolated,
      };
      return kinds.map(
        (kind) =>
          new RouteTableAssociation(this, `${kind}_${letter(zone)}_association`, {
            subnetId: at(this.subnets[kind], index).id,
            routeTableId: tables[kind].id,
          }),
      );
    });
  }

  private natZones() {
    if (!this.props.nat || this.props.nat === "instance") return [];
    return this.props.nat === "single" ? this.props.zones.slice(0, 1) : this.props.zones;
  }

  private createNatAddresses() {
    return this.natZones().map(
      (zone) =>
        new Eip(this, `nat_${letter(zone)}`, {
          domain: "vpc",
          tags: { Name: `${this.environment}-nat-${letter(zone)}` },
          dependsOn: [this.internetGateway],
        }),
    );
  }

  private createNatGateways() {
    return this.natZones().map(
      (zone, index) =>
        new NatGateway(this, `nat_${letter(zone)}_gateway`, {
          allocationId: at(this.natAddresses, index).allocationId,
          subnetId: at(this.subnets.public, index).id,
          tags: { Name: `${this.environment}-${letter(zone)}` },
          dependsOn: [this.internetGateway],
          // Routes leave a gateway before it goes.
          lifecycle: { createBeforeDestroy: true },
        }),
    );
  }

  private createNatInstance(tags: OwnNetworkProps["tags"], wayOut: ITerraformDependable[]) {
    return new NatInstance(this, "nat", {
      name: this.environment,
      vpcId: this.vpc.id,
      cidr: this.props.cidr,
      zone: at(this.props.zones, 0),
      subnetId: at(this.subnets.public, 0).id,
      internetGateway: this.internetGateway,
      wayOut,
      tags,
    });
  }

  private routeToTheInternet() {
    return new Route(this, "public_internet", {
      routeTableId: this.routeTables.public.id,
      destinationCidrBlock: ANYWHERE,
      gatewayId: this.internetGateway.id,
    });
  }

  private routeThroughNat() {
    if (!this.props.nat) return [];
    return this.props.zones.map(
      (zone, index) =>
        new Route(this, `private_${letter(zone)}_internet`, {
          routeTableId: at(this.routeTables.private, index).id,
          destinationCidrBlock: ANYWHERE,
          ...this.natOf(index),
        }),
    );
  }

  /** Where the private subnet of a zone sends what leaves the VPC. */
  private natOf(zone: number) {
    const instance = this.natInstance;
    if (!instance) return { natGatewayId: (this.natGateways[zone] ?? at(this.natGateways, 0)).id };
    // Routes move to it once it runs.
    return { networkInterfaceId: instance.networkInterface.id, dependsOn: [instance.group] };
  }

  private routeIpv6() {
    const gateway = this.ipv6Gateway;
    if (!gateway) return [];
    return this.props.zones.map(
      (zone, index) =>
        new Route(this, `private_${letter(zone)}_ipv6`, {
          routeTableId: at(this.routeTables.private, index).id,
          destinationIpv6CidrBlock: ANYWHERE_IPV6,
          egressOnlyGatewayId: gateway.id,
        }),
    );
  }

  /** Image layers come from S3: through the gateway they cost nothing and need no NAT. */
  private createS3Endpoint() {
    return new VpcEndpoint(this, "s3", {
      vpcId: this.vpc.id,
      serviceName: `com.amazonaws.${this.region}.s3`,
      vpcEndpointType: "Gateway",
      routeTableIds: ids(this.routeTables.private),
      tags: { Name: `${this.environment}-s3` },
    });
  }

  /** Anywhere through NAT, else the VPC and S3; anywhere by IPv6, if there is any. */
  private findDestinations(): Destination[] {
    const { nat, cidr, ipv6 } = this.props;
    const more = ipv6 ? [outByIpv6] : [];
    if (nat) return [{ id: "out", cidr: ANYWHERE, description: "Anywhere, through NAT" }, ...more];
    const prefixList = this.s3Endpoint.prefixListId;
    return [
      ...more,
      { id: "to_vpc", cidr, description: "Within the VPC: no NAT leads out of it" },
      { id: "to_s3", port: 443, prefixList, description: "Image layers, through the S3 endpoint" },
    ];
  }

  /** The endpoints, and the rules that let instances and tasks speak with them. */
  private createInterfaceEndpoints(): [VpcEndpoint[], VpcSecurityGroupIngressRule[]] {
    if (this.props.endpoints.length === 0) return [[], []];
    const group = new SecurityGroup(this, "endpoints", {
      name: nameOf("aws_security_group", this.environment, "endpoints"),
      description: "Interface endpoints of AWS services",
      vpcId: this.vpc.id,
      tags: { Name: `${this.environment}-endpoints` },
      lifecycle: groupLifecycle,
    });
    const rule = allowIngress(this, "endpoints_from_vpc", {
      to: group,
      port: 443,
      cidr: this.props.cidr,
      description: "HTTPS from within the VPC",
    });
    const endpoints = this.props.endpoints.map(
      (service) =>
        new VpcEndpoint(this, service.replaceAll(".", "-"), {
          vpcId: this.vpc.id,
          serviceName: `com.amazonaws.${this.region}.${service}`,
          vpcEndpointType: "Interface",
          privateDnsEnabled: true,
          subnetIds: ids(this.subnets.private),
          securityGroupIds: [group.id],
          tags: { Name: `${this.environment}-${service}` },
        }),
    );
    return [endpoints, [rule]];
  }

  /** The peer is found by its tags, as its stack has a state of its own. */
  private createPeerings() {
    return this.props.peering.map(({ environment, cidr }) => {
      const peer = new DataAwsVpc(this, `peer_${environment}`, {
        tags: { Name: environment, environment, "managed-by": "slipway" },
      });
      const theirs = new DataAwsRouteTables(this, `peer_${environment}_routes`, {
        vpcId: peer.id,
        tags: { kind: "private" },
      });
      const connection = new VpcPeeringConnection(this, `peer_${environment}_connection`, {
        vpcId: this.vpc.id,
        peerVpcId: peer.id,
        autoAccept: true,
        accepter: { allowRemoteVpcDnsResolution: true },
        requester: { allowRemoteVpcDnsResolution: true },
        tags: { Name: `${this.environment}-${environment}` },
      });
      for (const [index, zone] of this.props.zones.entries()) {
        new Route(this, `peer_${environment}_${letter(zone)}`, {
          routeTableId: at(this.routeTables.private, index).id,
          destinationCidrBlock: cidr,
          vpcPeeringConnectionId: connection.id,
        });
      }
      const back = new Route(this, `peer_${environment}_back`, {
        routeTableId: "${each.value}",
        destinationCidrBlock: this.props.cidr,
        vpcPeeringConnectionId: connection.id,
      });
      back.addOverride("for_each", `\${toset(${addressOf(theirs)}.ids)}`);
      return connection;
    });
  }
}

/** `us-west-2a` is zone a. */
const letter = (zone: string) => zone.slice(-1);

function at<T>(list: readonly T[], index: number): T {
  const item = list[index];
  if (item === undefined) throw new Error(`Nothing stands at ${index} of ${list.length}.`);
  return item;
}

import { DataAwsInternetGateway } from "@cdktf/provider-aws/lib/data-aws-internet-gateway";
import { DataAwsSubnet } from "@cdktf/provider-aws/lib/data-aws-subnet";
import { DataAwsVpc } from "@cdktf/provider-aws/lib/data-aws-vpc";
import type { DbSubnetGroup } from "@cdktf/provider-aws/lib/db-subnet-group";
import type { ElasticacheSubnetGroup } from "@cdktf/provider-aws/lib/elasticache-subnet-group";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import type { ExistingNetworkConfiguration } from "./props";
import type { Destination } from "../security-group";
import { addressOf, ITSELF } from "../stack";
import { ANYWHERE, type Network, outByIpv6 } from "./network";
import { createSubnetGroups } from "./subnet-groups";
import { type Kind, kinds } from "./subnets";

/** What must hold of something that is only read, and what is said where it does not. */
interface Postcondition {
  readonly condition: string;
  readonly errorMessage: string;
}

export interface ExistingNetworkProps {
  readonly name: string;
  readonly network: ExistingNetworkConfiguration;
  /** Whether people reach the environment from the internet, through CloudFront. */
  readonly reachable: boolean;
}

/**
 * A VPC that somebody else made, with its subnets. Nothing of it is changed, no route, network ACL or default group: its ways
 * out are its owner's. A plan reads it, and fails where an environment could not live in it.
 */
export class ExistingNetwork extends Construct implements Network {
  readonly vpc: DataAwsVpc;
  readonly internetGateway: DataAwsInternetGateway | undefined;
  /** By kind, as they were named. */
  readonly subnets: Readonly<Record<Kind, readonly DataAwsSubnet[]>>;
  readonly databaseSubnetGroup: DbSubnetGroup;
  readonly cacheSubnetGroup: ElasticacheSubnetGroup;
  readonly ipv6: boolean;
  readonly destinations: readonly Destination[];
  readonly wayOut: readonly ITerraformDependable[] = [];

  private readonly props: ExistingNetworkConfiguration;

  constructor(scope: Construct, id: string, { name, network, reachable }: ExistingNetworkProps) {
    super(scope, id);
    this.props = network;
    this.ipv6 = network.ipv6;
    this.destinations = [
      { id: "out", cidr: ANYWHERE, description: "Anywhere that the VPC leads" },
      ...(network.ipv6 ? [outByIpv6] : []),
    ];
    this.vpc = this.readVpc();
    this.internetGateway = reachable ? this.readInternetGateway() : undefined;
    this.subnets = this.readSubnets();
    [this.databaseSubnetGroup, this.cacheSubnetGroup] = createSubnetGroups(this, name, this.subnets);
  }

  private readVpc() {
    return new DataAwsVpc(this, ITSELF, {
      id: this.props.vpc,
      lifecycle: {
        postcondition: [
          {
            condition: "${self.enable_dns_support && self.enable_dns_hostnames}",
            errorMessage: `${this.props.vpc} does not resolve names for what lives in it: enableDnsSupport and enableDnsHostnames must be on. Ask its owner: aws ec2 modify-vpc-attribute --vpc-id ${this.props.vpc} --enable-dns-hostnames`,
          },
        ],
      },
    });
  }

  private readInternetGateway() {
    return new DataAwsInternetGateway(this, "internet", {
      filter: [{ name: "attachment.vpc-id", values: [this.vpc.id] }],
    });
  }

  /** Each once, whatever it is for. */
  private readSubnets() {
    const { subnets } = this.props;
    const read = new Map<string, DataAwsSubnet>();
    for (const id of [...new Set(kinds.flatMap((kind) => subnets[kind]))].sort()) {
      const postcondition = [this.inVpc(id), ...this.checksOf(id, read)];
      read.set(id, new DataAwsSubnet(this, id, { id, lifecycle: { postcondition } }));
    }
    const find = (id: string) => read.get(id) as DataAwsSubnet;
    return Object.fromEntries(kinds.map((kind) => [kind, subnets[kind].map(find)])) as Record<
      Kind,
      DataAwsSubnet[]
    >;
  }

  private inVpc(id: string): Postcondition {
    return {
      condition: `\${self.vpc_id == ${addressOf(this.vpc)}.id}`,
      errorMessage: `${id} does not lie in ${this.props.vpc}: name subnets of that VPC.`,
    };
  }

  /** What is asked of a subnet by what it is for; of several together, once the last of them is read. */
  private checksOf(id: string, before: ReadonlyMap<string, DataAwsSubnet>): Postcondition[] {
    const checks: Postcondition[] = [];
    for (const kind of kinds) {
      const named = this.props.subnets[kind];
      if (kind === "public" || !named.includes(id)) continue;
      checks.push({
        condition: "${!self.map_public_ip_on_launch}",
        errorMessage: `${id} gives public addresses to what starts in it, and stands among network.subnets.${kind}: name a private one.`,
      });
      if (kind === "private" && this.ipv6) checks.push(givesIpv6(id));
      const others = named.flatMap((other) => before.get(other) ?? []);
      if (others.length + 1 < named.length) continue;
      const zones = [...others.map(addressOf), "self"].map((address) => `${address}.availability_zone`);
      checks.push(coverZones(kind, named, `length(distinct([${zones.join(", ")}]))`));
    }
    return checks;
  }
}

const givesIpv6 = (id: string): Postcondition => ({
  condition: "${self.assign_ipv6_address_on_creation}",
  errorMessage: `${id} gives no IPv6 addresses to what starts in it, and network.ipv6 is true. Ask its owner, once it has an IPv6 CIDR block and a route to an egress-only internet gateway: aws ec2 modify-subnet-attribute --subnet-id ${id} --assign-ipv6-address-on-creation`,
});

/** A load balancer and a file system take one subnet of a zone; subnet groups any number, in two zones. */
function coverZones(kind: Kind, named: readonly string[], zones: string): Postcondition {
  const one = kind === "private" || kind === "intra";
  return {
    condition: `\${${zones} ${one ? `== ${named.length}` : ">= 2"}}`,
    errorMessage: one
      ? `${named.join(", ")} (network.subnets.${kind}) share a zone: name one subnet in each of two zones or more.`
      : `${named.join(", ")} (network.subnets.${kind}) lie in one zone: name subnets in two zones or more.`,
  };
}

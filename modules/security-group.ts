import type { DataAwsSecurityGroup } from "@cdktf/provider-aws/lib/data-aws-security-group";
import type { SecurityGroup } from "@cdktf/provider-aws/lib/security-group";
import { VpcSecurityGroupEgressRule } from "@cdktf/provider-aws/lib/vpc-security-group-egress-rule";
import { VpcSecurityGroupIngressRule } from "@cdktf/provider-aws/lib/vpc-security-group-ingress-rule";
import type { Construct } from "constructs";

/** A group, whoever made it. */
export type Group = SecurityGroup | DataAwsSecurityGroup;

/**
 * How a group goes: after all that names it has changed, since AWS keeps a group that is in use. A group of the same
 * name cannot stand beside it, and a description cannot be changed in place: it stays as it was first written.
 */
export const groupLifecycle = { createBeforeDestroy: true, ignoreChanges: ["description"] };

/** How a rule goes: after what talked through it has changed. */
const ruleLifecycle = { createBeforeDestroy: true };

/** One port, or the ports from one to another. */
type Port = number | readonly [from: number, to: number];

interface Ingress {
  readonly to: Group;
  readonly port: Port;
  readonly description: string;
  /** Exactly one of the three says who. */
  readonly from?: Group;
  readonly cidr?: string;
  readonly prefixList?: string;
}

/** A TCP rule into a group. */
export function admit(
  scope: Construct,
  id: string,
  { to, port, description, from, cidr, prefixList }: Ingress,
) {
  return new VpcSecurityGroupIngressRule(scope, id, {
    securityGroupId: to.id,
    description,
    ipProtocol: "tcp",
    ...range(port),
    referencedSecurityGroupId: from?.id,
    cidrIpv4: cidr,
    prefixListId: prefixList,
    lifecycle: ruleLifecycle,
  });
}

interface Egress {
  readonly from: Group;
  readonly description: string;
  /** @default every port and protocol */
  readonly port?: Port;
  /** Exactly one of the three says where to. */
  readonly to?: Group;
  readonly cidr?: string;
  readonly prefixList?: string;
}

/** A rule out of a group. */
export function allow(
  scope: Construct,
  id: string,
  { from, port, description, to, cidr, prefixList }: Egress,
) {
  return new VpcSecurityGroupEgressRule(scope, id, {
    securityGroupId: from.id,
    description,
    ipProtocol: port === undefined ? "-1" : "tcp",
    ...(port === undefined ? {} : range(port)),
    referencedSecurityGroupId: to?.id,
    cidrIpv4: cidr,
    prefixListId: prefixList,
    lifecycle: ruleLifecycle,
  });
}

const range = (port: Port) =>
  typeof port === "number" ? { fromPort: port, toPort: port } : { fromPort: port[0], toPort: port[1] };

interface Out {
  readonly from: SecurityGroup;
  readonly network: { readonly s3Endpoint: { readonly prefixListId: string } };
  /** Whether there is a way to the internet at all. */
  readonly nat: boolean;
  readonly cidr: string;
}

/** The rules out of a group of containers, which last as long as they: anywhere through NAT, else to the VPC and S3. */
export function allowOut(scope: Construct, id: string, { from, network, nat, cidr }: Out) {
  if (nat) {
    return [allow(scope, `${id}_out`, { from, cidr: "0.0.0.0/0", description: "Anywhere, through NAT" })];
  }
  const toVpc = { from, cidr, description: "Within the VPC: no NAT leads out of it" };
  const prefixList = network.s3Endpoint.prefixListId;
  const toS3 = { from, port: 443, prefixList, description: "Image layers, through the S3 endpoint" };
  return [allow(scope, `${id}_to_vpc`, toVpc), allow(scope, `${id}_to_s3`, toS3)];
}

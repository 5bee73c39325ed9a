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
export function allowIngress(
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

/** A rule into a group for every port and protocol. */
export const allowAllIngress = (
  scope: Construct,
  id: string,
  { to, cidr, description }: { readonly to: Group; readonly cidr: string; readonly description: string },
) =>
  new VpcSecurityGroupIngressRule(scope, id, {
    securityGroupId: to.id,
    description,
    ipProtocol: "-1",
    cidrIpv4: cidr,
    lifecycle: ruleLifecycle,
  });

interface Egress {
  readonly from: Group;
  readonly description: string;
  /** @default every port and protocol */
  readonly port?: Port;
  /** Exactly one of the four says where to. */
  readonly to?: Group;
  readonly cidr?: string;
  readonly cidrIpv6?: string;
  readonly prefixList?: string;
}

/** A rule out of a group. */
export function allowEgress(
  scope: Construct,
  id: string,
  { from, port, description, to, cidr, cidrIpv6, prefixList }: Egress,
) {
  return new VpcSecurityGroupEgressRule(scope, id, {
    securityGroupId: from.id,
    description,
    ipProtocol: port === undefined ? "-1" : "tcp",
    ...(port === undefined ? {} : range(port)),
    referencedSecurityGroupId: to?.id,
    cidrIpv4: cidr,
    cidrIpv6,
    prefixListId: prefixList,
    lifecycle: ruleLifecycle,
  });
}

const range = (port: Port) =>
  typeof port === "number" ? { fromPort: port, toPort: port } : { fromPort: port[0], toPort: port[1] };

/** Somewhere that containers may send to, whatever their group. */
export interface Destination extends Omit<Egress, "from" | "to"> {
  /** What the ids of rules to it end in. */
  readonly id: string;
}

/** The rules out of a group of containers, which last as long as they. */
export const allowEgressTo = (
  scope: Construct,
  name: string,
  from: SecurityGroup,
  destinations: readonly Destination[],
) => destinations.map(({ id, ...to }) => allowEgress(scope, `${name}_${id}`, { from, ...to }));

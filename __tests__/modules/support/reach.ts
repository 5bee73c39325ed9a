import { addressesIn, type Graph, type Json } from "./graph";

/** A way that packets may take: `internet → bastion :22`. */
export type Way = string;

const INTERNET = "internet";
const INTERNET_IPV6 = "internet by IPv6";
const isInternet = (party: string) => party === INTERNET || party === INTERNET_IPV6;
const CLOUDFRONT = "com.amazonaws.global.cloudfront.origin-facing";

/** Every way into a security group, from whom and to which ports, as the groups' own rules admit it. */
export const waysIn = (graph: Graph): Way[] =>
  graph
    .all("aws_vpc_security_group_ingress_rule")
    .map(({ body }) => `${party(graph, body)} → ${group(body.security_group_id)} ${ports(body)}`)
    .sort();

/** Every way out of a security group. */
export const waysOut = (graph: Graph): Way[] =>
  graph
    .all("aws_vpc_security_group_egress_rule")
    .map(({ body }) => `${group(body.security_group_id)} → ${party(graph, body)} ${ports(body)}`)
    .sort();

/**
 * Where one gets to from a party, hop by hop: the receiver admits it, and the sender may send to it. Who is no
 * group of ours (the internet, CloudFront) may send what it likes.
 */
export function reachable(graph: Graph, from: string): string[] {
  const open = waysOut(graph).map((way) => way.split(" ")[0] ?? "");
  const sends = (sender: string, receiver: string) =>
    graph
      .all("aws_vpc_security_group_egress_rule")
      .filter(({ body }) => group(body.security_group_id) === sender)
      .some(({ body }) => {
        const to = party(graph, body);
        return to === receiver || isInternet(to) || to === cidrOf(graph);
      });
  const seen = new Set<string>();
  const visit = (sender: string) => {
    for (const { body } of graph.all("aws_vpc_security_group_ingress_rule")) {
      const receiver = group(body.security_group_id);
      if (seen.has(receiver) || !admits(graph, body, sender)) continue;
      const ours = open.includes(sender) || graph.has(`aws_security_group.${sender}`);
      if (ours && !sends(sender, receiver)) continue;
      seen.add(receiver);
      visit(receiver);
    }
  };
  visit(from);
  return [...seen].sort();
}

/** The subnets whose route table leads to the internet gateway, by IPv4 or IPv6, by their id in the stack. */
export function publicSubnets(graph: Graph): string[] {
  const tables = graph
    .all("aws_route")
    .filter(({ body }) => body.gateway_id !== undefined)
    .map(({ body }) => body.route_table_id as string);
  return graph
    .all("aws_route_table_association")
    .filter(({ body }) => tables.includes(body.route_table_id))
    .map(({ body }) => group(body.subnet_id))
    .sort();
}

/** Everything that puts itself, or asks for, a place in one of these subnets. */
export const livesIn = (graph: Graph, subnets: readonly string[]): string[] =>
  graph.addresses.filter(
    (address) =>
      !/^aws_(subnet|route_table_association|network_acl)\./.test(address) &&
      subnets.some((subnet) => graph.references(address).has(`aws_subnet.${subnet}`)),
  );

function admits(graph: Graph, rule: Json, sender: string): boolean {
  const admitted = party(graph, rule);
  const inside = graph.has(`aws_security_group.${sender}`);
  return admitted === sender || isInternet(admitted) || (inside && admitted === cidrOf(graph));
}

/** None of a VPC that was there before. */
const cidrOf = (graph: Graph): string | undefined => graph.all("aws_vpc")[0]?.body.cidr_block;

/** Who a rule is about. */
function party(graph: Graph, rule: Json): string {
  const named = [rule.referenced_security_group_id, rule.cidr_ipv4, rule.cidr_ipv6, rule.prefix_list_id];
  const [only, ...more] = named.filter((value) => value !== undefined);
  if (only === undefined || more.length > 0) throw new Error(`A rule names ${1 + more.length} parties.`);
  if (only === "0.0.0.0/0") return INTERNET;
  if (only === "::/0") return INTERNET_IPV6;
  const [address] = addressesIn(only);
  if (address === undefined) return only;
  if (address.startsWith("data.")) {
    const { name } = graph.body(address);
    return name === CLOUDFRONT ? "cloudfront" : name;
  }
  return group(address);
}

/** The id in the stack of what an expression refers to. */
const group = (expression: string): string => addressesIn(expression)[0]?.split(".").at(-1) ?? expression;

const ports = ({ ip_protocol, from_port, to_port }: Json): string => {
  if (ip_protocol === "-1") return "*";
  return from_port === to_port ? `:${from_port}` : `:${from_port}-${to_port}`;
};

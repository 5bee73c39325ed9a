import { isForAll, routesOf } from "../routes";
import type { Fields } from "../wire/value";
import { keyOf, type World, type WorldObject } from "../world";
import { groupsOf } from "./draining";
import { strategyOf } from "./ecs-checks";
import { AwsError, blocks, type Situation, text, texts } from "./kind";
import { groupsBehind } from "./network-interfaces";

/** What an instance without a way to the internet needs. Source: "Amazon ECS interface VPC endpoints", ECS guide. */
const AGENT_SERVICES = ["ecs", "ecs-agent", "ecs-telemetry"];
const HTTPS = 443;

/** Remembers of a service whether the agents of its instances reach ECS, so that their silence can be told later. */
export function rememberReach({ world, region, object }: Situation): void {
  if (!object) return;
  const mark = { type: "sandbox_ecs_reach", region, id: object.id };
  const known = world.get(mark.type, region, mark.id);
  const subnets = instanceSubnets(world, object);
  const reached = subnets.length > 0 && subnets.every((id) => silence(world, region, id) === undefined);
  if (reached) world.put({ ...mark, attributes: {}, origin: "aws", owner: keyOf(object) });
  else if (known && subnets.length === 0) world.remove(known);
}

/** Refuses to remove a service whose instances were cut off: ECS never hears that their tasks stopped. */
export function checkReach({ world, region, object }: Situation & { object: WorldObject }): void {
  const running = Number(object.attributes.desired_count ?? 0) > 0;
  if (!running || !world.get("sandbox_ecs_reach", region, object.id)) return;
  for (const subnet of instanceSubnets(world, object)) {
    const why = silence(world, region, subnet);
    if (why === undefined) continue;
    const said = `waiting for ECS Service (${object.id}) delete: timeout while waiting for state to become 'INACTIVE' (last state: 'DRAINING', timeout: 20m0s): ${why}, so that the agents of its instances cannot report that tasks stopped`;
    throw new AwsError("timeout", said, "cluster");
  }
}

/** The subnets of the instances that a service's tasks run on. */
export function instanceSubnets(world: World, service: WorldObject): string[] {
  const { region } = service;
  const subnets = strategyOf(service).flatMap((name) => {
    const provider = world.find({ type: "aws_ecs_capacity_provider", region, where: { name } });
    const groups = provider ? groupsOf(world, provider) : [];
    return groups.flatMap((group) => texts(group.attributes as Fields, "vpc_zone_identifier"));
  });
  return [...new Set(subnets)];
}

/** Why what lies in a subnet reaches nothing, or undefined. */
function silence(world: World, region: string, subnet: string): string | undefined {
  const denying = denyingAcl(world, region, subnet);
  if (denying !== undefined) return `${denying} of subnet ${subnet} denies everything`;
  if (leadsOut(world, region, subnet)) return undefined;
  const deaf = AGENT_SERVICES.find((service) => !answers(world, region, subnet, service));
  return deaf === undefined
    ? undefined
    : `subnet ${subnet} has no route to the internet, and no endpoint of ${deaf} admits it`;
}

/** The network ACL of a subnet, if it lets nothing pass; AWS's own default lets everything pass. */
function denyingAcl(world: World, region: string, subnet: string): string | undefined {
  const own = world
    .list({ type: "aws_network_acl", region })
    .find((acl) => texts(acl.attributes as Fields, "subnet_ids").includes(subnet));
  const acl = own ?? lockedDefault(world, region, subnet);
  if (!acl) return undefined;
  const apart = world.list({ type: "aws_network_acl_rule", region, where: { network_acl_id: acl.id } });
  const passes = (direction: "ingress" | "egress") =>
    blocks(acl.attributes as Fields, direction).some((rule) => rule.action === "allow") ||
    apart.some(
      ({ attributes }) =>
        attributes.rule_action === "allow" && (attributes.egress === true) === (direction === "egress"),
    );
  return passes("ingress") && passes("egress") ? undefined : acl.id;
}

function lockedDefault(world: World, region: string, subnet: string): WorldObject | undefined {
  const vpc = world.get("aws_vpc", region, vpcOf(world, region, subnet));
  const id = String(vpc?.attributes.default_network_acl_id ?? "");
  return world.get("aws_default_network_acl", region, id);
}

const vpcOf = (world: World, region: string, subnet: string) =>
  String(world.get("aws_subnet", region, subnet)?.attributes.vpc_id ?? "");

const leadsOut = (world: World, region: string, subnet: string) =>
  routesOf(world, region, subnet).some(
    (route) => isForAll(route, "0.0.0.0/0") && !leadsNowhere(world, region, route as Fields),
  );

/** Whether a route's NAT is gone, gateway or instance: of an instance the interface may be left, with nothing behind it. */
function leadsNowhere(world: World, region: string, route: Fields): boolean {
  const gateway = text(route, "nat_gateway_id");
  if (gateway !== "") return !world.get("aws_nat_gateway", region, gateway);
  const own = text(route, "network_interface_id");
  if (own === "") return false;
  const one = world.get("aws_network_interface", region, own);
  return one === undefined || groupsBehind(world, one).length === 0;
}

/** Whether an interface endpoint of a service stands in the subnet's VPC and admits HTTPS. */
function answers(world: World, region: string, subnet: string, service: string): boolean {
  const vpc_id = vpcOf(world, region, subnet);
  return world
    .list({ type: "aws_vpc_endpoint", region, where: { vpc_id, vpc_endpoint_type: "Interface" } })
    .filter(({ attributes }) => String(attributes.service_name).endsWith(`.${region}.${service}`))
    .some(({ attributes }) =>
      texts(attributes as Fields, "security_group_ids").some((group) => admitsHttps(world, region, group)),
    );
}

function admitsHttps(world: World, region: string, group: string): boolean {
  const inline = blocks(world.get("aws_security_group", region, group)?.attributes as Fields, "ingress");
  const apart = world
    .list({ type: "aws_vpc_security_group_ingress_rule", region, where: { security_group_id: group } })
    .map(({ attributes }) => attributes as Fields);
  return [...inline, ...apart].some(
    (rule) =>
      text(rule, "ip_protocol") === "-1" ||
      text(rule, "protocol") === "-1" ||
      (Number(rule.from_port) <= HTTPS && Number(rule.to_port) >= HTTPS),
  );
}

import type { World, WorldObject } from "./world";

type Route = WorldObject["attributes"];

/** The routes of a subnet: those of its own table, else of its VPC's main one. */
export function routesOf(world: World, region: string, subnet: string): Route[] {
  const association = world.find({
    type: "aws_route_table_association",
    region,
    where: { subnet_id: subnet },
  });
  const vpc = world.get(
    "aws_vpc",
    region,
    String(world.get("aws_subnet", region, subnet)?.attributes.vpc_id),
  );
  const table = String(association?.attributes.route_table_id ?? vpc?.attributes.main_route_table_id ?? "");
  const inline = world.get("aws_route_table", region, table)?.attributes.route;
  const apart = world.list({ type: "aws_route", region, where: { route_table_id: table } });
  return [
    ...(Array.isArray(inline) ? (inline as Route[]) : []),
    ...apart.map(({ attributes }) => attributes),
  ];
}

/** Whether a route is for all addresses of IPv4, or of IPv6. */
export const isForAll = (route: Route, block: "0.0.0.0/0" | "::/0"): boolean =>
  [
    route.destination_cidr_block,
    route.cidr_block,
    route.destination_ipv6_cidr_block,
    route.ipv6_cidr_block,
  ].includes(block);

import { DbSubnetGroup } from "@cdktf/provider-aws/lib/db-subnet-group";
import { ElasticacheSubnetGroup } from "@cdktf/provider-aws/lib/elasticache-subnet-group";
import type { Construct } from "constructs";
import { nameOf } from "../names";
import type { Network } from "./network";

/** Terraform has whatever a resource names go after the resource has changed, too: a group leaves a subnet before that goes. */
const lifecycle = { createBeforeDestroy: true };

/** Where databases and caches of an environment may live. */
export function createSubnetGroups(
  scope: Construct,
  environment: string,
  { database, cache }: Pick<Network["subnets"], "database" | "cache">,
): [DbSubnetGroup, ElasticacheSubnetGroup] {
  return [
    new DbSubnetGroup(scope, "database", {
      name: nameOf("aws_db_subnet_group", environment),
      subnetIds: ids(database),
      lifecycle,
    }),
    new ElasticacheSubnetGroup(scope, "cache", {
      name: nameOf("aws_elasticache_subnet_group", environment),
      subnetIds: ids(cache),
      lifecycle,
    }),
  ];
}

export const ids = (resources: readonly { readonly id: string }[]) => resources.map(({ id }) => id);

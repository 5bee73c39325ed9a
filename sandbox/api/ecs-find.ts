import { type Cluster, findCluster } from "../engine/catalog";
import { shortName } from "../engine/sim";
import type { Service, Task } from "../engine/state";
import type { Call } from "./call";
import { AwsFailure } from "./errors";

/** The cluster of a call, or ClusterNotFoundException. */
export function clusterOf(call: Call, given: string | undefined): Cluster {
  const cluster = findCluster(call.sim.world, call.region, given);
  if (!cluster) throw new AwsFailure("ClusterNotFoundException", "Cluster not found.");
  return cluster;
}

/** A service by name or ARN. */
export function findService(call: Call, cluster: Cluster, given: string): Service | undefined {
  return Object.values(call.sim.state.services).find(
    (service) =>
      service.spec.cluster === cluster.arn && (service.arn === given || service.spec.name === given),
  );
}

export function serviceOf(call: Call, cluster: Cluster, given: string): Service {
  const service = findService(call, cluster, given);
  if (!service) throw new AwsFailure("ServiceNotFoundException", "Service not found.");
  if (service.status !== "ACTIVE")
    throw new AwsFailure("ServiceNotActiveException", "Service was not ACTIVE.");
  return service;
}

/** A task by id or ARN. */
export function findTask(call: Call, cluster: Cluster, given: string): Task | undefined {
  return Object.values(call.sim.state.tasks).find(
    (task) => task.cluster === cluster.arn && (task.arn === given || task.id === given),
  );
}

/** The ARN that a failure names: what was given, made whole. */
export function wholeArn(
  cluster: Cluster,
  kind: "task" | "service" | "container-instance",
  given: string,
): string {
  return given.startsWith("arn:")
    ? given
    : `${cluster.arn.replace(":cluster/", `:${kind}/`)}/${shortName(given)}`;
}

import { findCluster, findGroup, findProvider, type Provider, providers, type ScalingGroup } from "./catalog";
import { instanceSize } from "./instance-types";
import { forget, hex, isPlanned, plan, type Sim } from "./sim";
import type { Instance } from "./state";
import { lostHost } from "./stopping";
import { tasksIn, waitingTasks } from "./tasks";

/** Keeps every group of every capacity provider at its size, and lets managed scaling choose that size. */
export function keepCapacity(sim: Sim): void {
  for (const object of sim.world.list({ type: "aws_ecs_cluster_capacity_providers" })) {
    const cluster = findCluster(sim.world, object.region, String(object.attributes.cluster_name));
    for (const name of cluster?.providers ?? []) {
      const provider = findProvider(sim.world, object.region, name);
      if (cluster && provider) keepGroup(sim, cluster.arn, provider);
    }
  }
  for (const instance of Object.values(sim.state.instances))
    if (!findProvider(sim.world, instance.region, instance.provider)) removeInstance(sim, instance);
}

function keepGroup(sim: Sim, cluster: string, provider: Provider): void {
  const applied = findGroup(sim.world, provider.region, provider.group);
  if (!applied) return;
  const key = `${provider.region}|${applied.name}`;
  sim.state.groups[key] ??= { name: applied.name, desired: applied.desired };
  const group = sim.state.groups[key];
  group.desired = Math.min(applied.maximum, Math.max(applied.minimum, group.desired));
  const members = instancesOf(sim, provider);
  const staying = members.filter(({ status }) => status !== "DRAINING");
  if (!sim.state.shortages.includes(provider.name))
    for (let count = staying.length; count < group.desired; count++) launch(sim, cluster, provider, applied);
  const wanted = provider.managedScaling ? wantedSize(sim, provider, applied) : group.desired;
  decide(sim, key, wanted - group.desired);
}

/** Plans a change of size, or drops the plan when it is not wanted any more. */
function decide(sim: Sim, key: string, difference: number): void {
  if (difference <= 0) forget(sim, key, "scale-out");
  if (difference >= 0) forget(sim, key, "scale-in");
  if (difference > 0 && !isPlanned(sim, key, "scale-out")) plan(sim, sim.pace.scaleOut, "scale-out", key);
  if (difference < 0 && !isPlanned(sim, key, "scale-in")) plan(sim, sim.pace.scaleIn, "scale-in", key);
}

/**
 * The size that managed scaling aims at: instances in use or needed by waiting tasks, over the target capacity.
 * Source: "Deep dive on Amazon ECS cluster auto scaling" (CapacityProviderReservation = M / N × 100).
 */
function wantedSize(sim: Sim, provider: Provider, group: ScalingGroup): number {
  const members = instancesOf(sim, provider).filter(({ status }) => status !== "DRAINING");
  const used = members.filter((one) =>
    tasksIn(sim, one.cluster).some((task) => task.instance === one.arn),
  ).length;
  const size = instanceSize(group.instanceType);
  let extra = 0;
  let left = { cpu: 0, memory: 0 };
  for (const task of waitingTasks(sim).filter((one) => one.provider === provider.name)) {
    if (task.cpu > left.cpu || task.memory > left.memory) {
      extra += 1;
      left = { cpu: size.cpu, memory: size.memory };
    }
    left = { cpu: left.cpu - task.cpu, memory: left.memory - task.memory };
  }
  const wanted = Math.ceil(((used + extra) * 100) / provider.targetCapacity);
  return Math.min(group.maximum, Math.max(group.minimum, wanted));
}

/** The alarm fired: the group gets its new size, if that is still wanted. */
export function rescale(sim: Sim, key: string): void {
  const group = sim.state.groups[key];
  const [region = ""] = key.split("|");
  const provider = providers(sim.world, region).find((one) => one.group === group?.name);
  const applied = provider && findGroup(sim.world, region, provider.group);
  if (!group || !provider || !applied) return;
  const wanted = wantedSize(sim, provider, applied);
  const surplus = group.desired - wanted;
  group.desired = wanted;
  if (surplus <= 0) return;
  const idle = instancesOf(sim, provider).filter(
    (one) => !tasksIn(sim, one.cluster).some((task) => task.instance === one.arn),
  );
  for (const instance of idle.slice(0, surplus)) removeInstance(sim, instance);
}

function instancesOf(sim: Sim, provider: Provider): Instance[] {
  return Object.values(sim.state.instances).filter(
    (one) => one.provider === provider.name && one.region === provider.region,
  );
}

function launch(sim: Sim, cluster: string, provider: Provider, group: ScalingGroup): void {
  const size = instanceSize(group.instanceType);
  const arn = `${cluster.replace(":cluster/", ":container-instance/")}/${hex(sim, 32)}`;
  const taken = instancesOf(sim, provider);
  const zone = [...group.zones].sort(
    (one, other) =>
      count(taken, one) - count(taken, other) || group.zones.indexOf(one) - group.zones.indexOf(other),
  )[0] as string;
  sim.state.instances[arn] = {
    arn,
    id: `i-0${hex(sim, 16)}`,
    cluster,
    region: provider.region,
    provider: provider.name,
    group: group.name,
    type: group.instanceType,
    zone,
    ...size,
    status: "BOOTING",
    agentConnected: true,
    launchedAt: sim.state.time,
    cache: {},
  };
  plan(sim, sim.pace.boot, "boot", arn);
}

function count(instances: Instance[], zone: string): number {
  return instances.filter((one) => one.zone === zone).length;
}

/** The agent registered its instance with the cluster. */
export function boot(sim: Sim, instance: Instance): void {
  instance.status = "ACTIVE";
  instance.registeredAt = sim.state.time;
}

/** Two minutes' notice, then the instance is gone. The agent drains it meanwhile (ECS_ENABLE_SPOT_INSTANCE_DRAINING). */
export function interruptInstance(sim: Sim, instance: Instance): void {
  instance.status = "DRAINING";
  plan(sim, sim.pace.spotNotice, "terminate-instance", instance.arn);
}

export function removeInstance(sim: Sim, instance: Instance): void {
  for (const task of tasksIn(sim, instance.cluster))
    if (task.instance === instance.arn)
      lostHost(sim, task, "TerminationNotice", `Host EC2 (instance ${instance.id}) terminated.`);
  forget(sim, instance.arn);
  delete sim.state.instances[instance.arn];
}

import { forget, isLive, plan, type Sim } from "./sim";
import type { Definition, Instance, Task } from "./state";
import { setStatus, tasksIn, waitingTasks } from "./tasks";

/** What is left on an instance: everything that has not ended takes its reservation. */
export function room(sim: Sim, instance: Instance): { cpu: number; memory: number; ports: number[] } {
  const here = tasksIn(sim, instance.cluster).filter((task) => task.instance === instance.arn);
  return {
    cpu: instance.cpu - here.reduce((sum, task) => sum + task.cpu, 0),
    memory: instance.memory - here.reduce((sum, task) => sum + task.memory, 0),
    ports: here.flatMap((task) => fixedPorts(sim.state.definitions[task.definition])),
  };
}

/** Host ports that a task definition names. Those of awsvpc tasks are on their own network interface. */
function fixedPorts(definition: Definition | undefined): number[] {
  if (!definition || definition.networkMode === "awsvpc") return [];
  const mappings = definition.containers.flatMap(({ portMappings }) => portMappings ?? []);
  return mappings.map(({ hostPort }) => hostPort ?? 0).filter((port) => port > 0);
}

/**
 * Why no place was found, as RunTask's failures name it.
 * Source: "API failures messages" in the ECS developer guide.
 */
export interface NoPlace {
  reason: "RESOURCE:MEMORY" | "RESOURCE:CPU" | "RESOURCE:PORTS" | "AGENT" | "ATTRIBUTE";
  /** The instance that came closest. */
  instance: Instance;
}

export type Place = { instance: Instance } | { failures: NoPlace[] };

/** Finds an instance of a cluster: spread over zones, then the fullest that still has room. */
export function findPlace(
  sim: Sim,
  task: Pick<Task, "cluster" | "definition" | "cpu" | "memory" | "group" | "provider">,
): Place {
  const definition = sim.state.definitions[task.definition];
  const instances = Object.values(sim.state.instances).filter(
    (one) =>
      one.cluster === task.cluster &&
      one.status === "ACTIVE" &&
      (task.provider === undefined || one.provider === task.provider),
  );
  const failures: NoPlace[] = [];
  const fitting: { instance: Instance; memory: number }[] = [];
  for (const instance of instances) {
    const left = room(sim, instance);
    const reason = refusal(instance, left, task, definition);
    if (reason) failures.push({ reason, instance });
    else fitting.push({ instance, memory: left.memory });
  }
  const inZone = (zone: string) =>
    tasksIn(sim, task.cluster).filter((one) => one.group === task.group && isLive(one) && one.zone === zone)
      .length;
  fitting.sort(
    (one, other) =>
      inZone(one.instance.zone) - inZone(other.instance.zone) ||
      one.memory - other.memory ||
      one.instance.launchedAt - other.instance.launchedAt,
  );
  return fitting[0] ? { instance: fitting[0].instance } : { failures };
}

function refusal(
  instance: Instance,
  left: { cpu: number; memory: number; ports: number[] },
  task: { cpu: number; memory: number },
  definition: Definition | undefined,
): NoPlace["reason"] | undefined {
  if (!instance.agentConnected) return "AGENT";
  if (definition?.architecture !== undefined && definition.architecture !== instance.architecture)
    return "ATTRIBUTE";
  if (task.memory > left.memory) return "RESOURCE:MEMORY";
  if (task.cpu > left.cpu) return "RESOURCE:CPU";
  return fixedPorts(definition).some((port) => left.ports.includes(port)) ? "RESOURCE:PORTS" : undefined;
}

/** Tries to find a place for every task that waits for one, oldest first. */
export function placeWaiting(sim: Sim): void {
  for (const task of waitingTasks(sim)) {
    if (task.launchType === "FARGATE") {
      if (task.provider === undefined || !sim.state.shortages.includes(task.provider))
        placeOnFargate(sim, task);
      continue;
    }
    const place = findPlace(sim, task);
    if ("instance" in place) placeOnInstance(sim, task, place.instance);
  }
}

function placeOnFargate(sim: Sim, task: Task): void {
  const zones = ["a", "b", "c"].map((letter) => `${task.region}${letter}`);
  task.zone = zones[Number.parseInt(task.id.slice(0, 6), 16) % zones.length] as string;
  forget(sim, task.arn, "no-capacity");
  plan(sim, sim.pace.fargate, "pull", task.arn);
}

function placeOnInstance(sim: Sim, task: Task, instance: Instance): void {
  task.instance = instance.arn;
  task.zone = instance.zone;
  setStatus(task, "PENDING");
  forget(sim, task.arn, "no-capacity");
  plan(sim, sim.pace.agent, "pull", task.arn);
}

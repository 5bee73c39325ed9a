import type {
  CapacityProviderStrategyItem,
  NetworkConfiguration,
  Tag,
  TaskOverride,
  TaskStopCode,
} from "@aws-sdk/client-ecs";
import { addressWithin } from "../ipv6";
import { FARGATE_PROVIDERS } from "./catalog";
import { parseReference } from "./images";
import { forget, hex, isLive, plan, random, type Sim, shortName, uuid } from "./sim";
import type { Container, Definition, Task } from "./state";

export interface NewTask {
  cluster: string;
  region: string;
  definition: Definition;
  group: string;
  startedBy?: string;
  service?: string;
  launchType: "EC2" | "FARGATE";
  provider?: string;
  overrides?: TaskOverride;
  network?: NetworkConfiguration;
  tags?: Tag[];
  exec?: boolean;
}

/** Makes a task that waits for its place (PROVISIONING). */
export function createTask(sim: Sim, wanted: NewTask): Task {
  const { definition } = wanted;
  const id = hex(sim, 32);
  const arn = wanted.cluster.replace(":cluster/", ":task/").concat(`/${id}`);
  const { cpu, memory } = reservation(definition, wanted.overrides);
  const task: Task = {
    arn,
    id,
    cluster: wanted.cluster,
    region: wanted.region,
    definition: definition.arn,
    group: wanted.group,
    launchType: wanted.launchType,
    lastStatus: "PROVISIONING",
    desiredStatus: "RUNNING",
    containers: definition.containers.map((one) => newContainer(sim, arn, one)),
    overrides: wanted.overrides ?? {},
    tags: wanted.tags ?? [],
    exec: wanted.exec ?? false,
    cpu,
    memory,
    createdAt: sim.state.time,
    version: 1,
  };
  if (wanted.startedBy !== undefined) task.startedBy = wanted.startedBy;
  if (wanted.service !== undefined) task.service = wanted.service;
  if (wanted.provider !== undefined) task.provider = wanted.provider;
  if (wanted.network !== undefined) task.network = wanted.network;
  const ipv6 = ipv6AddressOf(sim, task);
  if (ipv6 !== undefined) task.ipv6 = ipv6;
  // The order of DescribeTasks is not the definition's: nobody may count on it.
  if (random(sim) < 0.5) task.containers.reverse();
  sim.state.tasks[arn] = task;
  plan(sim, sim.pace.provisioning, "no-capacity", arn);
  return task;
}

/** Given where a task has an interface of its own, in a subnet that gives addresses to what starts in it. */
function ipv6AddressOf(sim: Sim, { network, region }: Task): string | undefined {
  const [id = ""] = network?.awsvpcConfiguration?.subnets ?? [];
  const subnet = sim.world.get("aws_subnet", region, id)?.attributes;
  if (subnet?.assign_ipv6_address_on_creation !== true) return undefined;
  return addressWithin(String(subnet.ipv6_cidr_block), hex(sim, 12));
}

function newContainer(sim: Sim, task: string, definition: Definition["containers"][number]): Container {
  return {
    name: definition.name ?? "",
    image: definition.image ?? "",
    essential: definition.essential ?? true,
    arn: `${task.replace(":task/", ":container/")}/${uuid(sim)}`,
    runtimeId: hex(sim, 64),
    lastStatus: "PENDING",
    health: "UNKNOWN",
  };
}

/** What a task takes of a place: the task's size if it has one, or else the sum over its containers. */
export function reservation(
  definition: Definition,
  overrides: TaskOverride = {},
): { cpu: number; memory: number } {
  const sum = (pick: (container: Definition["containers"][number]) => number | undefined) =>
    definition.containers.reduce((total, container) => total + (pick(container) ?? 0), 0);
  return {
    cpu: Number(overrides.cpu ?? definition.cpu ?? sum((one) => one.cpu)),
    memory: Number(
      overrides.memory ?? definition.memory ?? sum((one) => one.memoryReservation ?? one.memory),
    ),
  };
}

/** Changes a task's status; the version counts such changes, as in AWS. */
export function setStatus(task: Task, status: string): void {
  if (task.lastStatus === status) return;
  task.lastStatus = status;
  task.version += 1;
}

/**
 * Picks the capacity provider for the next task: first what the base asks for, then by weight.
 * Source: CapacityProviderStrategyItem in the ECS API reference.
 */
export function pickProvider(
  strategy: readonly CapacityProviderStrategyItem[],
  taken: (provider: string) => number,
): string | undefined {
  const wanting = strategy.find((one) => taken(one.capacityProvider ?? "") < (one.base ?? 0));
  if (wanting) return wanting.capacityProvider;
  const weighted = strategy.filter((one) => (one.weight ?? 0) > 0);
  const load = (one: CapacityProviderStrategyItem) =>
    (taken(one.capacityProvider ?? "") - (one.base ?? 0) + 1) / (one.weight ?? 1);
  const best = [...weighted].sort((one, other) => load(one) - load(other))[0];
  return (best ?? strategy[0])?.capacityProvider;
}

export function launchTypeOf(
  provider: string | undefined,
  launchType?: "EC2" | "FARGATE",
): "EC2" | "FARGATE" {
  if (provider !== undefined) return FARGATE_PROVIDERS.includes(provider) ? "FARGATE" : "EC2";
  return launchType ?? "EC2";
}

/** Tasks that have not ended. Stopped ones stay visible for an hour, and a crash loop makes thousands: they are passed by. */
function unended(sim: Sim): readonly Task[] {
  const { sequence, tasks } = sim.state;
  // Whatever begins or ends a task takes a number from the sequence.
  if (sim.unended?.sequence !== sequence)
    sim.unended = {
      sequence,
      tasks: Object.values(tasks).filter(({ lastStatus }) => lastStatus !== "STOPPED"),
    };
  return sim.unended.tasks;
}

/** Tasks that have not ended, of a cluster. */
export function tasksIn(sim: Sim, cluster: string): Task[] {
  return unended(sim).filter((task) => task.cluster === cluster && task.lastStatus !== "STOPPED");
}

/** Tasks of a service that are meant to run, of all its deployments or of one. */
export function liveTasksOf(sim: Sim, service: string, deployment?: string): Task[] {
  return unended(sim).filter(
    (task) =>
      task.service === service && isLive(task) && (deployment === undefined || task.startedBy === deployment),
  );
}

/** Tasks that wait for a place. */
export function waitingTasks(sim: Sim): Task[] {
  return unended(sim).filter(
    (task) => isLive(task) && task.lastStatus === "PROVISIONING" && task.zone === undefined,
  );
}

/** Names a task's end. The first cause stays. */
export function markStopping(sim: Sim, task: Task, code: TaskStopCode, reason: string): void {
  if (task.stopCode === undefined) {
    task.stopCode = code;
    task.stoppedReason = reason;
  }
  if (task.desiredStatus === "STOPPED") return;
  task.desiredStatus = "STOPPED";
  task.version += 1;
  for (const step of ["no-capacity", "pull", "pulled", "start", "report", "healthy", "sick", "sick-stop"])
    forget(sim, task.arn, step);
}

/** The command that a container runs: the override's, or else the definition's. */
export function commandOf(task: Task, container: Container, definition: Definition | undefined): string[] {
  const override = task.overrides.containerOverrides?.find(({ name }) => name === container.name);
  const defined = definition?.containers.find(({ name }) => name === container.name);
  return override?.command ?? defined?.command ?? [];
}

/** The log's and the person's name for a task. */
export function taskLabel(task: Task, container: Container): string {
  const repository = parseReference(container.image)?.repository ?? container.image;
  return `${task.group.replace(/^service:/, "")} ${shortName(task.arn).slice(0, 8)} (${repository})`;
}

import { type Fields, isRecord, type Value } from "../wire/value";
import type { World, WorldObject } from "../world";
import { userDataOf } from "./compute";
import { AwsError, blocks, type Problem, type Situation, text, texts } from "./kind";

/** CPU and memory (MiB) that Fargate offers together (ECS Developer Guide, "Task CPU and memory"). */
const FARGATE: Record<number, number[]> = {
  256: [512, 1024, 2048],
  512: range(1024, 4096),
  1024: range(2048, 8192),
  2048: range(4096, 16384),
  4096: range(8192, 30720),
  8192: range(16384, 61440, 4096),
  16384: range(32768, 122880, 8192),
};

function range(from: number, to: number, step = 1024): number[] {
  return Array.from({ length: (to - from) / step + 1 }, (_, index) => from + index * step);
}

export function clusterName(attributes: Fields): string {
  return text(attributes, "cluster").split("/").pop() ?? "";
}

export function servicesOf(world: World, region: string, cluster: string): WorldObject[] {
  return world
    .list({ type: "aws_ecs_service", region })
    .filter((service) => clusterName(service.attributes as Fields) === cluster);
}

export function nextRevision(world: World, region: string, family: string): number {
  return Number(world.get("sandbox_ecs_family", region, family)?.attributes.revision ?? 0) + 1;
}

export function checkClusterEmpty({ world, region, object }: Situation & { object: WorldObject }): void {
  const name = String(object.attributes.name);
  const service = servicesOf(world, region, name)[0];
  if (service) {
    const said = `The Cluster cannot be deleted while Services are active (${service.attributes.name}).`;
    throw new AwsError("ClusterContainsServicesException", said);
  }
  const joins = new RegExp(`ECS_CLUSTER=["']?${name}(?![\\w-])`);
  for (const group of world.list({ type: "aws_autoscaling_group", region })) {
    if (Number(group.attributes.desired_capacity ?? 0) === 0 || !joins.test(userDataOf(world, group)))
      continue;
    const said = `The Cluster cannot be deleted while Container Instances are active or draining (of Auto Scaling group ${group.id}).`;
    throw new AwsError("ClusterContainsContainerInstancesException", said);
  }
}

function containersOf(config: Fields): Fields[] {
  try {
    const parsed = JSON.parse(text(config, "container_definitions")) as Value;
    return Array.isArray(parsed) ? parsed.filter(isRecord) : [];
  } catch {
    return [];
  }
}

export function verifyTask(config: Fields): Problem[] {
  const problems: Problem[] = [];
  const say = (path: string, message: string) => problems.push({ path, message });
  const fargate = texts(config, "requires_compatibilities").includes("FARGATE");
  if (fargate) {
    const [cpu, memory] = [config.cpu, config.memory];
    const known = typeof cpu === "string" && typeof memory === "string";
    if (cpu === null || memory === null)
      say("cpu", "Fargate requires that 'cpu' and 'memory' be defined at the task level");
    else if (known && !FARGATE[Number(cpu)]?.includes(Number(memory))) {
      say("memory", `No Fargate configuration exists for given values: ${cpu} CPU, ${memory} memory`);
    }
    if (typeof config.network_mode === "string" && config.network_mode !== "awsvpc") {
      say("network_mode", "Fargate only supports network mode 'awsvpc'");
    }
  }
  const containers = containersOf(config);
  if (typeof config.container_definitions === "string" && containers.length === 0) {
    say("container_definitions", "at least one container definition is needed");
  }
  const names = containers.map((container) => container.name);
  if (new Set(names).size < names.length)
    say("container_definitions", `container names must be unique: ${names.join(", ")}`);
  for (const container of containers) problems.push(...verifyContainer(container, config));
  if (fargate) problems.push(...verifySum(containers, config));
  return problems;
}

/** On Fargate nothing lies beyond the task's own (ECS Developer Guide, "Task definition parameters for Fargate"). */
function verifySum(containers: Fields[], config: Fields): Problem[] {
  return ["cpu", "memory"].flatMap((key) => {
    const whole = Number(config[key] ?? Number.NaN);
    const sum = containers.reduce((total, container) => total + Number(container[key] ?? 0), 0);
    if (!(sum > whole)) return [];
    const message = `Invalid setting: the containers' ${key} add up to ${sum}, more than the task's ${whole}`;
    return [{ path: "container_definitions", message }];
  });
}

function verifyContainer(container: Fields, config: Fields): Problem[] {
  const path = "container_definitions";
  const name = text(container, "name");
  if (!/^[\w-]{1,255}$/.test(name))
    return [{ path, message: `Invalid container name: ${JSON.stringify(name)}` }];
  if (!text(container, "image"))
    return [{ path, message: `Container.image should not be null or empty: ${name}` }];
  const sized = ["memory", "memoryReservation"].some((key) => typeof container[key] === "number");
  if (config.memory === null && !sized) {
    return [
      {
        path,
        message: `Invalid setting for container '${name}'. At least one of 'memory' or 'memoryReservation' must be specified.`,
      },
    ];
  }
  const plain = blocks(container, "environment").map((entry) => text(entry, "name"));
  const twice = blocks(container, "secrets")
    .map((entry) => text(entry, "name"))
    .find((secret) => plain.includes(secret));
  if (twice)
    return [
      {
        path,
        message: `The secret name must be unique and not shared with any new or existing environment variables: ${twice}`,
      },
    ];
  const declared = blocks(config, "volume").map((volume) => text(volume, "name"));
  const stray = blocks(container, "mountPoints").find(
    (mount) => !declared.includes(text(mount, "sourceVolume")),
  );
  if (stray) return [{ path, message: `Unknown volume '${text(stray, "sourceVolume")}'.` }];
  const links = texts(container, "links");
  if (links.length > 0 && text(config, "network_mode") === "awsvpc")
    return [{ path, message: "Links are not supported when networkMode=awsvpc." }];
  const known = containersOf(config).map((other) => other.name);
  const lost = links.find((link) => link.split(":")[0] === name || !known.includes(link.split(":")[0] ?? ""));
  if (lost)
    return [{ path, message: `Container '${name}' links to '${lost}', which is no other container.` }];
  if (blocks(container, "secrets").length > 0 && config.execution_role_arn === null) {
    return [
      {
        path,
        message: `When you are specifying container secrets, you must also specify a value for 'executionRoleArn' (${name})`,
      },
    ];
  }
  return [];
}

export function verifyService(config: Fields): Problem[] {
  const { deployment_maximum_percent: max, deployment_minimum_healthy_percent: min } = config;
  if (typeof max === "number" && typeof min === "number" && max <= min && max !== 100) {
    return [
      {
        path: "deployment_maximum_percent",
        message: `deployment_maximum_percent ${max} must be greater than deployment_minimum_healthy_percent ${min}`,
      },
    ];
  }
  const grace = config.health_check_grace_period_seconds;
  if (
    typeof grace === "number" &&
    grace > 0 &&
    Array.isArray(config.load_balancer) &&
    config.load_balancer.length === 0
  ) {
    const message = "Health check grace period is only valid for services configured to use load balancers";
    return [{ path: "health_check_grace_period_seconds", message }];
  }
  return [];
}

function refuse(message: string, path: string): never {
  throw new AwsError("InvalidParameterException", message, path);
}

export function checkService(situation: Situation): void {
  const { world, region, attributes } = situation;
  const cluster = clusterName(attributes);
  const arn = text(attributes, "task_definition");
  const task = world.find({ type: "aws_ecs_task_definition", region, where: { arn } });
  const definition = (task?.attributes ?? {}) as Fields;
  const awsvpc = definition.network_mode === "awsvpc";
  const network = blocks(attributes, "network_configuration");
  if (task && awsvpc && network.length === 0)
    refuse(
      "Network Configuration must be provided when networkMode 'awsvpc' is specified.",
      "network_configuration",
    );
  if (task && !awsvpc && network.length > 0)
    refuse(
      "Network Configuration is not valid for the given networkMode of this task definition.",
      "network_configuration",
    );
  if (
    text(attributes, "launch_type") === "FARGATE" &&
    task &&
    !texts(definition, "requires_compatibilities").includes("FARGATE")
  ) {
    refuse("Task definition does not support launch_type FARGATE.", "launch_type");
  }
  checkStrategy(situation, cluster);
  for (const balancer of blocks(attributes, "load_balancer"))
    checkTarget(world, region, balancer, definition, task !== undefined);
}

function checkStrategy({ world, region, attributes }: Situation, cluster: string): void {
  const wanted = blocks(attributes, "capacity_provider_strategy").map((strategy) =>
    text(strategy, "capacity_provider"),
  );
  if (wanted.length === 0) return;
  const association = world.find({ type: "aws_ecs_cluster_capacity_providers", region, id: cluster });
  const known = texts(association?.attributes as Fields | undefined, "capacity_providers");
  const stranger = wanted.find((provider) => !known.includes(provider));
  if (!stranger) return;
  refuse(
    `The specified capacity provider '${stranger}' is not associated with the cluster ${cluster}.`,
    "capacity_provider_strategy",
  );
}

function checkTarget(
  world: World,
  region: string,
  balancer: Fields,
  definition: Fields,
  known: boolean,
): void {
  const arn = text(balancer, "target_group_arn");
  const users = [
    ...world.list({ type: "aws_lb_listener", region }),
    ...world.list({ type: "aws_lb_listener_rule", region }),
  ];
  if (arn && !users.some((user) => JSON.stringify(user.attributes).includes(arn))) {
    refuse(
      `The target group with targetGroupArn ${arn} does not have an associated load balancer.`,
      "load_balancer",
    );
  }
  const container = containersOf(definition).find((one) => one.name === balancer.container_name);
  if (known && !container)
    refuse(
      `The container ${text(balancer, "container_name")} does not exist in the task definition.`,
      "load_balancer",
    );
  const ports = blocks(container, "portMappings").map((mapping) => mapping.containerPort);
  if (container && !ports.includes(balancer.container_port ?? null)) {
    refuse(
      `The container ${text(container, "name")} did not have a container port ${text(balancer, "container_port")} defined.`,
      "load_balancer",
    );
  }
  const type = world.find({ type: "aws_lb_target_group", region, where: { arn } })?.attributes.target_type;
  const needed = definition.network_mode === "awsvpc" ? "ip" : "instance";
  if (known && type && type !== needed && definition.network_mode !== "host") {
    refuse(
      `The provided target group ${arn} has target type ${type}, which is incompatible with the ${text(definition, "network_mode") || "bridge"} network mode specified in the task definition.`,
      "load_balancer",
    );
  }
}

/** The capacity providers that a service names. */
export const strategyOf = (service: WorldObject): string[] =>
  blocks(service.attributes as Fields, "capacity_provider_strategy").map((one) =>
    text(one, "capacity_provider"),
  );

/** Refuses to take a provider from a cluster whose services still place tasks with it. */
export function checkDropped({ world, region, attributes, before }: Situation): void {
  const kept = texts(attributes, "capacity_providers");
  const dropped = texts(before, "capacity_providers").filter((provider) => !kept.includes(provider));
  for (const service of servicesOf(world, region, text(attributes, "cluster_name"))) {
    const provider = strategyOf(service).find((one) => dropped.includes(one));
    if (provider === undefined) continue;
    const said = `The specified capacity provider ${provider} is in use and cannot be removed. (service ${service.attributes.name})`;
    throw new AwsError("ResourceInUseException", said, "capacity_providers");
  }
}

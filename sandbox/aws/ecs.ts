import type { Fields, Value } from "../wire/value";
import { isRecord } from "../wire/value";
import type { World, WorldObject } from "../world";
import { userDataOf } from "./compute";
import {
  AwsError,
  blocks,
  type Kinds,
  type Problem,
  type Reference,
  type Situation,
  text,
  texts,
} from "./kind";
import { between, json, length, oneOf, pattern } from "./rules";

const toCluster: Reference = {
  type: "aws_ecs_cluster",
  by: "name",
  part: (value) => (value.startsWith("arn:") ? value.split("/").pop() : value),
};
const toProvider: Reference = {
  type: "aws_ecs_capacity_provider",
  by: "name",
  part: (value) => (/^FARGATE(_SPOT)?$/.test(value) ? undefined : value),
};
const toRole: Reference = { type: "aws_iam_role", by: "arn", holds: false };
const name255 = [
  length(1, 255),
  pattern(
    /^[\w-]+$/,
    "must have up to 255 letters (uppercase and lowercase), numbers, hyphens, and underscores",
  ),
];

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

/** ECS (ECS API Reference: CreateService, CreateCapacityProvider, RegisterTaskDefinition, DeleteCluster). */
export const ecs: Kinds = {
  aws_ecs_cluster: {
    made: { arn: "arn:aws:ecs:{region}:{account}:cluster/{name}", id: "{arn}" },
    replace: ["name"],
    rules: {
      name: name255,
      "setting.name": oneOf("containerInsights"),
      "setting.value": oneOf("enabled", "disabled", "enhanced"),
    },
    importAs: ["{name}"],
    missing: { code: "ClusterNotFoundException", message: "Cluster not found: {value}" },
    unique: { by: ["name"], code: "InvalidParameterException" },
    removable: checkClusterEmpty,
  },
  aws_ecs_capacity_provider: {
    made: { arn: "arn:aws:ecs:{region}:{account}:capacity-provider/{name}", id: "{arn}" },
    defaults: {
      "auto_scaling_group_provider.managed_draining": "ENABLED",
      "auto_scaling_group_provider.managed_termination_protection": "DISABLED",
      "auto_scaling_group_provider.managed_scaling.instance_warmup_period": 300,
      "auto_scaling_group_provider.managed_scaling.maximum_scaling_step_size": 10000,
      "auto_scaling_group_provider.managed_scaling.minimum_scaling_step_size": 1,
      "auto_scaling_group_provider.managed_scaling.status": "DISABLED",
      "auto_scaling_group_provider.managed_scaling.target_capacity": 100,
    },
    replace: ["name", "auto_scaling_group_provider.auto_scaling_group_arn"],
    rules: {
      name: [
        ...name255,
        pattern(
          /^(?!aws|ecs|fargate)/i,
          'a capacity provider name cannot be prefixed with "aws", "ecs", or "fargate"',
        ),
      ],
      "auto_scaling_group_provider.managed_draining": oneOf("ENABLED", "DISABLED"),
      "auto_scaling_group_provider.managed_termination_protection": oneOf("ENABLED", "DISABLED"),
      "auto_scaling_group_provider.managed_scaling.status": oneOf("ENABLED", "DISABLED"),
      "auto_scaling_group_provider.managed_scaling.target_capacity": between(1, 100),
    },
    refs: {
      "auto_scaling_group_provider.auto_scaling_group_arn": {
        type: "aws_autoscaling_group",
        by: "arn",
        holds: false,
      },
    },
    unique: {
      by: ["name"],
      code: "ClientException",
      message:
        "The specified capacity provider already exists. To change the configuration of an existing capacity provider, update it.",
    },
    missing: {
      code: "InvalidParameterException",
      message: "The specified capacity provider {value} was not found.",
    },
    inUse: {
      code: "ResourceInUseException",
      message: "The specified capacity provider {value} is in use and cannot be removed.",
    },
    importAs: ["{name}"],
    check: ({ world, region, attributes }) => {
      for (const block of blocks(attributes, "auto_scaling_group_provider")) {
        const group = world.find({
          type: "aws_autoscaling_group",
          region,
          where: { arn: text(block, "auto_scaling_group_arn") },
        });
        if (
          text(block, "managed_termination_protection") === "ENABLED" &&
          group?.attributes.protect_from_scale_in !== true
        ) {
          const said =
            "The managed termination protection setting for the capacity provider is invalid. To enable managed termination protection for a capacity provider, the Auto Scaling group must have instance protection from scale in enabled.";
          throw new AwsError("ClientException", said, "auto_scaling_group_provider");
        }
      }
    },
  },
  aws_ecs_cluster_capacity_providers: {
    made: { id: "{cluster_name}" },
    defaults: {
      "default_capacity_provider_strategy.base": 0,
      "default_capacity_provider_strategy.weight": 0,
    },
    replace: ["cluster_name"],
    refs: {
      cluster_name: { ...toCluster, holds: false },
      capacity_providers: toProvider,
      "default_capacity_provider_strategy.capacity_provider": toProvider,
    },
    check: ({ attributes }) => {
      const known = texts(attributes, "capacity_providers");
      for (const strategy of blocks(attributes, "default_capacity_provider_strategy")) {
        const provider = text(strategy, "capacity_provider");
        if (known.includes(provider)) continue;
        const said = `The specified capacity provider strategy cannot contain a capacity provider that is not associated with the cluster: ${provider}`;
        throw new AwsError("InvalidParameterException", said, "default_capacity_provider_strategy");
      }
    },
    removable: ({ world, region, object }) => {
      const services = servicesOf(world, region, String(object.attributes.cluster_name));
      const user = services.find(
        (service) => blocks(service.attributes as Fields, "capacity_provider_strategy").length > 0,
      );
      if (!user) return;
      const said = `The specified capacity provider is in use and cannot be removed (service ${user.attributes.name}).`;
      throw new AwsError("ResourceInUseException", said, "capacity_providers");
    },
  },
  aws_ecs_task_definition: {
    made: {
      revision: ({ world, region, attributes }) => nextRevision(world, region, text(attributes, "family")),
      arn: "arn:aws:ecs:{region}:{account}:task-definition/{family}:{revision}",
      arn_without_revision: "arn:aws:ecs:{region}:{account}:task-definition/{family}",
      id: "{family}",
      network_mode: ({ attributes }) =>
        texts(attributes, "requires_compatibilities").includes("FARGATE") ? "awsvpc" : "bridge",
    },
    defaults: { skip_destroy: false, track_latest: false, enable_fault_injection: false },
    replace: [
      "container_definitions",
      "cpu",
      "enable_fault_injection",
      "ephemeral_storage",
      "execution_role_arn",
      "family",
      "ipc_mode",
      "memory",
      "network_mode",
      "pid_mode",
      "placement_constraints",
      "proxy_configuration",
      "requires_compatibilities",
      "runtime_platform",
      "task_role_arn",
      "volume",
    ],
    rules: {
      family: name255,
      network_mode: oneOf("bridge", "host", "awsvpc", "none"),
      requires_compatibilities: oneOf("EC2", "FARGATE", "EXTERNAL", "MANAGED_INSTANCES"),
      container_definitions: json,
      "runtime_platform.cpu_architecture": oneOf("X86_64", "ARM64"),
    },
    verify: verifyTask,
    refs: { execution_role_arn: toRole, task_role_arn: toRole },
    missing: { code: "ClientException", message: "Unable to describe task definition {value}." },
    importAs: ["{arn}"],
    after: ({ world, object }) => {
      // Old revisions are deregistered, not deleted: the family remembers its numbers.
      if (!object) return;
      const family = {
        type: "sandbox_ecs_family",
        region: object.region,
        id: String(object.attributes.family),
      };
      world.put({ ...family, attributes: { revision: object.attributes.revision as number }, origin: "aws" });
    },
  },
  aws_ecs_service: {
    made: {
      arn: ({ attributes, region, account }) =>
        `arn:aws:ecs:${region}:${account}:service/${clusterName(attributes)}/${text(attributes, "name")}`,
      id: "{arn}",
      iam_role: "/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS",
      launch_type: ({ attributes }) =>
        blocks(attributes, "capacity_provider_strategy").length > 0 ? "" : "EC2",
      platform_version: ({ attributes }) => (text(attributes, "launch_type") === "FARGATE" ? "LATEST" : ""),
      cluster: ({ region, account }) => `arn:aws:ecs:${region}:${account}:cluster/default`,
      triggers: {},
    },
    defaults: {
      availability_zone_rebalancing: "ENABLED",
      deployment_maximum_percent: 200,
      deployment_minimum_healthy_percent: 100,
      enable_ecs_managed_tags: false,
      enable_execute_command: false,
      scheduling_strategy: "REPLICA",
      wait_for_steady_state: false,
      "deployment_controller.type": "ECS",
      "deployment_configuration.strategy": "ROLLING",
      "network_configuration.assign_public_ip": false,
    },
    replace: ["cluster", "launch_type", "name", "scheduling_strategy", "deployment_controller.type"],
    rules: {
      name: name255,
      launch_type: oneOf("EC2", "FARGATE", "EXTERNAL"),
      scheduling_strategy: oneOf("REPLICA", "DAEMON"),
      propagate_tags: oneOf("SERVICE", "TASK_DEFINITION", "NONE"),
      desired_count: between(0, 5000),
      deployment_maximum_percent: between(0, 400),
      deployment_minimum_healthy_percent: between(0, 100),
      health_check_grace_period_seconds: between(0, 2147483647),
      "load_balancer.container_port": between(0, 65536),
      "ordered_placement_strategy.type": oneOf("random", "spread", "binpack"),
    },
    exclusive: [["launch_type", "capacity_provider_strategy"]],
    verify: verifyService,
    refs: {
      cluster: { ...toCluster, holds: false },
      task_definition: {
        type: "aws_ecs_task_definition",
        by: "arn",
        holds: false,
        part: (value) => (value.startsWith("arn:") ? value : undefined),
      },
      "load_balancer.target_group_arn": { type: "aws_lb_target_group", by: "arn", holds: false },
      "network_configuration.subnets": { type: "aws_subnet" },
      "network_configuration.security_groups": { type: "aws_security_group" },
      "capacity_provider_strategy.capacity_provider": toProvider,
    },
    unique: {
      by: ["name", "cluster"],
      code: "InvalidParameterException",
      message: "Creation of service was not idempotent.",
    },
    importAs: ["{cluster_name}/{name}"],
    check: checkService,
  },
};

function range(from: number, to: number, step = 1024): number[] {
  return Array.from({ length: (to - from) / step + 1 }, (_, index) => from + index * step);
}

export function clusterName(attributes: Fields): string {
  return text(attributes, "cluster").split("/").pop() ?? "";
}

function servicesOf(world: World, region: string, cluster: string): WorldObject[] {
  return world
    .list({ type: "aws_ecs_service", region })
    .filter((service) => clusterName(service.attributes as Fields) === cluster);
}

function nextRevision(world: World, region: string, family: string): number {
  return Number(world.get("sandbox_ecs_family", region, family)?.attributes.revision ?? 0) + 1;
}

function checkClusterEmpty({ world, region, object }: Situation & { object: WorldObject }): void {
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

function verifyTask(config: Fields): Problem[] {
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
  return problems;
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

function verifyService(config: Fields): Problem[] {
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

function checkService(situation: Situation): void {
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

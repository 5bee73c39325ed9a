import type { Fields } from "../wire/value";
import { hookGroups } from "./draining";
import {
  checkClusterEmpty,
  checkDropped,
  checkService,
  clusterName,
  nextRevision,
  servicesOf,
  verifyService,
  verifyTask,
} from "./ecs-checks";
import { AwsError, blocks, type Kinds, type Reference, text, texts } from "./kind";
import { checkReach, rememberReach } from "./reach";
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
    after: hookGroups,
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
    retries: ["ResourceInUseException"],
    check: (situation) => {
      checkDropped(situation);
      const { attributes } = situation;
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
    after: rememberReach,
    removable: checkReach,
  },
};

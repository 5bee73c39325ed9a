import { createHash } from "node:crypto";
import type { ContainerDefinition } from "@aws-sdk/client-ecs";
import type { WorldObject } from "../world";
import { arnOf, block, blocks, flag, number, tagsOf, text, texts } from "./attributes";
import { findCluster, strategyOf } from "./catalog";
import { shortName, type Sim } from "./sim";
import type { Definition, ServiceSpec } from "./state";

/** Reads an applied task definition. */
function readDefinition(object: WorldObject): Definition {
  const { attributes } = object;
  const platform = block(attributes, "runtime_platform");
  const cpu = number(attributes, "cpu", 0);
  const memory = number(attributes, "memory", 0);
  const definition: Definition = {
    arn: arnOf(object),
    region: object.region,
    family: text(attributes, "family"),
    revision: number(attributes, "revision", 1),
    networkMode: text(attributes, "network_mode") || "bridge",
    compatibilities: texts(attributes, "requires_compatibilities"),
    architecture: text(platform, "cpu_architecture") === "ARM64" ? "arm64" : "amd64",
    containers: JSON.parse(text(attributes, "container_definitions") || "[]") as ContainerDefinition[],
  };
  if (cpu > 0) definition.cpu = cpu;
  if (memory > 0) definition.memory = memory;
  const execution = text(attributes, "execution_role_arn");
  const role = text(attributes, "task_role_arn");
  if (execution) definition.executionRole = execution;
  if (role) definition.taskRole = role;
  return definition;
}

/** Reads an applied service. */
export function readService(sim: Sim, object: WorldObject): ServiceSpec | undefined {
  const { attributes, region } = object;
  const cluster = findCluster(sim.world, region, text(attributes, "cluster") || undefined);
  if (!cluster) return undefined;
  const breaker = block(attributes, "deployment_circuit_breaker");
  const network = block(attributes, "network_configuration");
  const strategy = strategyOf(attributes, "capacity_provider_strategy");
  const launchType = text(attributes, "launch_type");
  const spec: ServiceSpec = {
    name: text(attributes, "name"),
    cluster: cluster.arn,
    region,
    taskDefinition: resolveDefinition(sim, region, text(attributes, "task_definition"))?.arn ?? "",
    desired: number(attributes, "desired_count", 0),
    minimumPercent: number(attributes, "deployment_minimum_healthy_percent", 100),
    maximumPercent: number(attributes, "deployment_maximum_percent", 200),
    breaker: { enable: flag(breaker, "enable"), rollback: flag(breaker, "rollback") },
    strategy: strategy.length === 0 && launchType === "" ? cluster.defaultStrategy : strategy,
    targets: blocks(attributes, "load_balancer")
      .filter((one) => text(one, "target_group_arn") !== "")
      .map((one) => ({
        group: text(one, "target_group_arn"),
        container: text(one, "container_name"),
        port: number(one, "container_port", 0),
      })),
    grace: number(attributes, "health_check_grace_period_seconds", 0) * 1000,
    tags: tagsOf(object),
    propagateTags: text(attributes, "propagate_tags") || "NONE",
    exec: flag(attributes, "enable_execute_command"),
  };
  if (launchType === "FARGATE" || (launchType === "EC2" && strategy.length === 0))
    spec.launchType = launchType;
  else if (spec.strategy.length === 0) spec.launchType = "EC2";
  if (network) {
    spec.network = {
      awsvpcConfiguration: {
        subnets: texts(network, "subnets"),
        securityGroups: texts(network, "security_groups"),
        assignPublicIp: flag(network, "assign_public_ip") ? "ENABLED" : "DISABLED",
      },
    };
  }
  return spec;
}

/** A task definition by ARN, family:revision, or family (its newest active revision). */
export function resolveDefinition(sim: Sim, region: string, given: string): Definition | undefined {
  const known = Object.values(sim.state.definitions).filter((one) => one.region === region);
  const wanted = given.startsWith("arn:") ? given : shortName(given);
  const [family, revision] = wanted.split(":");
  return known
    .filter((one) =>
      given.startsWith("arn:")
        ? one.arn === given
        : one.family === family && (revision ? one.revision === Number(revision) : !one.inactive),
    )
    .sort((one, other) => other.revision - one.revision)[0];
}

/**
 * Takes in the task definitions of the world. Those that Terraform destroyed are deregistered: INACTIVE, but kept, as
 * in AWS, because services may still run them.
 */
export function adoptDefinitions(sim: Sim): void {
  const applied = new Set<string>();
  for (const object of sim.world.list({ type: "aws_ecs_task_definition" })) {
    const arn = arnOf(object);
    applied.add(arn);
    const known = sim.state.definitions[arn];
    if (!known || known.inactive) sim.state.definitions[arn] = readDefinition(object);
  }
  for (const definition of Object.values(sim.state.definitions))
    if (!applied.has(definition.arn)) {
      definition.inactive = true;
      definition.inactiveSince ??= sim.state.time;
    }
}

/** What would make a difference to ECS, in short. */
export function fingerprint(object: WorldObject): string {
  const { tags: _, tags_all: __, timeouts: ___, triggers, ...rest } = object.attributes;
  return createHash("sha256").update(JSON.stringify({ rest, triggers })).digest("hex").slice(0, 16);
}

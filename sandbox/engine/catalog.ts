import type { CapacityProviderStrategyItem } from "@aws-sdk/client-ecs";
import type { Attributes, World, WorldObject } from "../world";
import { arnOf, block, blocks, number, tagsOf, text, texts } from "./attributes";
import { shortName } from "./sim";

/** What was applied, in the engine's words: clusters, capacity providers, groups, target groups. */
export interface Cluster {
  arn: string;
  name: string;
  region: string;
  providers: string[];
  defaultStrategy: CapacityProviderStrategyItem[];
  tags: { key: string; value: string }[];
  settings: { name: string; value: string }[];
}

export interface Provider {
  arn: string;
  name: string;
  region: string;
  group: string;
  managedScaling: boolean;
  targetCapacity: number;
  managedDraining: boolean;
  terminationProtection: boolean;
}

export interface ScalingGroup {
  name: string;
  minimum: number;
  maximum: number;
  desired: number;
  instanceType: string;
  zones: string[];
}

export interface TargetGroup {
  arn: string;
  path: string;
  interval: number;
  unhealthyAfter: number;
  /** Milliseconds of DEACTIVATING before a task gets its SIGTERM. */
  drain: number;
}

export const FARGATE_PROVIDERS = ["FARGATE", "FARGATE_SPOT"];

export function clusters(world: World, region: string): readonly Cluster[] {
  return world.derive(`clusters ${region}`, () =>
    world.list({ type: "aws_ecs_cluster", region }).map((object) => readCluster(world, object)),
  );
}

/** By name or ARN; ECS takes "default" when none is given. */
export function findCluster(world: World, region: string, given: string | undefined): Cluster | undefined {
  const wanted = given ?? "default";
  return clusters(world, region).find(({ arn, name }) => wanted === arn || wanted === name);
}

function readCluster(world: World, object: WorldObject): Cluster {
  const arn = arnOf(object);
  const name = text(object.attributes, "name");
  const capacity = world
    .list({ type: "aws_ecs_cluster_capacity_providers", region: object.region })
    .find((one) => [name, arn].includes(text(one.attributes, "cluster_name")))?.attributes;
  return {
    arn,
    name,
    region: object.region,
    providers: texts(capacity, "capacity_providers"),
    defaultStrategy: strategyOf(capacity, "default_capacity_provider_strategy"),
    tags: tagsOf(object),
    settings: blocks(object.attributes, "setting").map((one) => ({
      name: text(one, "name"),
      value: text(one, "value"),
    })),
  };
}

export function strategyOf(from: Attributes | undefined, name: string): CapacityProviderStrategyItem[] {
  return blocks(from, name).map((one) => ({
    capacityProvider: text(one, "capacity_provider"),
    weight: number(one, "weight", 0),
    base: number(one, "base", 0),
  }));
}

export function providers(world: World, region: string): readonly Provider[] {
  return world.derive(`capacity providers ${region}`, () =>
    world.list({ type: "aws_ecs_capacity_provider", region }).map(readProvider),
  );
}

function readProvider(object: WorldObject): Provider {
  const group = block(object.attributes, "auto_scaling_group_provider");
  const scaling = block(group, "managed_scaling");
  return {
    arn: arnOf(object),
    name: text(object.attributes, "name"),
    region: object.region,
    group: shortName(text(group, "auto_scaling_group_arn")),
    managedScaling: text(scaling, "status") === "ENABLED",
    targetCapacity: number(scaling, "target_capacity", 100),
    managedDraining: text(group, "managed_draining") !== "DISABLED",
    terminationProtection: text(group, "managed_termination_protection") === "ENABLED",
  };
}

export function findProvider(world: World, region: string, name: string): Provider | undefined {
  return providers(world, region).find((provider) => provider.name === name || provider.arn === name);
}

export function findGroup(world: World, region: string, name: string): ScalingGroup | undefined {
  return world.derive(`scaling group ${region} ${name}`, () => {
    const object = world
      .list({ type: "aws_autoscaling_group", region })
      .find(({ id, attributes }) => id === name || text(attributes, "name") === name);
    return object && readGroup(world, name, object);
  });
}

function readGroup(world: World, name: string, { region, attributes }: WorldObject): ScalingGroup {
  const minimum = number(attributes, "min_size", 0);
  const subnets = texts(attributes, "vpc_zone_identifier").map((id) => world.get("aws_subnet", region, id));
  const zones = subnets.map((subnet) => text(subnet?.attributes, "availability_zone")).filter(Boolean);
  return {
    name,
    minimum,
    maximum: number(attributes, "max_size", minimum),
    desired: Math.max(minimum, number(attributes, "desired_capacity", minimum)),
    instanceType: instanceType(world, region, attributes),
    zones: zones.length > 0 ? zones : ["a", "b", "c"].map((letter) => `${region}${letter}`),
  };
}

function instanceType(world: World, region: string, group: Attributes): string {
  const mixed = block(block(group, "mixed_instances_policy"), "launch_template");
  const preferred = blocks(mixed, "override")
    .map((one) => text(one, "instance_type"))
    .find(Boolean);
  if (preferred) return preferred;
  const reference = block(mixed, "launch_template_specification") ?? block(group, "launch_template");
  const wanted = text(reference, "launch_template_id") || text(reference, "id");
  const template = world.get("aws_launch_template", region, wanted);
  return text(template?.attributes, "instance_type") || "t3.medium";
}

export function findTargetGroup(world: World, region: string, arn: string): TargetGroup | undefined {
  const object = world.list({ type: "aws_lb_target_group", region }).find((one) => arnOf(one) === arn);
  if (!object) return undefined;
  const check = block(object.attributes, "health_check");
  return {
    arn,
    path: text(check, "path") || "/",
    interval: number(check, "interval", 30) * 1000,
    unhealthyAfter: number(check, "unhealthy_threshold", 3),
    drain: number(object.attributes, "deregistration_delay", 300) * 1000,
  };
}

export function logGroupExists(world: World, region: string, name: string): boolean {
  return world
    .list({ type: "aws_cloudwatch_log_group", region })
    .some(({ attributes }) => text(attributes, "name") === name);
}

/** An SSM parameter by name or ARN. */
export function findParameter(world: World, region: string, given: string): WorldObject | undefined {
  const named = /^arn:[^:]+:ssm:([^:]+):\d+:parameter(\/?.+)$/.exec(given);
  const where = named?.[1] ?? region;
  return world
    .list({ type: "aws_ssm_parameter", region: where })
    .find(({ attributes }) =>
      named
        ? arnOf({ attributes } as WorldObject) === given || text(attributes, "name") === named[2]
        : text(attributes, "name") === given,
    );
}

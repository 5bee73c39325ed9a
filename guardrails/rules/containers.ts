import { each, type Hit, hit, lacks, theme } from "../rule";
import type { Block, Stack } from "../stack";
import { absent, amount, type Body, isBody, isExpression, text, truth, within } from "../values";

/** A container of a task definition. */
export interface Container {
  readonly block: Block;
  /** With its name where it is known: `container_definitions.web`. */
  readonly path: string;
  readonly body: Body;
}

/** Every container that can be read: definitions that are one big expression cannot. */
export const containersOf = (stack: Stack): Container[] =>
  stack.all("aws_ecs_task_definition").flatMap((block) =>
    definitions(block.body.container_definitions).map((body, index) => ({
      block,
      path: `container_definitions.${text(body.name) ?? index}`,
      body,
    })),
  );

function definitions(value: unknown): Body[] {
  if (Array.isArray(value)) return value.filter(isBody);
  if (typeof value !== "string" || !value.trimStart().startsWith("[")) return [];
  try {
    return (JSON.parse(value) as unknown[]).filter(isBody);
  } catch {
    // Not JSON before Terraform has filled in its expressions.
    return [];
  }
}

/** Whether ECS itself rolls the service out, not CodeDeploy or another. */
const isRolledByEcs = (block: Block) =>
  !isExpression(block.body.deployment_controller) &&
  within(block, "deployment_controller").every(({ body }) => text(body.type, "ECS") === "ECS");

function withoutBreaker(block: Block): Hit[] {
  if (!isRolledByEcs(block)) return [];
  if (absent(block, "deployment_circuit_breaker")) return [lacks(block, "deployment_circuit_breaker")];
  return within(block, "deployment_circuit_breaker").flatMap((at) =>
    ["enable", "rollback"]
      .filter((key) => truth(at.body[key], false) === false)
      .map((key) => hit(block, at, key)),
  );
}

const hasDefaultStrategy = (block: Block) => !absent(block, "default_capacity_provider_strategy");

function bypassesProviders(block: Block, stack: Stack): Hit[] {
  if (text(block.body.launch_type) === "EC2") return [hit(block, block, "launch_type")];
  const silent = absent(block, "launch_type") && absent(block, "capacity_provider_strategy");
  const clusters = stack.named(block.body.cluster, "aws_ecs_cluster");
  if (!silent || clusters.length === 0) return [];
  return stack.all("aws_ecs_cluster_capacity_providers").some(hasDefaultStrategy)
    ? []
    : [lacks(block, "capacity_provider_strategy")];
}

const scheduled = (block: Block) =>
  [...within(block, "ecs_target"), ...within(block, "target", "ecs_parameters")]
    .filter(({ body }) => text(body.launch_type) === "EC2")
    .map((at) => hit(block, at, "launch_type"));

function untaggedGroup(provider: Block, stack: Stack): Hit[] {
  const groups = within(provider, "auto_scaling_group_provider").flatMap(({ body }) =>
    stack.named(body.auto_scaling_group_arn, "aws_autoscaling_group"),
  );
  return groups
    .filter((group) => !isExpression(group.body.tag))
    .filter((group) =>
      within(group, "tag").every(({ body }) => (text(body.key) ?? "AmazonECSManaged") !== "AmazonECSManaged"),
    )
    .map((group) => lacks(group, "tag"));
}

/** How ECS places, replaces and restarts tasks. */
export const containers = theme("containers", [
  {
    id: "circuit-breaker",
    why: "Without the circuit breaker a release that cannot start is tried for ever, and nothing rolls it back.",
    source: "ECS guide, Deployment circuit breaker; seen in practice",
    mend: "Set deployment_circuit_breaker { enable = true, rollback = true }.",
    find: each(["aws_ecs_service"], withoutBreaker),
  },
  {
    id: "launch-type-ec2",
    why: "launch_type EC2 bypasses capacity providers: what does not fit stays pending, and no machine is added.",
    source: "ECS guide, Capacity providers; seen in practice",
    mend: "Set capacity_provider_strategy instead of launch_type.",
    find: (stack) => [
      ...stack.all("aws_ecs_service").flatMap((block) => bypassesProviders(block, stack)),
      ...stack.all("aws_cloudwatch_event_target", "aws_scheduler_schedule").flatMap(scheduled),
    ],
  },
  {
    id: "cluster-default-strategy",
    why: "In a cluster without a default strategy every run-task that names none bypasses the capacity providers: a migration finds no room.",
    source: "ECS API, RunTask: launchType; seen in practice",
    mend: "Set default_capacity_provider_strategy on the aws_ecs_cluster_capacity_providers.",
    find: each(["aws_ecs_cluster_capacity_providers"], (block) =>
      hasDefaultStrategy(block) || absent(block, "capacity_providers")
        ? []
        : [lacks(block, "default_capacity_provider_strategy")],
    ),
  },
  {
    id: "managed-scaling",
    why: "Without managed scaling a full cluster stays full: scaling on CPU never sees the tasks that found no room.",
    source: "ECS guide, Cluster auto scaling; seen in practice",
    mend: 'Set managed_scaling { status = "ENABLED" } with a target below 100 for headroom.',
    find: each(["aws_ecs_capacity_provider"], (block) =>
      within(block, "auto_scaling_group_provider", "managed_scaling")
        .filter(({ body }) => text(body.status) === "DISABLED")
        .map((at) => hit(block, at, "status")),
    ),
  },
  {
    id: "ecs-managed-tag",
    why: "ECS tags the group of a capacity provider by itself: a group that does not declare the tag differs in every plan.",
    source: "Terraform AWS provider, aws_ecs_capacity_provider: note on AmazonECSManaged",
    mend: 'Declare the tag AmazonECSManaged = "true" on the group, propagated at launch.',
    find: each(["aws_ecs_capacity_provider"], untaggedGroup),
  },
  {
    id: "health-check-grace",
    why: "Without a grace period the load balancer's first failed check stops a task that is still starting, again and again.",
    source: "ECS API, CreateService: healthCheckGracePeriodSeconds; seen in practice",
    mend: "Set health_check_grace_period_seconds to what a cold start takes.",
    find: each(["aws_ecs_service"], (block) =>
      within(block, "load_balancer").length > 0 &&
      amount(block.body.health_check_grace_period_seconds, 0) === 0
        ? [hit(block, block, "health_check_grace_period_seconds")]
        : [],
    ),
  },
  {
    id: "privileged-container",
    why: "A privileged container is root on its machine, and sees every other task on it.",
    source: "AWS Security Hub ECS.4",
    mend: "Remove privileged; add the one Linux capability that is needed.",
    find: (stack) =>
      containersOf(stack)
        .filter(({ body }) => truth(body.privileged, false) === true)
        .map(({ block, path }) => ({ address: block.address, path: `${path}.privileged`, value: true })),
  },
]);

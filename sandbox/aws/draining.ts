import type { Fields } from "../wire/value";
import { keyOf, type World, type WorldObject } from "../world";
import { AwsError, blocks, type Situation, text } from "./kind";

/**
 * The hook that ECS puts on a group with managed draining. It holds each instance until ECS says that its tasks are
 * gone, at most an hour. Source: "Safely stop Amazon ECS workloads running on EC2 instances", ECS guide.
 */
const HOOK = "ecs-managed-draining-termination-hook";

/** Puts ECS's hook on the groups of a capacity provider. */
export function hookGroups({ world, region, attributes }: Situation): void {
  for (const block of blocks(attributes, "auto_scaling_group_provider")) {
    if (text(block, "managed_draining") !== "ENABLED") continue;
    const group = groupByArn(world, region, text(block, "auto_scaling_group_arn"));
    if (!group) continue;
    world.put({
      type: "aws_autoscaling_lifecycle_hook",
      region,
      id: `${group.id}/${HOOK}`,
      attributes: {
        id: `${group.id}/${HOOK}`,
        name: HOOK,
        region,
        autoscaling_group_name: group.id,
        default_result: "CONTINUE",
        heartbeat_timeout: 3600,
        lifecycle_transition: "autoscaling:EC2_INSTANCE_TERMINATING",
      },
      origin: "aws",
      owner: keyOf(group),
    });
  }
}

/** Refuses to remove a group whose instances ECS's hook holds, when the provider that would let them go is gone. */
export function checkHook({ world, region, object, attributes }: Situation & { object: WorldObject }): void {
  const hook = world.get("aws_autoscaling_lifecycle_hook", region, `${object.id}/${HOOK}`);
  const handler = world
    .list({ type: "aws_ecs_capacity_provider", region })
    .some((provider) => groupsOf(world, provider).some(({ id }) => id === object.id));
  const empty = Number(object.attributes.desired_capacity ?? 0) === 0;
  if (!hook || handler || empty || attributes.force_delete === true) return;
  const said = `waiting for Auto Scaling Group (${object.id}) drained: timeout while waiting: ${HOOK} holds its instances in Terminating:Wait, and the capacity provider that would complete it is gone; force_delete is not set`;
  throw new AwsError("timeout", said, "force_delete");
}

const groupByArn = (world: World, region: string, arn: string) =>
  world.find({ type: "aws_autoscaling_group", region, where: { arn } });

/** The Auto Scaling groups of a capacity provider. */
export function groupsOf(world: World, provider: WorldObject): WorldObject[] {
  return blocks(provider.attributes as Fields, "auto_scaling_group_provider").flatMap((block) => {
    const group = groupByArn(world, provider.region, text(block, "auto_scaling_group_arn"));
    return group ? [group] : [];
  });
}

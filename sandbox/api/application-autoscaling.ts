import type * as autoscaling from "@aws-sdk/client-application-auto-scaling";
import { number, text } from "../engine/attributes";
import type { WorldObject } from "../world";
import { type Call, type Operations, operation } from "./call";
import { AwsFailure } from "./errors";

/** How many tasks a service may have, as whoever holds or releases it sees it; Terraform registers it. */
export const APPLICATION_AUTOSCALING: Operations = {
  DescribeScalableTargets: operation<
    autoscaling.DescribeScalableTargetsRequest,
    autoscaling.DescribeScalableTargetsResponse
  >(["ServiceNamespace"], (call, { ServiceNamespace, ResourceIds, ScalableDimension }) => ({
    ScalableTargets: targets(call)
      .filter(
        ({ attributes }) =>
          text(attributes, "service_namespace") === ServiceNamespace &&
          (!ResourceIds || ResourceIds.includes(text(attributes, "resource_id"))) &&
          (!ScalableDimension || text(attributes, "scalable_dimension") === ScalableDimension),
      )
      .map(({ attributes }) => ({
        ServiceNamespace,
        ResourceId: text(attributes, "resource_id"),
        ScalableDimension: text(attributes, "scalable_dimension") as autoscaling.ScalableDimension,
        MinCapacity: number(attributes, "min_capacity", 0),
        MaxCapacity: number(attributes, "max_capacity", 0),
        RoleARN: text(attributes, "role_arn"),
        CreationTime: undefined,
        ScalableTargetARN: text(attributes, "arn"),
      })),
  })),
  /** Changes one that is there. What is new Terraform makes. */
  RegisterScalableTarget: operation<
    autoscaling.RegisterScalableTargetRequest,
    autoscaling.RegisterScalableTargetResponse
  >(["ServiceNamespace", "ResourceId", "ScalableDimension"], (call, input) => {
    const found = targets(call).find(
      ({ attributes }) =>
        text(attributes, "resource_id") === input.ResourceId &&
        text(attributes, "scalable_dimension") === input.ScalableDimension,
    );
    if (!found)
      throw new AwsFailure(
        "ValidationException",
        `The sandbox changes scalable targets that are there: ${input.ResourceId} is none.`,
      );
    const min = input.MinCapacity ?? number(found.attributes, "min_capacity", 0);
    const max = input.MaxCapacity ?? number(found.attributes, "max_capacity", 0);
    if (min > max)
      throw new AwsFailure("ValidationException", "Maximum capacity cannot be less than minimum capacity");
    call.sim.edits.push((world) => world.update(found, { min_capacity: min, max_capacity: max }));
    return { ScalableTargetARN: text(found.attributes, "arn") };
  }),
};

const targets = ({ sim, region }: Call): WorldObject[] =>
  sim.world.list({ type: "aws_appautoscaling_target", region });

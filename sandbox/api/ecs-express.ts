import type * as ecs from "@aws-sdk/client-ecs";
import { block, blocks, number, text, texts } from "../engine/attributes";
import type { WorldObject } from "../world";
import { type Operations, operation } from "./call";
import { AwsFailure } from "./errors";

export const EXPRESS: Operations = {
  DescribeExpressGatewayService: operation<
    ecs.DescribeExpressGatewayServiceRequest,
    ecs.DescribeExpressGatewayServiceResponse
  >(["serviceArn"], ({ sim, region }, { serviceArn }) => {
    const found = sim.world
      .list({ type: "aws_ecs_express_gateway_service", region })
      .find(({ attributes }) => text(attributes, "service_arn") === serviceArn);
    if (!found) throw new AwsFailure("ResourceNotFoundException", "The specified resource wasn't found.");
    return { service: view(found) };
  }),
};

function view({ attributes }: WorldObject): ecs.ECSExpressGatewayService {
  return {
    cluster: text(attributes, "cluster"),
    serviceName: text(attributes, "service_name"),
    serviceArn: text(attributes, "service_arn"),
    infrastructureRoleArn: text(attributes, "infrastructure_role_arn"),
    status: { statusCode: "ACTIVE" },
    activeConfigurations: [configuration(attributes)],
  };
}

function configuration(attributes: WorldObject["attributes"]): ecs.ExpressGatewayServiceConfiguration {
  const container = block(attributes, "primary_container");
  const scaling = block(attributes, "scaling_target");
  const taskRoleArn = text(attributes, "task_role_arn");
  return {
    executionRoleArn: text(attributes, "execution_role_arn"),
    ...(taskRoleArn && { taskRoleArn }),
    cpu: text(attributes, "cpu"),
    memory: text(attributes, "memory"),
    healthCheckPath: text(attributes, "health_check_path"),
    primaryContainer: {
      image: text(container, "image"),
      containerPort: number(container, "container_port", 80),
      command: texts(container, "command"),
      environment: blocks(container, "environment").map((one) => ({
        name: text(one, "name"),
        value: text(one, "value"),
      })),
      secrets: blocks(container, "secret").map((one) => ({
        name: text(one, "name"),
        valueFrom: text(one, "value_from"),
      })),
    },
    scalingTarget: {
      minTaskCount: number(scaling, "min_task_count", 1),
      maxTaskCount: number(scaling, "max_task_count", 20),
      autoScalingMetric: (text(scaling, "auto_scaling_metric") ||
        "AVERAGE_CPU") as ecs.ExpressGatewayServiceScalingMetric,
      autoScalingTargetValue: number(scaling, "auto_scaling_target_value", 60),
    },
    ingressPaths: blocks(attributes, "ingress_paths").map((one) => ({
      accessType: text(one, "access_type") as ecs.AccessType,
      endpoint: text(one, "endpoint"),
    })),
  };
}

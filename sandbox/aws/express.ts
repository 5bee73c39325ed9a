import type { Kinds } from "./kind";
import { length, oneOf, pattern } from "./rules";

/**
 * Services of ECS Express Mode as they are described; nothing of them runs here (ECS API Reference:
 * CreateExpressGatewayService).
 */
export const express: Kinds = {
  aws_ecs_express_gateway_service: {
    made: {
      service_arn: "arn:aws:ecs:{region}:{account}:service/{cluster}/{service_name}",
      ingress_paths: ({ region, hex }) => [
        { access_type: "PUBLIC", endpoint: `https://${hex(12)}.ecs.${region}.on.aws` },
      ],
    },
    defaults: {
      cluster: "default",
      cpu: "256",
      memory: "512",
      health_check_path: "/ping",
      "primary_container.container_port": 80,
    },
    replace: ["cluster", "service_name", "infrastructure_role_arn"],
    rules: {
      service_name: [length(1, 255), pattern(/^[\w-]+$/, "holds letters, digits, hyphens and underscores")],
      health_check_path: pattern(/^\//, "must start with a forward slash"),
      "scaling_target.auto_scaling_metric": oneOf(
        "AVERAGE_CPU",
        "AVERAGE_MEMORY",
        "REQUEST_COUNT_PER_TARGET",
      ),
    },
    refs: {
      cluster: {
        type: "aws_ecs_cluster",
        by: "name",
        part: (name) => (name === "default" ? undefined : name),
      },
    },
    // Source: "Service names", "Considerations" of ECS Express Mode, ECS developer guide.
    unique: { by: ["cluster", "service_name"], code: "InvalidParameterException" },
  },
};

import {
  DescribeExpressGatewayServiceCommand,
  ECSClient,
  type ECSExpressGatewayService,
  type ExpressGatewayServiceConfiguration,
} from "@aws-sdk/client-ecs";
import { answer, type Place, placeOf } from "./aws";
import { type Container, readContainer, units } from "./container";
import { type Found, ImportError } from "./found";

/**
 * A service of ECS Express Mode, by its ARN: one call that reads.
 * @throws ImportError
 */
export async function readExpress(arn: string, domain: string | undefined): Promise<Found> {
  const place = placeOf(arn, "ecs", 2);
  const client = new ECSClient({ region: place.region });
  const { service } = await answer(
    "ecs:DescribeExpressGatewayService",
    client.send(new DescribeExpressGatewayServiceCommand({ serviceArn: arn })),
  );
  const configuration = newest(service);
  if (service === undefined || configuration === undefined)
    throw new ImportError([
      `${place.names[1]} has no configuration that is active: it is going, or was never made.`,
    ]);
  return readContainer(containerOf(place, service, configuration), domain);
}

/** The configuration that was made last: in a deployment there are two. */
const newest = (
  service: ECSExpressGatewayService | undefined,
): ExpressGatewayServiceConfiguration | undefined =>
  [...(service?.activeConfigurations ?? [])].sort(
    (one, other) => Number(other.createdAt ?? 0) - Number(one.createdAt ?? 0),
  )[0];

function containerOf(
  { arn, region, names }: Place,
  { serviceName }: ECSExpressGatewayService,
  configuration: ExpressGatewayServiceConfiguration,
): Container {
  const { primaryContainer, scalingTarget, ingressPaths = [] } = configuration;
  const { environment = [], secrets = [] } = primaryContainer ?? {};
  const open = ingressPaths.find(({ accessType }) => accessType === "PUBLIC")?.endpoint;
  const byCpu = scalingTarget?.autoScalingMetric === "AVERAGE_CPU";
  return {
    name: serviceName ?? names[1] ?? "",
    region,
    image: primaryContainer?.image,
    // Defaults: CreateExpressGatewayService, ECS API reference.
    port: primaryContainer?.containerPort ?? 80,
    command: primaryContainer?.command?.length ? primaryContainer.command : undefined,
    health: configuration.healthCheckPath ?? "/ping",
    size: { cpu: units(configuration.cpu, 256), memory: units(configuration.memory, 512) },
    architecture: configuration.cpuArchitecture === "ARM64" ? "ARM64" : undefined,
    scaling: {
      min: scalingTarget?.minTaskCount ?? 1,
      max: scalingTarget?.maxTaskCount ?? 20,
      cpu: byCpu ? scalingTarget?.autoScalingTargetValue : undefined,
    },
    variables: Object.fromEntries(
      environment.flatMap(({ name, value }) => (name ? [[name, value ?? ""]] : [])),
    ),
    printed: (variable) =>
      `aws ecs describe-express-gateway-service --region ${region} --service-arn ${arn} --query "service.activeConfigurations[0].primaryContainer.environment[?name=='${variable}'].value | [0]" --output text`,
    secrets: Object.fromEntries(
      secrets.flatMap(({ name, valueFrom }) => (name && valueFrom ? [[name, valueFrom]] : [])),
    ),
    origin: open && `https://${open.replace(/^https?:\/\//, "").replace(/\/$/, "")}`,
    domains: [],
    remarks: [...remarksOn(configuration)],
  };
}

function* remarksOn({ taskRoleArn, scalingTarget }: ExpressGatewayServiceConfiguration): Generator<string> {
  if (taskRoleArn)
    yield `What its role ${taskRoleArn.split("/").at(-1)} allows, permissions of the service say.`;
  const metric = scalingTarget?.autoScalingMetric;
  if (metric !== undefined && metric !== "AVERAGE_CPU")
    yield `It scales by ${metric}, autoscaling by the tasks' CPU: watch it, and set max and cpu.`;
  yield "Host names of its own stand in no answer of Express Mode's: say the one that people type with --domain.";
}

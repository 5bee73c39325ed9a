import type * as ecs from "@aws-sdk/client-ecs";
import { resolveDefinition } from "../engine/applied";
import { settle } from "../engine/engine";
import { changeService, writeBack } from "../engine/services";
import type { Service, ServiceSpec } from "../engine/state";
import { type Call, type Operations, operation, page, pageSize } from "./call";
import { clusterOf, findService, serviceOf, wholeArn } from "./ecs-find";
import { serviceView } from "./ecs-views";
import { AwsFailure } from "./errors";

export const SERVICES: Operations = {
  DescribeServices: operation<ecs.DescribeServicesRequest, ecs.DescribeServicesResponse>(
    ["services"],
    describeServices,
  ),
  ListServices: operation<ecs.ListServicesRequest, ecs.ListServicesResponse>([], (call, input) => {
    const cluster = clusterOf(call, input.cluster);
    const arns = Object.values(call.sim.state.services)
      .filter(({ spec, status }) => spec.cluster === cluster.arn && status !== "INACTIVE")
      .filter(({ spec }) => input.launchType === undefined || spec.launchType === input.launchType)
      .map(({ arn }) => arn);
    const { items, ...next } = page(arns, input.nextToken, pageSize(input.maxResults, 100, 10));
    return { serviceArns: items, ...next };
  }),
  UpdateService: operation<ecs.UpdateServiceRequest, ecs.UpdateServiceResponse>(["service"], updateService),
};

function describeServices(call: Call, input: ecs.DescribeServicesRequest): ecs.DescribeServicesResponse {
  const cluster = clusterOf(call, input.cluster);
  const given = input.services ?? [];
  if (given.length > 10)
    throw new AwsFailure("InvalidParameterException", "Services cannot be more than 10 entries.");
  const services: ecs.Service[] = [];
  const failures: ecs.Failure[] = [];
  for (const one of given) {
    const service = findService(call, cluster, one);
    if (service) services.push(serviceView(call.sim, seen(call, service)));
    else failures.push({ arn: wholeArn(cluster, "service", one), reason: "MISSING" });
  }
  return { services, failures };
}

/** Reads lag behind changes: for a moment the service is as it was. */
function seen(call: Call, service: Service): Service {
  const { before } = service;
  const tooNew = before && before.at + call.sim.pace.lag > call.sim.state.time;
  return before && (call.stale || tooNew) ? before.service : service;
}

/** Source: UpdateService in the ECS API reference. Other changes than these are refused rather than ignored. */
const CHANGEABLE = new Set([
  "cluster",
  "service",
  "desiredCount",
  "taskDefinition",
  "forceNewDeployment",
  "capacityProviderStrategy",
  "networkConfiguration",
  "healthCheckGracePeriodSeconds",
  "deploymentConfiguration",
]);

function updateService(call: Call, input: ecs.UpdateServiceRequest): ecs.UpdateServiceResponse {
  const service = serviceOf(call, clusterOf(call, input.cluster), input.service ?? "");
  if (input.forceNewDeployment && input.taskDefinition === undefined) checkActive(call, service);
  for (const [name, value] of Object.entries(input))
    if (!CHANGEABLE.has(name) && value !== undefined && value !== null)
      throw new AwsFailure(
        "InvalidParameterException",
        `The sandbox does not stand in for UpdateService with ${name}.`,
      );
  changeService(call.sim, service, changedSpec(call, service, input), input.forceNewDeployment ?? false);
  writeBack(call.sim, service);
  settle(call.sim);
  return { service: serviceView(call.sim, service) };
}

/** What was deregistered can be deployed for ten more minutes. Source: DeregisterTaskDefinition, ECS API reference. */
const GRACE = 10 * 60_000;

function checkActive({ sim }: Call, service: Service): void {
  const since = sim.state.definitions[service.spec.taskDefinition]?.inactiveSince;
  if (since !== undefined && sim.state.time - since > GRACE)
    throw new AwsFailure("ClientException", "TaskDefinition is inactive");
}

function changedSpec(call: Call, service: Service, input: ecs.UpdateServiceRequest): ServiceSpec {
  const spec: ServiceSpec = { ...service.spec };
  if (input.desiredCount !== undefined) {
    if (input.desiredCount < 0)
      throw new AwsFailure("InvalidParameterException", "desiredCount must not be negative.");
    spec.desired = input.desiredCount;
  }
  if (input.taskDefinition !== undefined) {
    const definition = resolveDefinition(call.sim, call.region, input.taskDefinition);
    if (!definition) throw new AwsFailure("ClientException", "Unable to describe task definition.");
    if (definition.inactive) throw new AwsFailure("ClientException", "TaskDefinition is inactive");
    spec.taskDefinition = definition.arn;
  }
  if (input.capacityProviderStrategy !== undefined) {
    spec.strategy = input.capacityProviderStrategy;
    delete spec.launchType;
  }
  if (input.networkConfiguration !== undefined) spec.network = input.networkConfiguration;
  if (input.healthCheckGracePeriodSeconds !== undefined)
    spec.grace = input.healthCheckGracePeriodSeconds * 1000;
  const rolling = input.deploymentConfiguration;
  if (rolling?.maximumPercent !== undefined) spec.maximumPercent = rolling.maximumPercent;
  if (rolling?.minimumHealthyPercent !== undefined) spec.minimumPercent = rolling.minimumHealthyPercent;
  const breaker = rolling?.deploymentCircuitBreaker;
  if (breaker) spec.breaker = { enable: breaker.enable ?? false, rollback: breaker.rollback ?? false };
  return spec;
}

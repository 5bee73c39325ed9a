import type * as ecs from "@aws-sdk/client-ecs";
import { requestStop } from "../engine/deployments";
import type { Service, ServiceDeployment } from "../engine/state";
import { type Call, type Operations, operation, page, pageSize } from "./call";
import { clusterOf, findService } from "./ecs-find";
import { revisionView, serviceDeploymentView } from "./ecs-views";
import { AwsFailure } from "./errors";

export const DEPLOYMENTS: Operations = {
  ListServiceDeployments: operation<ecs.ListServiceDeploymentsRequest, ecs.ListServiceDeploymentsResponse>(
    ["service"],
    listServiceDeployments,
  ),
  DescribeServiceDeployments: operation<
    ecs.DescribeServiceDeploymentsRequest,
    ecs.DescribeServiceDeploymentsResponse
  >(["serviceDeploymentArns"], (call, input) => {
    const arns = atMost20(input.serviceDeploymentArns ?? []);
    const found = arns.map((arn) => ({ arn, run: findRun(call, arn) }));
    return {
      serviceDeployments: found.flatMap(({ run }) =>
        run ? [serviceDeploymentView(call.sim, run.service, run.run)] : [],
      ),
      failures: missingOnes(found.filter(({ run }) => !run)),
    };
  }),
  DescribeServiceRevisions: operation<
    ecs.DescribeServiceRevisionsRequest,
    ecs.DescribeServiceRevisionsResponse
  >(["serviceRevisionArns"], (call, input) => {
    const arns = atMost20(input.serviceRevisionArns ?? []);
    const found = arns.map((arn) => ({ arn, view: findRevision(call, arn) }));
    return {
      serviceRevisions: found.flatMap(({ view }) => (view ? [view] : [])),
      failures: missingOnes(found.filter(({ view }) => !view)),
    };
  }),
  StopServiceDeployment: operation<ecs.StopServiceDeploymentRequest, ecs.StopServiceDeploymentResponse>(
    ["serviceDeploymentArn"],
    stopServiceDeployment,
  ),
};

/** Newest first. */
function listServiceDeployments(
  call: Call,
  input: ecs.ListServiceDeploymentsRequest,
): ecs.ListServiceDeploymentsResponse {
  const service = findService(call, clusterOf(call, input.cluster), input.service ?? "");
  if (!service) throw new AwsFailure("ServiceNotFoundException", "Service not found.");
  const after = input.createdAt?.after === undefined ? undefined : Number(input.createdAt.after) * 1000;
  const before = input.createdAt?.before === undefined ? undefined : Number(input.createdAt.before) * 1000;
  const runs = service.history.filter(
    ({ status, createdAt }) =>
      (!input.status?.length || input.status.includes(status)) &&
      (after === undefined || createdAt > after) &&
      (before === undefined || createdAt < before),
  );
  const { items, ...next } = page(runs, input.nextToken, pageSize(input.maxResults, 100, 20));
  return { serviceDeployments: items.map((run) => brief(service, run)), ...next };
}

function brief(service: Service, run: ServiceDeployment): ecs.ServiceDeploymentBrief {
  return {
    serviceDeploymentArn: run.arn,
    serviceArn: service.arn,
    clusterArn: service.spec.cluster,
    createdAt: new Date(run.createdAt),
    startedAt: new Date(run.createdAt),
    finishedAt: run.finishedAt === undefined ? undefined : new Date(run.finishedAt),
    targetServiceRevisionArn: run.target,
    status: run.status,
    statusReason: run.reason,
  };
}

function findRun(call: Call, arn: string): { service: Service; run: ServiceDeployment } | undefined {
  for (const service of Object.values(call.sim.state.services)) {
    const run = service.history.find((one) => one.arn === arn);
    if (run && service.spec.region === call.region) return { service, run };
  }
  return undefined;
}

function findRevision(call: Call, arn: string): ecs.ServiceRevision | undefined {
  for (const service of Object.values(call.sim.state.services)) {
    const deployment = service.deployments.find(({ revision }) => revision === arn);
    if (deployment && service.spec.region === call.region) return revisionView(call.sim, service, deployment);
  }
  return undefined;
}

function atMost20(arns: string[]): string[] {
  if (arns.length > 20)
    throw new AwsFailure("InvalidParameterException", "At most 20 ARNs can be described at once.");
  return arns;
}

function missingOnes(found: { arn: string }[]): ecs.Failure[] {
  return found.map(({ arn }) => ({ arn, reason: "MISSING" }));
}

/** Only what is under way can be stopped ("Stopping Amazon ECS service deployments"). */
const STOPPABLE = ["PENDING", "IN_PROGRESS", "STOP_REQUESTED", "ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS"];

function stopServiceDeployment(
  call: Call,
  input: ecs.StopServiceDeploymentRequest,
): ecs.StopServiceDeploymentResponse {
  const arn = input.serviceDeploymentArn ?? "";
  const found = findRun(call, arn);
  if (!found) throw new AwsFailure("ServiceDeploymentNotFoundException", "Service deployment not found.");
  if (!STOPPABLE.includes(found.run.status))
    throw new AwsFailure("ConflictException", "The service deployment has already finished.");
  requestStop(call.sim, found.service, found.run, input.stopType === "ABORT" ? "ABORT" : "ROLLBACK");
  return { serviceDeploymentArn: arn };
}

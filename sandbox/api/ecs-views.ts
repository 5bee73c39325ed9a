import type * as ecs from "@aws-sdk/client-ecs";
import type { Sim } from "../engine/sim";
import type { Container, Definition, Deployment, Service, ServiceDeployment, Task } from "../engine/state";

function date(at: number | undefined): Date | undefined {
  return at === undefined ? undefined : new Date(at);
}

/** A task as DescribeTasks tells it. */
export function taskView(sim: Sim, task: Task): ecs.Task {
  const definition = sim.state.definitions[task.definition];
  return {
    taskArn: task.arn,
    clusterArn: task.cluster,
    taskDefinitionArn: task.definition,
    group: task.group,
    startedBy: task.startedBy,
    launchType: task.launchType,
    capacityProviderName: task.provider,
    containerInstanceArn: task.instance,
    availabilityZone: task.zone,
    lastStatus: task.lastStatus,
    desiredStatus: task.desiredStatus,
    healthStatus: taskHealth(task, definition),
    connectivity: task.zone && task.lastStatus !== "STOPPED" ? "CONNECTED" : undefined,
    containers: task.containers.map((container) => containerView(task, container, definition)),
    overrides: { containerOverrides: [], ...task.overrides },
    cpu: String(task.cpu),
    memory: String(task.memory),
    attachments: [],
    attributes: [],
    tags: task.tags,
    enableExecuteCommand: task.exec ?? false,
    version: task.version,
    createdAt: date(task.createdAt),
    pullStartedAt: date(task.pullStartedAt),
    pullStoppedAt: date(task.pullStoppedAt),
    startedAt: date(task.startedAt),
    stoppingAt: date(task.stoppingAt),
    executionStoppedAt: date(task.executionStoppedAt),
    stoppedAt: date(task.stoppedAt),
    stopCode: task.stopCode,
    stoppedReason: task.stoppedReason,
    platformVersion: task.launchType === "FARGATE" ? "1.4.0" : undefined,
    platformFamily: task.launchType === "FARGATE" ? "Linux" : undefined,
  };
}

function taskHealth(task: Task, definition: Definition | undefined): ecs.HealthStatus {
  const checked = task.containers.filter(
    ({ name, essential }) =>
      essential && definition?.containers.some((one) => one.name === name && one.healthCheck),
  );
  if (checked.some(({ health }) => health === "UNHEALTHY")) return "UNHEALTHY";
  return checked.length > 0 && checked.every(({ health }) => health === "HEALTHY") ? "HEALTHY" : "UNKNOWN";
}

function containerView(task: Task, container: Container, definition: Definition | undefined): ecs.Container {
  const defined = definition?.containers.find(({ name }) => name === container.name);
  const mapping = defined?.portMappings?.[0];
  const bound = container.hostPort !== undefined && mapping && definition?.networkMode !== "awsvpc";
  return {
    containerArn: container.arn,
    taskArn: task.arn,
    name: container.name,
    image: container.image,
    imageDigest: container.digest,
    runtimeId: container.digest ? container.runtimeId : undefined,
    lastStatus: container.lastStatus,
    exitCode: container.exitCode,
    reason: container.reason,
    healthStatus: container.health,
    networkInterfaces: task.ipv6 === undefined ? [] : [{ ipv6Address: task.ipv6 }],
    managedAgents: task.exec ? [agentView(container)] : undefined,
    networkBindings: bound
      ? [
          {
            bindIP: "0.0.0.0",
            containerPort: mapping.containerPort,
            hostPort: container.hostPort,
            protocol: "tcp",
          },
        ]
      : [],
    cpu: String(defined?.cpu ?? 0),
    memory: defined?.memory === undefined ? undefined : String(defined.memory),
    memoryReservation:
      defined?.memoryReservation === undefined ? undefined : String(defined.memoryReservation),
  };
}

/** What ends ExecuteCommand's sessions, beside the container's own process. */
function agentView({ lastStatus }: Container): ecs.ManagedAgent {
  return { name: "ExecuteCommandAgent", lastStatus: lastStatus === "RUNNING" ? "RUNNING" : "PENDING" };
}

const STARTING = ["PROVISIONING", "PENDING", "ACTIVATING"];

function countsOf(sim: Sim, service: Service, deployment?: Deployment) {
  const tasks = Object.values(sim.state.tasks).filter(
    (task) => task.service === service.arn && (!deployment || task.startedBy === deployment.id),
  );
  return {
    runningCount: tasks.filter((task) => task.lastStatus === "RUNNING" && task.desiredStatus === "RUNNING")
      .length,
    pendingCount: tasks.filter(
      (task) => STARTING.includes(task.lastStatus) && task.desiredStatus === "RUNNING",
    ).length,
  };
}

/** A service as DescribeServices tells it. */
export function serviceView(sim: Sim, service: Service): ecs.Service {
  const { spec } = service;
  return {
    serviceArn: service.arn,
    serviceName: spec.name,
    clusterArn: spec.cluster,
    status: service.status,
    desiredCount: spec.desired,
    ...countsOf(sim, service),
    launchType: spec.launchType,
    capacityProviderStrategy: spec.strategy.length > 0 ? spec.strategy : undefined,
    taskDefinition: spec.taskDefinition,
    deploymentConfiguration: {
      deploymentCircuitBreaker: spec.breaker,
      maximumPercent: spec.maximumPercent,
      minimumHealthyPercent: spec.minimumPercent,
    },
    deploymentController: { type: "ECS" },
    deployments: service.deployments
      .filter(({ status }) => status !== "INACTIVE")
      .sort((one, other) => Number(other.status === "PRIMARY") - Number(one.status === "PRIMARY"))
      .map((deployment) => deploymentView(sim, service, deployment)),
    events: service.events.map(({ id, at, message }) => ({ id, createdAt: new Date(at), message })),
    loadBalancers: spec.targets.map(({ group, container, port }) => ({
      targetGroupArn: group,
      containerName: container,
      containerPort: port,
    })),
    networkConfiguration: spec.network,
    healthCheckGracePeriodSeconds: spec.grace / 1000,
    schedulingStrategy: "REPLICA",
    createdAt: new Date(service.createdAt),
    propagateTags: spec.propagateTags as ecs.PropagateTags,
    placementConstraints: [],
    placementStrategy: [],
    serviceRegistries: [],
    enableECSManagedTags: true,
    enableExecuteCommand: spec.exec ?? false,
  };
}

function deploymentView(sim: Sim, service: Service, deployment: Deployment): ecs.Deployment {
  return {
    id: deployment.id,
    status: deployment.status,
    taskDefinition: deployment.taskDefinition,
    desiredCount: deployment.status === "PRIMARY" ? service.spec.desired : 0,
    ...countsOf(sim, service, deployment),
    failedTasks: deployment.failedTasks,
    createdAt: new Date(deployment.createdAt),
    updatedAt: new Date(deployment.updatedAt),
    capacityProviderStrategy: deployment.strategy.length > 0 ? deployment.strategy : undefined,
    launchType: deployment.launchType,
    networkConfiguration: deployment.network,
    rolloutState: deployment.rolloutState,
    rolloutStateReason: deployment.rolloutStateReason,
  };
}

/** A service deployment as DescribeServiceDeployments tells it. */
export function serviceDeploymentView(
  sim: Sim,
  service: Service,
  run: ServiceDeployment,
): ecs.ServiceDeployment {
  return {
    serviceDeploymentArn: run.arn,
    serviceArn: service.arn,
    clusterArn: service.spec.cluster,
    createdAt: new Date(run.createdAt),
    startedAt: new Date(run.createdAt),
    updatedAt: new Date(run.updatedAt),
    finishedAt: date(run.finishedAt),
    stoppedAt: date(run.stoppedAt),
    status: run.status,
    statusReason: run.reason,
    sourceServiceRevisions: run.sources.map((arn) => revisionSummary(sim, service, arn)),
    targetServiceRevision: revisionSummary(sim, service, run.target),
    deploymentConfiguration: {
      deploymentCircuitBreaker: service.spec.breaker,
      maximumPercent: service.spec.maximumPercent,
      minimumHealthyPercent: service.spec.minimumPercent,
    },
    rollback: run.rollback && {
      reason: run.rollback.reason,
      startedAt: new Date(run.rollback.startedAt),
      serviceRevisionArn: run.rollback.revision,
    },
    deploymentCircuitBreaker: {
      status: run.breaker.status,
      failureCount: run.breaker.count,
      threshold: run.breaker.threshold,
    },
    alarms: { status: "DISABLED" },
  };
}

function revisionSummary(sim: Sim, service: Service, arn: string): ecs.ServiceRevisionSummary {
  const deployment = service.deployments.find(({ revision }) => revision === arn);
  if (!deployment) return { arn, requestedTaskCount: 0, runningTaskCount: 0, pendingTaskCount: 0 };
  const { runningCount, pendingCount } = countsOf(sim, service, deployment);
  return {
    arn,
    requestedTaskCount: deployment.status === "PRIMARY" ? service.spec.desired : 0,
    runningTaskCount: runningCount,
    pendingTaskCount: pendingCount,
  };
}

/** A service revision: what a deployment's tasks are made of, with the digests they run. */
export function revisionView(sim: Sim, service: Service, deployment: Deployment): ecs.ServiceRevision {
  const definition = sim.state.definitions[deployment.taskDefinition];
  return {
    serviceRevisionArn: deployment.revision,
    serviceArn: service.arn,
    clusterArn: service.spec.cluster,
    taskDefinition: deployment.taskDefinition,
    capacityProviderStrategy: deployment.strategy.length > 0 ? deployment.strategy : undefined,
    launchType: deployment.launchType,
    networkConfiguration: deployment.network,
    loadBalancers: service.spec.targets.map(({ group, container, port }) => ({
      targetGroupArn: group,
      containerName: container,
      containerPort: port,
    })),
    containerImages: (definition?.containers ?? []).map(({ name = "", image }) => ({
      containerName: name,
      image,
      imageDigest: deployment.digests[name],
    })),
    guardDutyEnabled: false,
    createdAt: new Date(deployment.createdAt),
  };
}

/** A task definition as DescribeTaskDefinition tells it. */
export function definitionView(definition: Definition): ecs.TaskDefinition {
  return {
    taskDefinitionArn: definition.arn,
    family: definition.family,
    revision: definition.revision,
    status: definition.inactive ? "INACTIVE" : "ACTIVE",
    containerDefinitions: definition.containers,
    networkMode: definition.networkMode as ecs.NetworkMode,
    cpu: definition.cpu === undefined ? undefined : String(definition.cpu),
    memory: definition.memory === undefined ? undefined : String(definition.memory),
    executionRoleArn: definition.executionRole,
    taskRoleArn: definition.taskRole,
    requiresCompatibilities: definition.compatibilities as ecs.Compatibility[],
    compatibilities: [
      "EC2",
      ...(definition.compatibilities.includes("FARGATE") ? (["FARGATE"] as const) : []),
    ],
    runtimePlatform: {
      cpuArchitecture: definition.architecture === "arm64" ? "ARM64" : "X86_64",
      operatingSystemFamily: "LINUX",
    },
    volumes: [],
    placementConstraints: [],
  };
}

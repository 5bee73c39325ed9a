import { addEvent } from "./service-events";
import { decimal, hex, plan, type Sim } from "./sim";
import type { Deployment, Service, ServiceDeployment, ServiceSpec } from "./state";
import { tasksIn } from "./tasks";

const KEPT = 30;

/** 0.5 × desired count, but at least 3 and at most 200 ("How the deployment circuit breaker detects failures"). */
export function breakerThreshold(desired: number): number {
  return Math.min(200, Math.max(3, Math.ceil(desired * 0.5)));
}

export function primaryOf(service: Service): Deployment {
  return service.deployments.find(({ status }) => status === "PRIMARY") as Deployment;
}

/** The service deployment that is under way for a deployment, or its last one. */
function historyOf(service: Service, deployment: Deployment): ServiceDeployment | undefined {
  return service.history.find((one) => one.deployment === deployment.id);
}

export function serviceArn(spec: ServiceSpec): string {
  return `${spec.cluster.replace(":cluster/", ":service/")}/${spec.name}`;
}

/** Starts a deployment of what the service is asked to be now. It supersedes one that is under way. */
export function beginDeployment(sim: Sim, service: Service): Deployment {
  const { spec } = service;
  const now = sim.state.time;
  const old = service.deployments.filter(({ status }) => status !== "INACTIVE");
  for (const deployment of old) supersede(sim, service, deployment);
  const number = decimal(sim);
  const id = `ecs-svc/${number}`;
  const deployment: Deployment = {
    id,
    revision: `${service.arn.replace(":service/", ":service-revision/")}/${number}`,
    status: "PRIMARY",
    rolloutState: "IN_PROGRESS",
    rolloutStateReason: `ECS deployment ${id} in progress.`,
    taskDefinition: spec.taskDefinition,
    strategy: spec.strategy,
    createdAt: now,
    updatedAt: now,
    failedTasks: 0,
    hasRun: false,
    completed: false,
    halted: false,
    digests: {},
    returning: false,
    notBefore: now,
  };
  if (spec.launchType) deployment.launchType = spec.launchType;
  if (spec.network) deployment.network = spec.network;
  service.deployments.unshift(deployment);
  service.deployments = service.deployments.slice(0, KEPT);
  service.history.unshift({
    arn: `${service.arn.replace(":service/", ":service-deployment/")}/${hex(sim, 21)}`,
    deployment: id,
    target: deployment.revision,
    sources: old.map(({ revision }) => revision),
    status: "IN_PROGRESS",
    createdAt: now,
    updatedAt: now,
    breaker: {
      status: spec.breaker.enable ? "MONITORING" : "DISABLED",
      count: 0,
      threshold: breakerThreshold(spec.desired),
    },
  });
  service.history = service.history.slice(0, KEPT);
  service.steady = false;
  service.retryAt = 0;
  return deployment;
}

const UNDER_WAY = ["PENDING", "IN_PROGRESS", "STOP_REQUESTED", "ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS"];

function supersede(sim: Sim, service: Service, deployment: Deployment): void {
  deployment.status = "ACTIVE";
  deployment.updatedAt = sim.state.time;
  for (const run of service.history) {
    if (!UNDER_WAY.includes(run.status)) continue;
    run.status = "STOPPED";
    run.reason = "Service deployment stopped because a newer service deployment was started.";
    run.stoppedAt = run.finishedAt = run.updatedAt = sim.state.time;
  }
}

/** All that the deployment wants runs, and nothing else does. */
export function completeDeployment(sim: Sim, service: Service, deployment: Deployment): void {
  deployment.rolloutState = "COMPLETED";
  deployment.rolloutStateReason = `ECS deployment ${deployment.id} completed.`;
  deployment.updatedAt = sim.state.time;
  deployment.completed = true;
  deployment.returning = false;
  const run = service.history.find(({ status }) => UNDER_WAY.includes(status));
  if (run) {
    run.status = run.status === "ROLLBACK_IN_PROGRESS" ? "ROLLBACK_SUCCESSFUL" : "SUCCESSFUL";
    if (run.breaker.status === "MONITORING") run.breaker.status = "MONITORING_COMPLETE";
    run.finishedAt = run.updatedAt = sim.state.time;
  }
  addEvent(sim, service, `(deployment ${deployment.id}) deployment completed.`);
}

/** The circuit breaker opens when too many tasks in a row failed to start or to be healthy. */
export function checkBreaker(sim: Sim, service: Service): void {
  const deployment = primaryOf(service);
  const threshold = breakerThreshold(service.spec.desired);
  const run = service.history[0];
  if (run && deployment.rolloutState === "IN_PROGRESS" && run.deployment === deployment.id)
    run.breaker = { ...run.breaker, threshold, count: deployment.failedTasks };
  const armed = service.spec.breaker.enable && deployment.rolloutState === "IN_PROGRESS";
  if (!armed || deployment.failedTasks < threshold) return;
  const reason = "ECS deployment circuit breaker: tasks failed to start.";
  if (run) run.breaker.status = "TRIGGERED";
  addEvent(sim, service, `(deployment ${deployment.id}) deployment failed: tasks failed to start.`);
  if (deployment.returning) {
    failRollback(sim, service, deployment, reason);
    return;
  }
  failDeployment(sim, deployment, reason);
  const target = service.spec.breaker.rollback ? rollbackTarget(service, deployment) : undefined;
  if (target) {
    rollBack(
      sim,
      service,
      deployment,
      target,
      "Service deployment rolled back because the circuit breaker threshold was exceeded.",
    );
    return;
  }
  if (!run) return;
  run.status = "STOPPED";
  run.reason = "Service deployment stopped because the circuit breaker threshold was exceeded.";
  run.stoppedAt = run.finishedAt = run.updatedAt = sim.state.time;
}

function failDeployment(sim: Sim, deployment: Deployment, reason: string): void {
  deployment.rolloutState = "FAILED";
  deployment.rolloutStateReason = reason;
  deployment.updatedAt = sim.state.time;
  deployment.halted = true;
}

function failRollback(sim: Sim, service: Service, deployment: Deployment, reason: string): void {
  failDeployment(sim, deployment, reason);
  const run = service.history.find(({ status }) => UNDER_WAY.includes(status));
  if (!run) return;
  run.status = "ROLLBACK_FAILED";
  run.finishedAt = run.updatedAt = sim.state.time;
}

/** The newest deployment before this one that completed. */
function rollbackTarget(service: Service, failed: Deployment): Deployment | undefined {
  const older = service.deployments.slice(service.deployments.indexOf(failed) + 1);
  return older.filter(({ completed }) => completed).sort((one, other) => other.createdAt - one.createdAt)[0];
}

/**
 * Returns to a deployment that completed: it becomes PRIMARY and IN_PROGRESS again, under its own id and with the digests
 * that it pinned ("How the Amazon ECS deployment circuit breaker detects failures").
 */
function rollBack(sim: Sim, service: Service, failed: Deployment, target: Deployment, reason: string): void {
  failed.status = "ACTIVE";
  target.status = "PRIMARY";
  target.rolloutState = "IN_PROGRESS";
  target.rolloutStateReason = `ECS deployment circuit breaker: rolling back to deploymentId ${target.id}.`;
  target.updatedAt = sim.state.time;
  target.failedTasks = 0;
  target.hasRun = false;
  target.halted = false;
  target.returning = true;
  service.spec.taskDefinition = target.taskDefinition;
  service.steady = false;
  service.retryAt = 0;
  const run = historyOf(service, failed);
  if (run) {
    run.status = "ROLLBACK_IN_PROGRESS";
    run.reason = reason;
    run.updatedAt = sim.state.time;
    run.rollback = { reason, startedAt: sim.state.time, revision: target.revision };
  }
  addEvent(sim, service, `rolling back to deployment ${target.id}.`);
}

/** StopServiceDeployment: takes effect a little later. */
export function requestStop(
  sim: Sim,
  service: Service,
  run: ServiceDeployment,
  type: "ROLLBACK" | "ABORT",
): void {
  if (run.status === "PENDING" || run.status === "IN_PROGRESS") {
    run.status = type === "ABORT" ? "STOP_REQUESTED" : "ROLLBACK_REQUESTED";
    run.updatedAt = sim.state.time;
    plan(sim, sim.pace.request, "stop-deployment", service.arn, run.arn);
  }
}

export function stopDeployment(sim: Sim, service: Service, arn: string): void {
  const run = service.history.find((one) => one.arn === arn);
  const deployment = service.deployments.find(({ id }) => id === run?.deployment);
  if (!run || !deployment || !["STOP_REQUESTED", "ROLLBACK_REQUESTED"].includes(run.status)) return;
  const rollback = run.status === "ROLLBACK_REQUESTED";
  failDeployment(sim, deployment, "ECS deployment stopped by request.");
  const target = rollback ? rollbackTarget(service, deployment) : undefined;
  if (target) {
    rollBack(sim, service, deployment, target, "Service deployment rollback requested by user.");
    return;
  }
  run.status = rollback ? "ROLLBACK_FAILED" : "STOPPED";
  run.reason = rollback
    ? "There is no completed deployment to roll back to."
    : "Service deployment stopped by user.";
  run.stoppedAt = run.finishedAt = run.updatedAt = sim.state.time;
}

/** Old deployments that have no task left are over. */
export function retireOld(sim: Sim, service: Service): void {
  for (const deployment of service.deployments) {
    if (deployment.status !== "ACTIVE") continue;
    const left = tasksIn(sim, service.spec.cluster);
    if (left.some((task) => task.service === service.arn && task.startedBy === deployment.id)) continue;
    deployment.status = "INACTIVE";
    deployment.updatedAt = sim.state.time;
  }
}

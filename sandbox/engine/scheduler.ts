import { findCluster, findProvider } from "./catalog";
import { checkBreaker, completeDeployment, primaryOf, retireOld } from "./deployments";
import { isReady } from "./health";
import { findPlace } from "./placement";
import { addEvent, addEventOnce } from "./service-events";
import { isPlanned, plan, type Sim, shortName } from "./sim";
import type { Deployment, Service, Task } from "./state";
import { beginStop, inEvent } from "./stopping";
import { createTask, launchTypeOf, liveTasksOf, pickProvider, reservation, tasksIn } from "./tasks";

/** Limits of a rolling update ("Deploy services by replacing tasks": minimum rounds up, maximum down). */
export function limits(service: Service): { minimum: number; maximum: number } {
  const { desired, minimumPercent, maximumPercent } = service.spec;
  return {
    minimum: Math.ceil((desired * minimumPercent) / 100),
    maximum: Math.floor((desired * maximumPercent) / 100),
  };
}

/** Brings a service nearer to what it should be: the scheduler's whole knowledge, run after everything that happens. */
export function reconcile(sim: Sim, service: Service): void {
  if (service.status === "INACTIVE") return;
  checkBreaker(sim, service);
  const deployment = primaryOf(service);
  const desired = service.status === "DRAINING" ? 0 : service.spec.desired;
  startMissing(sim, service, deployment, desired);
  const { own, others } = tasksOf(sim, service, deployment);
  stopSurplus(sim, service, own, desired);
  if (!deployment.halted || desired === 0) stopOld(sim, service, own, others, desired);
  if (own.length < desired && others.length > 0) sayWhenStuck(sim, service);
  retireOld(sim, service);
  settleDown(sim, service, deployment, desired);
}

/** The tasks that the newest deployment counts on, and all others that are meant to run. */
function tasksOf(sim: Sim, service: Service, deployment: Deployment): { own: Task[]; others: Task[] } {
  const live = liveTasksOf(sim, service.arn);
  const own = live.filter((task) => task.startedBy === deployment.id && !isDraining(sim, task));
  return { own, others: live.filter((task) => !own.includes(task)) };
}

/** With a maximum that leaves no room over the minimum, nothing can ever move. */
function sayWhenStuck(sim: Sim, service: Service): void {
  const { minimum, maximum } = limits(service);
  if (maximum > minimum) return;
  addEventOnce(
    sim,
    service,
    "was unable to stop or start tasks during a deployment because of the service deployment configuration. Update the minimumHealthyPercent or maximumPercent value and try again.",
  );
}

/** On an instance that is being drained: it will be replaced elsewhere. */
function isDraining(sim: Sim, task: Task): boolean {
  return task.instance !== undefined && sim.state.instances[task.instance]?.status === "DRAINING";
}

function startMissing(sim: Sim, service: Service, deployment: Deployment, desired: number): void {
  const { own, others } = tasksOf(sim, service, deployment);
  const { maximum } = limits(service);
  const wait = Math.max(service.retryAt, deployment.notBefore);
  const count = deployment.halted ? 0 : Math.min(desired - own.length, maximum - own.length - others.length);
  if (count <= 0) return;
  if (wait > sim.state.time) {
    if (!isPlanned(sim, service.arn, "retry")) plan(sim, wait - sim.state.time, "retry", service.arn);
    return;
  }
  const tasks: Task[] = [];
  for (let index = 0; index < count; index++) {
    const task = startTask(sim, service, deployment);
    if (!task) break;
    tasks.push(task);
  }
  if (tasks.length > 0) {
    service.steady = false;
    addEvent(sim, service, `has started ${tasks.length} tasks: ${tasks.map(inEvent).join(" ")}.`);
  }
}

function startTask(sim: Sim, service: Service, deployment: Deployment): Task | undefined {
  const definition = sim.state.definitions[deployment.taskDefinition];
  if (!definition) return undefined;
  const { spec } = service;
  const running = liveTasksOf(sim, service.arn, deployment.id);
  const provider = pickProvider(
    deployment.strategy,
    (name) => running.filter((one) => one.provider === name).length,
  );
  const launchType = launchTypeOf(provider, deployment.launchType);
  const wanted = {
    cluster: spec.cluster,
    region: spec.region,
    definition,
    group: `service:${spec.name}`,
    startedBy: deployment.id,
    service: service.arn,
    launchType,
    ...(provider === undefined ? {} : { provider }),
    ...(deployment.network ? { network: deployment.network } : {}),
    tags: spec.propagateTags === "SERVICE" ? spec.tags : [],
    exec: spec.exec ?? false,
  };
  const managed = provider !== undefined && findProvider(sim.world, spec.region, provider)?.managedScaling;
  if (launchType === "EC2") {
    const place = findPlace(sim, { ...wanted, definition: definition.arn, ...reservation(definition) });
    if ("failures" in place) {
      cannotPlace(sim, service, place.failures);
      if (!managed) return undefined;
    }
  }
  return createTask(sim, wanted);
}

function cannotPlace(
  sim: Sim,
  service: Service,
  failures: { reason: string; instance: { arn: string } }[],
): void {
  service.retryAt = sim.state.time + sim.pace.retry;
  if (!isPlanned(sim, service.arn, "retry")) plan(sim, sim.pace.retry, "retry", service.arn);
  const closest = failures[0];
  const cluster = findCluster(sim.world, service.spec.region, service.spec.cluster)?.name;
  const words: Record<string, string> = {
    "RESOURCE:MEMORY": "has insufficient memory available",
    "RESOURCE:CPU": "has insufficient CPU units available",
    "RESOURCE:PORTS": "is already using a port required by your task",
    AGENT: 'encountered error "AGENT"',
    ATTRIBUTE: "is missing an attribute required by your task",
  };
  const why = closest
    ? `no container instance met all of its requirements. The closest matching (container-instance ${shortName(closest.instance.arn)}) ${words[closest.reason]}`
    : `no container instances were found in the cluster ${cluster}`;
  addEventOnce(
    sim,
    service,
    `was unable to place a task because ${why}. For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.`,
  );
}

/** More tasks of the newest deployment than wanted: the desired count went down. */
function stopSurplus(sim: Sim, service: Service, own: Task[], desired: number): void {
  const deployment = primaryOf(service);
  const surplus = own.slice(desired);
  for (const task of surplus)
    beginStop(
      sim,
      task,
      "ServiceSchedulerInitiated",
      `Scaling activity initiated by (deployment ${deployment.id})`,
    );
  own.length = Math.min(own.length, desired);
  if (surplus.length > 0)
    addEvent(sim, service, `has stopped ${surplus.length} running tasks: ${surplus.map(inEvent).join(" ")}.`);
}

/**
 * Stops tasks of old deployments as far as enough healthy ones remain. Those that are not ready count for nothing and go
 * at once. Only while new tasks find no room does it go below the desired count, down to the minimum.
 */
function stopOld(sim: Sim, service: Service, own: Task[], others: Task[], desired: number): void {
  const { minimum } = limits(service);
  const deployment = primaryOf(service);
  const ready = (tasks: Task[]) => tasks.filter((task) => isReady(sim, service, task));
  const crowded = own.length < desired || own.some(({ zone }) => zone === undefined);
  const keep = crowded ? minimum : Math.max(minimum, desired);
  let spare = ready(own).length + ready(others).length - keep;
  const stopping = others.filter((task) => {
    if (!isReady(sim, service, task)) return true;
    spare -= 1;
    return spare >= 0;
  });
  for (const task of stopping)
    beginStop(
      sim,
      task,
      "ServiceSchedulerInitiated",
      `Scaling activity initiated by (deployment ${deployment.id})`,
    );
  if (stopping.length > 0)
    addEvent(
      sim,
      service,
      `has stopped ${stopping.length} running tasks: ${stopping.map(inEvent).join(" ")}.`,
    );
}

function settleDown(sim: Sim, service: Service, deployment: Deployment, desired: number): void {
  const live = liveTasksOf(sim, service.arn);
  const ready = live.filter((task) => task.startedBy === deployment.id && isReady(sim, service, task));
  const done =
    ready.length === desired &&
    live.length === desired &&
    !service.deployments.some(({ status }) => status === "ACTIVE");
  if (!done) {
    service.steady = false;
    return;
  }
  if (service.status === "DRAINING") {
    const ended = tasksIn(sim, service.spec.cluster).every((task) => task.service !== service.arn);
    if (ended) service.status = "INACTIVE";
    return;
  }
  if (service.steady || isPlanned(sim, service.arn, "steady")) return;
  plan(sim, sim.pace.steady, "steady", service.arn);
}

/** Some seconds later: is it still so? */
export function reachSteadyState(sim: Sim, service: Service): void {
  const deployment = primaryOf(service);
  const live = liveTasksOf(sim, service.arn);
  const ready = live.filter((task) => task.startedBy === deployment.id && isReady(sim, service, task));
  const old = service.deployments.some(({ status }) => status === "ACTIVE");
  if (ready.length !== service.spec.desired || live.length !== ready.length || old || service.steady) return;
  service.steady = true;
  if (deployment.rolloutState === "IN_PROGRESS") completeDeployment(sim, service, deployment);
  addEvent(sim, service, "has reached a steady state.");
}

/** A task of the service ended without ever having been RUNNING. */
export function countFailure(sim: Sim, service: Service, task: Task): void {
  const deployment = service.deployments.find(({ id }) => id === task.startedBy);
  if (!deployment || deployment.hasRun) return;
  deployment.failedTasks += 1;
  if (service.spec.breaker.enable && deployment.rolloutState === "IN_PROGRESS") return;
  // Without the breaker, "service throttle logic": ever longer waits between attempts, up to 15 minutes.
  if (deployment.failedTasks >= 3) {
    addEvent(
      sim,
      service,
      "is unable to consistently start tasks successfully. For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.",
    );
    deployment.notBefore = sim.state.time + Math.min(15 * 60_000, 10_000 * 2 ** (deployment.failedTasks - 3));
  }
}

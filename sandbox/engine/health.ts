import { deploymentOf } from "./pulling";
import { addEvent } from "./service-events";
import { forget, isLive, plan, type Sim } from "./sim";
import type { Container, Service, Task } from "./state";
import { beginStop, inEvent } from "./stopping";

/** A target passed its health check. */
export function targetHealthy(sim: Sim, task: Task): void {
  if (!isLive(task) || task.lastStatus !== "RUNNING") return;
  task.target = "healthy";
  forget(sim, task.arn, "sick-stop");
  resetFailures(sim, task);
}

/** resetOnHealthyTask, true by default: a healthy task resets the breaker's count (DeploymentCircuitBreaker). */
function resetFailures(sim: Sim, task: Task): void {
  const deployment = deploymentOf(sim, task);
  if (deployment) deployment.failedTasks = 0;
}

/** A target failed too many: ECS replaces the task, but not within its grace period. */
export function targetSick(sim: Sim, task: Task): void {
  const service = serviceOf(sim, task);
  if (!isLive(task) || !service || task.target === undefined) return;
  task.target = "unhealthy";
  const group = service.spec.targets[0]?.group;
  const port = task.containers.find(({ name }) => name === service.spec.targets[0]?.container)?.hostPort;
  addEvent(
    sim,
    service,
    `(port ${port}) is unhealthy in (target-group ${group}) due to (reason Health checks failed)`,
  );
  const graceLeft = (task.startedAt ?? 0) + service.spec.grace - sim.state.time;
  plan(sim, graceLeft, "sick-stop", task.arn);
}

export function stopSick(sim: Sim, task: Task): void {
  const group = serviceOf(sim, task)?.spec.targets[0]?.group;
  failHealth(sim, task, `Task failed ELB health checks in (target-group ${group})`);
}

export function containerHealthy(sim: Sim, task: Task, container: Container): void {
  if (container.lastStatus !== "RUNNING") return;
  container.health = "HEALTHY";
  // Whoever waits for it looks again.
  sim.state.sequence += 1;
  resetFailures(sim, task);
}

/** An unhealthy essential container of a service's task gets the task replaced; a one-off task goes on. */
export function containerSick(sim: Sim, task: Task, container: Container): void {
  if (container.lastStatus !== "RUNNING") return;
  container.health = "UNHEALTHY";
  sim.state.sequence += 1;
  if (task.service && container.essential) failHealth(sim, task, "Task failed container health checks");
}

function failHealth(sim: Sim, task: Task, reason: string): void {
  const service = serviceOf(sim, task);
  if (!isLive(task) || !service) return;
  task.unhealthy = true;
  const deployment = deploymentOf(sim, task);
  if (deployment) deployment.failedTasks += 1;
  addEvent(sim, service, `${inEvent(task)} failed health checks: ${reason}`);
  beginStop(sim, task, "ServiceSchedulerInitiated", reason);
}

/** Running, and well as far as anybody checks. */
export function isReady(sim: Sim, service: Service, task: Task): boolean {
  if (!isLive(task) || task.lastStatus !== "RUNNING") return false;
  if (service.spec.targets.length > 0 && task.target !== "healthy") return false;
  const checked = (sim.state.definitions[task.definition]?.containers ?? []).filter((one) => one.healthCheck);
  return task.containers.every(
    ({ essential, name, health }) =>
      !essential || health === "HEALTHY" || !checked.some((one) => one.name === name),
  );
}

function serviceOf(sim: Sim, task: Task): Service | undefined {
  return task.service ? sim.state.services[task.service] : undefined;
}

import type { TaskStopCode } from "@aws-sdk/client-ecs";
import { runFor } from "./behaviour";
import { findTargetGroup } from "./catalog";
import { addEvent } from "./service-events";
import { forget, plan, type Sim, shortName } from "./sim";
import type { Container, Task } from "./state";
import { commandOf, markStopping, setStatus } from "./tasks";

/**
 * Stops a task: out of the target group first (DEACTIVATING), then SIGTERM (STOPPING), then SIGKILL after stopTimeout.
 * Source: "Task lifecycle" in the ECS developer guide.
 */
export function beginStop(sim: Sim, task: Task, code: TaskStopCode, reason: string): void {
  const already = task.desiredStatus === "STOPPED";
  markStopping(sim, task, code, reason);
  if (already) return;
  const registered = task.target !== undefined && task.lastStatus === "RUNNING";
  const drain = registered ? drainTime(sim, task) : 0;
  if (drain > 0) {
    setStatus(task, "DEACTIVATING");
    plan(sim, drain, "terminate", task.arn);
  } else terminate(sim, task);
}

function drainTime(sim: Sim, task: Task): number {
  const service = task.service ? sim.state.services[task.service] : undefined;
  if (!service) return 0;
  addEvent(sim, service, `has begun draining connections on 1 tasks.`);
  const drains = service.spec.targets.map(({ group }) => {
    addEvent(sim, service, `deregistered 1 targets in (target-group ${group})`);
    return findTargetGroup(sim.world, task.region, group)?.drain ?? 0;
  });
  return Math.max(0, ...drains);
}

/** SIGTERM to every container that runs. */
export function terminate(sim: Sim, task: Task): void {
  setStatus(task, "STOPPING");
  task.stoppingAt ??= sim.state.time;
  const definition = sim.state.definitions[task.definition];
  for (const container of task.containers) {
    if (container.lastStatus !== "RUNNING") continue;
    const defined = definition?.containers.find(({ name }) => name === container.name);
    const patience = defined?.stopTimeout === undefined ? sim.pace.stopTimeout : defined.stopTimeout * 1000;
    plan(sim, patience, "kill", container.arn, task.arn);
    if (container.process?.state === "running" || container.process?.state === "wanted") {
      container.process.signal ??= "SIGTERM";
      continue;
    }
    const command = commandOf(task, container, definition);
    const stop = runFor(sim.state.behaviours[container.manifest ?? ""], command)?.stop;
    if (stop === "ignore") continue;
    const { code, after } = stop ?? { code: 143, after: sim.pace.stop };
    forget(sim, container.arn, "exit");
    plan(sim, after, "exit", container.arn, JSON.stringify({ task: task.arn, code }));
  }
  finishWhenEnded(sim, task);
}

/** SIGKILL: nobody survives it. */
export function kill(sim: Sim, task: Task, container: Container): void {
  if (container.lastStatus !== "RUNNING") return;
  if (container.process && container.process.state !== "ended") container.process.signal = "SIGKILL";
  else containerEnded(sim, task, container, 137);
}

/** A container's process has ended. */
export function containerEnded(
  sim: Sim,
  task: Task,
  container: Container,
  code: number,
  reason?: string,
): void {
  if (container.process) container.process.state = "ended";
  if (container.lastStatus === "STOPPED") return;
  container.lastStatus = "STOPPED";
  container.exitCode = code;
  if (reason !== undefined) container.reason = reason;
  forget(sim, container.arn);
  task.version += 1;
  const over = container.essential || task.containers.every(({ lastStatus }) => lastStatus === "STOPPED");
  if (over && task.desiredStatus === "RUNNING") {
    markStopping(sim, task, "EssentialContainerExited", "Essential container in task exited");
    terminate(sim, task);
  } else if (task.desiredStatus === "STOPPED") finishWhenEnded(sim, task);
}

function finishWhenEnded(sim: Sim, task: Task): void {
  if (task.containers.some(({ lastStatus }) => lastStatus === "RUNNING")) return;
  task.executionStoppedAt ??= sim.state.time;
  if (task.launchType === "FARGATE") setStatus(task, "DEPROVISIONING");
  forget(sim, task.arn);
  plan(sim, sim.pace.cleanup, "stopped", task.arn);
}

/** The end. Containers that never started have no exit code. */
export function stopped(sim: Sim, task: Task): void {
  for (const container of task.containers) container.lastStatus = "STOPPED";
  setStatus(task, "STOPPED");
  task.stoppedAt = sim.state.time;
  delete task.target;
  plan(sim, sim.pace.visibleStopped, "vanish", task.arn);
}

/** The machine below is gone: no signals, no exit codes. */
export function lostHost(sim: Sim, task: Task, code: TaskStopCode, reason: string): void {
  markStopping(sim, task, code, reason);
  for (const container of task.containers) {
    forget(sim, container.arn);
    if (container.process && container.process.state !== "ended") container.process.signal = "SIGKILL";
  }
  forget(sim, task.arn);
  task.stoppingAt ??= sim.state.time;
  task.executionStoppedAt = sim.state.time;
  stopped(sim, task);
}

/** "(task abc)" as events name it. */
export function inEvent(task: Task): string {
  return `(task ${shortName(task.arn)})`;
}

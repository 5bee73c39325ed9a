import type { Task } from "@aws-sdk/client-ecs";
import { isStopped } from "./one-off-verdict";
import { stopCause } from "./task-story";

/** How many crashes make a loop: the formula of ECS's own circuit breaker, half of desired within 3 to 200. */
export const crashThreshold = (desired: number) => Math.min(200, Math.max(3, Math.ceil(desired / 2)));

const UNHEALTHY = /health check/i;

/** A task that ended by its own fault; scaling, spot, people and draining are no crashes. */
export function isCrash(task: Task): boolean {
  if (!isStopped(task)) return false;
  const cause = stopCause(task);
  return (
    cause === "application" ||
    cause === "start" ||
    (cause === "scheduler" && UNHEALTHY.test(task.stoppedReason ?? ""))
  );
}

/**
 * Crashes that count towards a loop, newest first. ECS's breaker forgets its count once a task runs, so a
 * crash after RUNNING never trips it: those are counted here. Failed starts are left to the breaker, if
 * there is one.
 */
export function countedCrashes(tasks: readonly Task[], breaker: boolean): Task[] {
  return tasks
    .filter((task) => isCrash(task) && (!breaker || task.startedAt !== undefined))
    .sort((a, b) => (b.stoppedAt?.getTime() ?? 0) - (a.stoppedAt?.getTime() ?? 0));
}

import type { Task } from "@aws-sdk/client-ecs";
import { shortDigest } from "./image";
import { containerOf, type StopCause, stopCause, stopStory } from "./task-story";

/** Where a one-off task stands; each phase has its own bound. */
export type TaskPhase = "capacity" | "starting" | "running" | "stopping";

export interface TaskSnapshot {
  /** Milliseconds since the epoch. */
  now: number;
  /** What DescribeTasks answered; undefined for MISSING. */
  task: Task | undefined;
  /** When the task was last seen, or else asked for. */
  seenAt: number;
  /** Since when it is in the phase that it was last seen in. */
  phaseSince: number;
  /** The container whose exit code counts. */
  container: string;
  /** Digests that the container may report; null when any image will do. */
  digests: ReadonlySet<string> | null;
  /** How long each phase may last, in milliseconds. */
  limits: Record<TaskPhase, number>;
}

export type TaskVerdict =
  | { kind: "in progress"; phase: TaskPhase }
  | { kind: "succeeded" }
  | { kind: "failed"; reason: string; retry: string; exitCode: number | null }
  /** A bound has passed and the task is still there. */
  | { kind: "overdue"; phase: TaskPhase; reason: string }
  | { kind: "unknown"; reason: string };

/** ECS is eventually consistent: a task that it just accepted may be MISSING for a moment. */
export const MISSING_GRACE = 60_000;

/** The life cycle of a task (Amazon ECS Developer Guide, "Task lifecycle"); what is not listed has stopped. */
const PHASES: Record<string, TaskPhase> = {
  PROVISIONING: "capacity",
  PENDING: "starting",
  ACTIVATING: "starting",
  RUNNING: "running",
  DEACTIVATING: "stopping",
  STOPPING: "stopping",
  DEPROVISIONING: "stopping",
};

const STOPPED = new Set(["STOPPED", "DELETED"]);

export const isStopped = (task: Task) => STOPPED.has(task.lastStatus ?? "");

export function taskPhase(task: Task): TaskPhase {
  const phase = PHASES[task.lastStatus ?? "PENDING"] ?? "starting";
  return task.desiredStatus === "STOPPED" ? "stopping" : phase;
}

const OVERDUE: Record<TaskPhase, string> = {
  capacity: "no machine with room for it came up",
  starting: "it did not start: look at the image's pull and at the network",
  running: "it did not end",
  stopping: "it did not stop",
};

const RETRY: Record<StopCause, string> = {
  application:
    "If the log shows something that passes, such as a lock or a lost connection, deploy again; else fix the image first.",
  start: "Fix what the reason names (image, secret, network, role), then deploy again.",
  infrastructure: "The image is not to blame: deploying again is safe if the migration can be repeated.",
  person: "Find out who stopped it, then deploy again if the migration can be repeated.",
  scheduler: "Deploy again if the migration can be repeated.",
};

/** What a one-off task has come to. Pure, and total over whatever ECS says. */
export function taskVerdict(snapshot: TaskSnapshot): TaskVerdict {
  const { task, now } = snapshot;
  if (!task) {
    if (now - snapshot.seenAt < MISSING_GRACE) return { kind: "in progress", phase: "starting" };
    return { kind: "unknown", reason: `ECS has not known the task for ${MISSING_GRACE / 1000} seconds` };
  }
  if (isStopped(task)) return stoppedVerdict(task, snapshot.container, snapshot.digests);
  const phase = taskPhase(task);
  const limit = snapshot.limits[phase];
  if (now - snapshot.phaseSince < limit) return { kind: "in progress", phase };
  return { kind: "overdue", phase, reason: `after ${Math.round(limit / 1000)} seconds ${OVERDUE[phase]}` };
}

/** What the end of a task means. */
export function stoppedVerdict(
  task: Task,
  name: string,
  digests: ReadonlySet<string> | null,
): Extract<TaskVerdict, { kind: "succeeded" | "failed" }> {
  const cause = stopCause(task);
  const container = containerOf(task, name);
  const exitCode = container?.exitCode ?? null;
  const failed = (reason: string, retry = RETRY[cause]) => ({
    kind: "failed" as const,
    reason,
    retry,
    exitCode,
  });
  if (!container) return failed(`the task has no container named ${name}: ${stopStory(task, name)}`);
  // Whoever is told to stop may well exit with 0, the work half done.
  if (exitCode !== 0 || cause !== "application") return failed(stopStory(task, name));
  if (digests && !digests.has(container.imageDigest ?? "")) {
    const ran = container.imageDigest
      ? shortDigest(container.imageDigest)
      : "an image whose digest ECS does not tell";
    const expected = [...digests].map(shortDigest).join(" or ");
    return failed(
      `exit code 0, but the task ran ${ran} instead of ${expected}`,
      "A machine may have used an old copy after a failed pull, or another deploy moved the candidate tag.",
    );
  }
  return { kind: "succeeded" };
}

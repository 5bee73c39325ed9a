import type {
  Deployment,
  DeploymentRolloutState,
  Service,
  ServiceDeploymentBrief,
  ServiceDeploymentStatus,
  Task,
} from "@aws-sdk/client-ecs";
import { countedCrashes, crashThreshold } from "./crash-loop";
import { shortDigest } from "./image";
import { containerOf, stopStory, taskId } from "./task-story";
import type { Verdict } from "./verdict";

/** Everything that is known at one moment about one deployment of ours. */
export interface RolloutSnapshot {
  /** Milliseconds since the epoch. */
  now: number;
  /** When we stop waiting, likewise. */
  deadline: number;
  /** The id from the UpdateService answer, `ecs-svc/N`. */
  deploymentId: string;
  /** When ECS created it, in milliseconds since the epoch. */
  createdAt: number;
  /** The deployment of ours that ECS rolls back, when the one that is watched is its rollback. */
  rollbackOf?: string;
  service: Service | undefined;
  /** Tasks of the service, running and recently stopped. */
  tasks: readonly Task[];
  /** The service's latest deployments, newest first; empty until they were asked for. */
  history: readonly ServiceDeploymentBrief[];
  /** The container that carries the image. */
  container: string;
  /** The digests under which ECS may report our image. */
  digests: ReadonlySet<string>;
}

/** After a crash, how long the newest task must have been running before the roll-out counts as done. */
const SETTLE_AFTER_CRASH = 60_000;

/** What a service deployment's status says about ours; a new status does not compile until placed here. */
export const STATUS_MEANING: Record<
  ServiceDeploymentStatus,
  "under way" | "completed" | "rolled back" | "stuck" | "stopped"
> = {
  PENDING: "under way",
  IN_PROGRESS: "under way",
  SUCCESSFUL: "completed",
  ROLLBACK_REQUESTED: "rolled back",
  ROLLBACK_IN_PROGRESS: "rolled back",
  ROLLBACK_SUCCESSFUL: "rolled back",
  ROLLBACK_FAILED: "stuck",
  STOP_REQUESTED: "stopped",
  STOPPED: "stopped",
};

/** The further reading that a verdict needs: the tasks to prove an image, the history to tell who replaced us. */
export type Evidence = "tasks" | "history";
type Standing = "under way" | "completed" | "failed" | "replaced";

const STANDINGS: Record<DeploymentRolloutState, Standing> = {
  IN_PROGRESS: "under way",
  COMPLETED: "completed",
  FAILED: "failed",
};

/** Our deployment, and what the service's own list says of it. Absent may mean replaced, or not visible yet. */
function standing(service: Service | undefined, id: string): { ours?: Deployment; standing: Standing } {
  const ours = service?.deployments?.find((deployment) => deployment.id === id);
  if (!ours) return { standing: "replaced" };
  const state = ours.rolloutState && STANDINGS[ours.rolloutState];
  if (state === "failed") return { ours, standing: "failed" };
  if (ours.status !== "PRIMARY") return { ours, standing: "replaced" };
  return { ours, standing: state ?? "under way" };
}

export function evidenceNeeded(service: Service | undefined, id: string): Evidence | null {
  const needs: Record<Standing, Evidence | null> = {
    "under way": null,
    completed: "tasks",
    failed: "history",
    replaced: "history",
  };
  return needs[standing(service, id).standing];
}

/** The service deployment whose target revision is ours: revision ARNs end in the N of `ecs-svc/N`. */
export const ourServiceDeployment = (history: readonly ServiceDeploymentBrief[], id: string) =>
  history.find(
    ({ targetServiceRevisionArn }) => targetServiceRevisionArn?.split("/").at(-1) === id.split("/")[1],
  );

/** What our deployment has come to. Pure and total: the loop around it only reads and waits. */
export function rolloutVerdict(snapshot: RolloutSnapshot): Verdict {
  const verdict = verdictNow(snapshot);
  if (verdict.kind !== "in progress" || snapshot.now < snapshot.deadline) return verdict;
  return { kind: "unknown", reason: `the time is up and the roll-out is not over: ${verdict.detail}` };
}

function verdictNow(snapshot: RolloutSnapshot): Verdict {
  const { service } = snapshot;
  if (service && service.status !== "ACTIVE") {
    return { kind: "failed", reason: `the service is ${service.status}: somebody is deleting it` };
  }
  const given = snapshot.rollbackOf && rollbackVerdict(snapshot.history, snapshot.rollbackOf);
  if (given) return given;
  const { ours, standing: state } = standing(service, snapshot.deploymentId);
  if (state === "replaced") return replacedVerdict(snapshot);
  if (state === "failed") return failedVerdict(snapshot, ours);
  const failure = wrongImage(snapshot) ?? crashLoop(snapshot);
  if (failure) return failure;
  return state === "completed" ? completedVerdict(snapshot, ours) : underWay(ours);
}

/** What ECS's record of a deployment that it rolls back says of the end of that; null as long as it may succeed. */
export function rollbackVerdict(
  history: readonly ServiceDeploymentBrief[],
  rollbackOf: string,
): Extract<Verdict, { kind: "failed" | "superseded" }> | null {
  const { status, statusReason } = ourServiceDeployment(history, rollbackOf) ?? {};
  const why = statusReason ? `: ${statusReason.replace(/\.$/, "")}` : "";
  if (!status) return null;
  if (STATUS_MEANING[status] === "stuck") return { kind: "failed", reason: `ECS could not roll back${why}` };
  if (STATUS_MEANING[status] === "stopped")
    return { kind: "superseded", reason: `ECS's rollback was stopped${why}` };
  return null;
}

function underWay(ours: Deployment | undefined): Verdict {
  const { runningCount = 0, desiredCount = 0, pendingCount = 0, failedTasks = 0 } = ours ?? {};
  const parts = [`${runningCount} of ${desiredCount} running`];
  if (pendingCount) parts.push(`${pendingCount} starting`);
  if (failedTasks) parts.push(`${failedTasks} failed`);
  return { kind: "in progress", detail: parts.join(", ") };
}

/** Another PRIMARY, unless ECS returns to it after a failure: that is older. Two may begin in the same millisecond. */
function newerThanOurs({ service, deploymentId, createdAt }: RolloutSnapshot): string | undefined {
  const primary = service?.deployments?.find(({ status }) => status === "PRIMARY");
  const isNewer = primary?.id !== deploymentId && (primary?.createdAt?.getTime() ?? 0) >= createdAt;
  return isNewer ? primary?.id : undefined;
}

function replacedVerdict(snapshot: RolloutSnapshot): Verdict {
  const { history, deploymentId } = snapshot;
  const ours = ourServiceDeployment(history, deploymentId);
  if (!ours?.status) return { kind: "in progress", detail: "ECS does not show our deployment yet" };
  const why = ours.statusReason ? `: ${ours.statusReason.replace(/\.$/, "")}` : "";
  const replacedBy = newerThanOurs(snapshot);
  const meaning = STATUS_MEANING[ours.status];
  if (meaning === "rolled back") {
    return { kind: "rolled back", reason: ours.statusReason ?? "ECS gives no reason" };
  }
  if (meaning === "stuck") return { kind: "failed", reason: `ECS could not roll it back${why}` };
  if (meaning === "under way" || (meaning === "completed" && !replacedBy)) {
    return { kind: "in progress", detail: `ECS answers contradict each other (${ours.status})` };
  }
  if (replacedBy) return { kind: "superseded", reason: `deployment ${replacedBy} replaced ours${why}` };
  return { kind: "failed", reason: `somebody stopped it${why}` };
}

function failedVerdict(snapshot: RolloutSnapshot, ours: Deployment | undefined): Verdict {
  const recorded = ourServiceDeployment(snapshot.history, snapshot.deploymentId);
  const why = recorded?.statusReason ?? ours?.rolloutStateReason ?? "ECS gives no reason";
  const meaning = recorded?.status && STATUS_MEANING[recorded.status];
  const replacedBy = newerThanOurs(snapshot);
  if (meaning === "stopped" && replacedBy) {
    return {
      kind: "superseded",
      reason: `deployment ${replacedBy} replaced ours: ${why.replace(/\.$/, "")}`,
    };
  }
  const final = meaning === "stopped" || meaning === "stuck";
  // The record may lag behind: then the breaker's own setting tells what ECS is about to do.
  const breaker = snapshot.service?.deploymentConfiguration?.deploymentCircuitBreaker;
  const rolledBack =
    meaning === "rolled back" || (!final && (ours?.status !== "PRIMARY" || breaker?.rollback === true));
  return rolledBack
    ? { kind: "rolled back", reason: why }
    : { kind: "failed", reason: `ECS gave it up: ${why}` };
}

const ourTasks = ({ tasks, deploymentId }: RolloutSnapshot) =>
  tasks.filter(({ startedBy }) => startedBy === deploymentId);

/** The running tasks that prove the image. A rollback may keep those of before, whatever its own id is. */
const runningTasks = ({ tasks, deploymentId, rollbackOf }: RolloutSnapshot) =>
  tasks.filter(
    ({ startedBy, lastStatus, desiredStatus }) =>
      (rollbackOf ? startedBy !== rollbackOf : startedBy === deploymentId) &&
      lastStatus === "RUNNING" &&
      desiredStatus === "RUNNING",
  );

function wrongImage(snapshot: RolloutSnapshot): Verdict | null {
  for (const task of runningTasks(snapshot)) {
    const digest = containerOf(task, snapshot.container)?.imageDigest;
    if (!digest || snapshot.digests.has(digest)) continue;
    const expected = [...snapshot.digests].map(shortDigest).join(" or ");
    return {
      kind: "failed",
      reason: `task ${taskId(task)} runs ${shortDigest(digest)} instead of ${expected}`,
    };
  }
  return null;
}

function crashLoop(snapshot: RolloutSnapshot): Verdict | null {
  const { service, container } = snapshot;
  const breaker = service?.deploymentConfiguration?.deploymentCircuitBreaker?.enable ?? false;
  const crashes = countedCrashes(ourTasks(snapshot), breaker);
  const last = crashes[0];
  if (!last || crashes.length < crashThreshold(service?.desiredCount ?? 0)) return null;
  return {
    kind: "failed",
    reason: `${crashes.length} tasks crashed; the last: ${stopStory(last, container)}`,
  };
}

function completedVerdict(snapshot: RolloutSnapshot, ours: Deployment | undefined): Verdict {
  const { runningCount = 0, desiredCount = 0 } = ours ?? {};
  if (desiredCount === 0) return { kind: "succeeded", detail: "nothing runs: the desired count is 0" };
  const proven = runningTasks(snapshot).filter((task) =>
    snapshot.digests.has(containerOf(task, snapshot.container)?.imageDigest ?? ""),
  );
  if (proven.length < Math.max(1, runningCount)) {
    return {
      kind: "in progress",
      detail: `${proven.length} of ${runningCount} tasks proved to run the image`,
    };
  }
  const newest = Math.max(...proven.map(({ startedAt }) => startedAt?.getTime() ?? snapshot.now));
  const crashed = countedCrashes(ourTasks(snapshot), false).length > 0;
  if (crashed && snapshot.now - newest < SETTLE_AFTER_CRASH) {
    return {
      kind: "in progress",
      detail: `tasks have crashed: watching for ${SETTLE_AFTER_CRASH / 1000} s that this one stays up`,
    };
  }
  return { kind: "succeeded", detail: `${proven.length} running, image proved` };
}

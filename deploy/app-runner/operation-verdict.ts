import type { OperationStatus, OperationSummary, Service, ServiceStatus } from "@aws-sdk/client-apprunner";
import type { Verdict } from "../verdict";

/** Everything that is known at one moment about one operation of ours. */
export interface OperationSnapshot {
  /** Milliseconds since the epoch. */
  now: number;
  /** When we stop waiting, likewise. */
  deadline: number;
  /** The id from the StartDeployment answer. */
  operationId: string;
  /** The service's latest operations, newest first. */
  operations: readonly OperationSummary[];
  /** Undefined where App Runner knows none. */
  service: Pick<Service, "Status"> | undefined;
}

/** What an operation's status says of ours; a new status does not compile until placed here. */
export const OPERATION_MEANING: Record<
  OperationStatus,
  "under way" | "succeeded" | "failed" | "rolling back" | "rolled back" | "stuck"
> = {
  PENDING: "under way",
  IN_PROGRESS: "under way",
  SUCCEEDED: "succeeded",
  FAILED: "failed",
  ROLLBACK_IN_PROGRESS: "rolling back",
  ROLLBACK_SUCCEEDED: "rolled back",
  ROLLBACK_FAILED: "stuck",
};

/** Whether an operation is a deployment of what the tag names. */
export const isDeployment = ({ Type }: OperationSummary) => Type === "START_DEPLOYMENT";

/** What a service's status says of requests: whether they are answered, or will be. */
export const SERVICE_MEANING: Record<ServiceStatus, "runs" | "changes" | "stands still" | "gone"> = {
  RUNNING: "runs",
  OPERATION_IN_PROGRESS: "changes",
  PAUSED: "stands still",
  CREATE_FAILED: "gone",
  DELETED: "gone",
  DELETE_FAILED: "gone",
};

/** The verdict on an operation, from what was read: the loop around it only reads and waits. */
export function operationVerdict(snapshot: OperationSnapshot): Verdict {
  const verdict = verdictNow(snapshot);
  if (verdict.kind !== "in progress" || snapshot.now < snapshot.deadline) return verdict;
  const ours = oursOf(snapshot);
  if (ours?.Status !== undefined && OPERATION_MEANING[ours.Status] === "rolling back")
    return { kind: "failed", reason: "it failed, and App Runner's rollback is not over after all this time" };
  return { kind: "unknown", reason: `the time is up and the operation is not over: ${verdict.detail}` };
}

const oursOf = ({ operations, operationId }: OperationSnapshot) =>
  operations.find(({ Id }) => Id === operationId);

function verdictNow(snapshot: OperationSnapshot): Verdict {
  const { service } = snapshot;
  const meaning = service?.Status && SERVICE_MEANING[service.Status];
  if (service === undefined || meaning === "gone")
    return { kind: "failed", reason: `the service is ${service?.Status ?? "not there any more"}` };
  const ours = oursOf(snapshot);
  if (ours?.Status === undefined)
    return { kind: "in progress", detail: "App Runner does not show our operation yet" };
  switch (OPERATION_MEANING[ours.Status]) {
    case "under way":
      return { kind: "in progress", detail: ours.Status };
    case "rolling back":
      return { kind: "in progress", detail: "it failed, and App Runner rolls it back" };
    case "failed":
      return { kind: "failed", reason: "App Runner gave it up, and says no more than FAILED" };
    case "rolled back":
      return { kind: "rolled back", reason: "App Runner went back to what ran before" };
    case "stuck":
      return { kind: "failed", reason: "App Runner could not roll it back (ROLLBACK_FAILED)" };
    case "succeeded":
      return succeededVerdict(snapshot);
    default:
      // A word that is newer than this list decides nothing.
      return { kind: "in progress", detail: ours.Status };
  }
}

/** Our operation is over: what counts is whether the service still runs what it brought. */
function succeededVerdict({ operations, operationId, service }: OperationSnapshot): Verdict {
  const since = operations.slice(
    0,
    operations.findIndex(({ Id }) => Id === operationId),
  );
  const other = since.find(({ Type }) => Type === "START_DEPLOYMENT" || Type === "UPDATE_SERVICE");
  if (other) return { kind: "superseded", reason: `operation ${other.Id} (${other.Type}) came after ours` };
  if (service?.Status === "PAUSED")
    return { kind: "failed", reason: "the service is PAUSED: somebody has stopped it" };
  if (service?.Status !== "RUNNING")
    return { kind: "in progress", detail: `the operation succeeded, the service is ${service?.Status}` };
  return { kind: "succeeded", detail: `operation ${operationId} succeeded` };
}

type Json = Record<string, unknown>;

/** How a one-off task goes: milliseconds in each phase, then its end. */
export interface TaskScript {
  provisioning?: number;
  pending?: number;
  running?: number;
  /** Exit code of the container that carries the image; null when it never started. */
  exitCode?: number | null;
  /** Laid over the stopped task. */
  end?: Json;
  /** What the container reports instead of the tag's digest. */
  digest?: string | null;
  /** Other containers, in front of the one that carries the image. */
  sidecars?: Json[];
  /** For so long after RunTask, DescribeTasks says MISSING. */
  missing?: number;
  log?: string[];
}

/** What is true of a deployment from a moment on, in milliseconds after its start. */
export interface Phase {
  at: number;
  rolloutState?: string;
  rolloutStateReason?: string;
  running?: number;
  failed?: number;
  /** State of the service deployment. */
  status?: string;
  statusReason?: string;
  /** What its tasks report instead of the tag's digest; null for nothing. */
  digest?: string | null;
  /** Tasks of it that have stopped. */
  stopped?: Json[];
  /** A deployment that took its place. */
  replacedBy?: "rollback" | "another";
  /** Where a rollback stands; COMPLETED if absent. */
  returning?: string;
  /** The digest that a rollback's tasks report; that of the deployment before if absent. */
  backTo?: string;
  /** No longer in the service's list. */
  gone?: boolean;
}

export const healthy: Phase[] = [
  { at: 0, rolloutState: "IN_PROGRESS", status: "IN_PROGRESS", running: 0 },
  { at: 20_000, running: 2 },
  { at: 40_000, rolloutState: "COMPLETED", status: "SUCCESSFUL", running: 2 },
];

/** What the process answers to its caller. A CI job can act on each without reading the log. */
export const EXIT = {
  /** Our deployment completed and the running tasks carry the image. */
  deployed: 0,
  /** Usage, configuration or a failed check: nothing was changed. */
  refused: 1,
  /** The migration failed: the service was not touched. */
  migrationFailed: 2,
  /** The roll-out failed or was rolled back. */
  rolloutFailed: 3,
  /** Nobody can say yet: a time-out, or AWS stopped answering. */
  unknown: 4,
  /** Another deployment is in progress, or replaced ours. */
  superseded: 5,
} as const;

/** 128 + the signal's number, as shells count. */
export const SIGNAL_EXIT = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
export type StopSignal = keyof typeof SIGNAL_EXIT;

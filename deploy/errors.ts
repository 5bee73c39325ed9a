import { EXIT, type ExitCode, SIGNAL_EXIT, type StopSignal } from "./exit-code";

/** An end that is not a success: what happened, what to do next, and what the process answers. */
export class DeployError extends Error {
  override name = "DeployError";
  constructor(
    readonly exitCode: ExitCode,
    message: string,
    /** What the reader can do now, one line each. */
    readonly wayOut: string[] = [],
    /** The last lines that the failing container wrote. */
    readonly lastLines: string[] = [],
  ) {
    super(message);
  }
}

/** A mistake in what was asked for: nothing was called, or nothing was changed. */
export const refused = (message: string, ...wayOut: string[]) =>
  new DeployError(EXIT.refused, message, wayOut);

/** Someone pressed Ctrl-C, or the runner is being shut down. */
export class Interrupted extends Error {
  override name = "Interrupted";
  readonly exitCode: number;
  /** What is left behind and how to deal with it; filled in by the step that was interrupted. */
  readonly wayOut: string[] = [];
  constructor(readonly by: StopSignal) {
    super(`interrupted by ${by}`);
    this.exitCode = SIGNAL_EXIT[by];
  }
}

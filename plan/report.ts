import type { Assumption } from "./assumed";
import type { Problem } from "./problems";
import type { Summary } from "./summary";

/** What became of the plan of one stack. */
export interface StackReport {
  readonly name: string;
  readonly outcome: "no changes" | "changes" | "failed";
  /** From its turn to its end. */
  readonly seconds: number;
  /** Missing where it failed. */
  readonly summary?: Summary;
  readonly problems: readonly Problem[];
}

/** What `npm run plan -- --json` prints. `version` goes up when something is renamed or taken away. */
export interface Report {
  readonly version: 1;
  /** Planned in the sandbox. */
  readonly offline: boolean;
  /** The command's own: 0 no changes, 2 changes, 1 at least one plan failed. */
  readonly exitCode: 0 | 1 | 2;
  /** By name. */
  readonly stacks: readonly StackReport[];
  /** What offline was taken as there, because the configuration only reads or imports it. */
  readonly assumed: readonly Assumption[];
}

/** The report over all stacks. */
export function reportOf(
  stacks: readonly StackReport[],
  offline: boolean,
  assumed: readonly Assumption[] = [],
): Report {
  const some = (outcome: StackReport["outcome"]) => stacks.some((stack) => stack.outcome === outcome);
  return { version: 1, offline, exitCode: some("failed") ? 1 : some("changes") ? 2 : 0, stacks, assumed };
}

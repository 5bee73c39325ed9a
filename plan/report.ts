import type { Assumption } from "./assumed";
import type { Problem } from "./problems";
import type { Orphans } from "./states";
import type { Summary } from "./summary";

/** What became of the plan of one stack. */
export interface StackReport {
  readonly name: string;
  /** The environments that are applied before it; absent where there are none. */
  readonly after?: readonly string[];
  readonly outcome: "no changes" | "changes" | "failed";
  /** From its turn to its end. */
  readonly seconds: number;
  /** Missing where it failed. */
  readonly summary?: Summary;
  readonly problems: readonly Problem[];
}

/** What `npx slipway plan --json` prints. `version` goes up when something is renamed or taken away. */
export interface Report {
  readonly version: 1;
  /** Planned in the sandbox. */
  readonly offline: boolean;
  /** The command's own: 0 no changes, 2 changes, 1 at least one plan failed or state has no file. */
  readonly exitCode: 0 | 1 | 2;
  /** By name. */
  readonly stacks: readonly StackReport[];
  /** What offline was taken as there, because the configuration only reads or imports it. */
  readonly assumed: readonly Assumption[];
  /** States with resources that no file describes any more. */
  readonly orphans: Orphans;
}

/** The report over all stacks. */
export function reportOf(
  stacks: readonly StackReport[],
  offline: boolean,
  assumed: readonly Assumption[] = [],
  orphans: Orphans = { found: [] },
): Report {
  const some = (outcome: StackReport["outcome"]) => stacks.some((stack) => stack.outcome === outcome);
  const failed = some("failed") || orphans.found.length > 0 || orphans.problem !== undefined;
  return { version: 1, offline, exitCode: failed ? 1 : some("changes") ? 2 : 0, stacks, assumed, orphans };
}

import { type AttributeChange, differences } from "../differences";
import { typed } from "../offline";
import type { Colors } from "../../terminal/screen";
import type { StackReport } from "../report";
import { textReport } from "../text";
import { attributeText } from "../words";
import type { Version } from "./dependency";
import type { Options } from "./trial";

/** What `slipway upgrade --json` prints. `version` goes up when something is renamed or taken away. */
export interface UpgradeReport {
  readonly version: 1;
  readonly from: Version;
  readonly to: Version;
  /** The command's own: 0 no changes or written, 1 a stack could not be compared, 2 changes. */
  readonly exitCode: 0 | 1 | 2;
  /** Whether package.json has the new version. */
  readonly written: boolean;
  /** By name: what the new version plans over what the old one made, in the sandbox. */
  readonly stacks: readonly StackReport[];
  /** By environment: options that have another value although its file says the same. */
  readonly options: Readonly<Record<string, readonly AttributeChange[]>>;
}

/** The options of each environment that two versions fill in otherwise; nothing where one of them cannot tell. */
export function optionChanges(
  before: Options | undefined,
  after: Options | undefined,
): UpgradeReport["options"] {
  if (before === undefined || after === undefined) return {};
  const changes = Object.keys(after).map(
    (name) => [name, differences({ before: byName(before[name]), after: byName(after[name]) })] as const,
  );
  return Object.fromEntries(changes.filter(([, changed]) => changed.length > 0));
}

/** The same options with lists of named things as objects, so that a change has the path that a file writes: `services.web.count`. */
function byName(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    const named = value.length > 0 && value.every((one) => typeof one?.name === "string");
    return named ? Object.fromEntries(value.map((one) => [one.name, byName(one)])) : value;
  }
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, byName(inner)]));
}

/** 1 where a stack could not be compared, 2 where one changes. */
export function exitCodeOf(stacks: readonly StackReport[]): 0 | 1 | 2 {
  const some = (outcome: StackReport["outcome"]) => stacks.some((stack) => stack.outcome === outcome);
  return some("failed") ? 1 : some("changes") ? 2 : 0;
}

/** The report for a terminal or a log. */
export function upgradeText({ from, to, stacks, options }: UpgradeReport, colors: Colors): string {
  const changed = Object.entries(options).map(([name, changes]) =>
    [
      `${colors.bold(name)}: options that have another value, though the file is the same`,
      ...changes.map((one) => `  ${colors.yellow("~")} ${attributeText(one)}`),
    ].join("\n"),
  );
  return [
    `slipway ${from.label} → ${to.label}: what it changes here, planned in the sandbox over what is made now`,
    ...changed,
    textReport(stacks, colors),
  ].join("\n\n");
}

/** How to go on, where nothing was written. */
export function nextText({ to, exitCode }: UpgradeReport): string {
  if (exitCode === 1) return "Nothing was written.";
  return `Nothing was written. To take it: npx slipway upgrade ${wordOf(to)} --auto-approve`;
}

/**
 * How to go on, where it is taken.
 * @param callers workflows that call those of the version before
 */
export function writtenText({ from, to }: UpgradeReport, callers: readonly string[]): string {
  const behind = from.number !== to.number && callers.length > 0;
  return [
    `package.json has slipway ${to.label}, and it is installed. Next: ${typed("npx slipway plan")}`,
    ...(behind ? [`v${from.number} is still called by ${callers.join(", ")}: put v${to.number} there.`] : []),
  ].join("\n");
}

/** A version as it is named on the command line. */
const wordOf = ({ spec }: Version) => spec.replace(/^slipway@(?:file:)?/, "");

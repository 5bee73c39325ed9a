/** A command line that cannot be understood, of any command. Source: EX_USAGE, sysexits.h. */
export const USAGE = 64;

const INTERRUPTED = "interrupted by SIGHUP, SIGINT or SIGTERM";

const release = {
  0: "deployed, or nothing was asked to change",
  1: "refused: configuration or a failed check, nothing was changed",
  2: "the migration failed, the service was not touched",
  3: "the roll-out failed or was rolled back",
  4: "the outcome is unknown",
  5: "another deployment is in progress, or ours was superseded",
  "129, 130, 143": INTERRUPTED,
};
const look = { 0: "done", 1: "refused or failed", "129, 130, 143": INTERRUPTED };

/** What each command answers to its caller, beside `USAGE`: docs/exit-codes.md is this table. */
export const EXIT_CODES = {
  plan: { 0: "no changes", 1: "an error", 2: "changes", "129, 130, 143": INTERRUPTED },
  apply: {
    0: "applied, or nothing to do",
    1: "refused or failed",
    3: "applied, and DNS records are still missing",
    "129, 130, 143": INTERRUPTED,
  },
  destroy: {
    0: "destroyed, or nothing was there",
    1: "refused or failed",
    2: "something would go: of --dry-run",
    "129, 130, 143": INTERRUPTED,
  },
  "move-state": {
    0: "all states lie in the bucket",
    1: "nothing was moved, or not all",
    "129, 130, 143": INTERRUPTED,
  },
  synth: {
    0: "the stacks lie in cdktf.out",
    1: "a mistake: nothing was written",
    "129, 130, 143": INTERRUPTED,
  },
  upgrade: {
    0: "no environment changes, or the new version is in package.json",
    1: "an error: nothing was written",
    2: "an environment changes: nothing was written",
    "129, 130, 143": INTERRUPTED,
  },
  import: { 0: "the environment's file is written", 1: "nothing was written, and why" },
  guardrails: { 0: "nothing found, or all suppressed", 1: "something found" },
  deploy: release,
  rollback: release,
  run: {
    0: "the command ran and succeeded",
    1: "refused, or the command did not run to its end",
    4: "the outcome is unknown",
    "129, 130, 143": INTERRUPTED,
    other: "the command's own, where it ran",
  },
  check: {
    0: "every check passed, perhaps with warnings",
    1: "refused, or a check failed",
    5: "another deployment or migration is in progress",
    "129, 130, 143": INTERRUPTED,
  },
  status: look,
  "copy-image": { ...look, 0: "copied, or nothing to copy" },
  policy: look,
  image: { ...look, 0: "printed, or there is none yet" },
  logs: look,
  exec: { ...look, other: "the command's own, where it ran" },
  psql: { ...look, other: "psql's own" },
  secret: look,
  open: look,
  move: {
    0: "the step is done, or was done before; survey: ready",
    1: "refused or failed: what stands is said; survey: something is missing",
    3: "the step did not hold: shift went back to 0 %, or tasks do not run as they shall",
    4: "the outcome is unknown",
    5: "somebody else takes a step",
    "129, 130, 143": INTERRUPTED,
  },
  sandbox: { 0: "done", 1: "a mistake of the sandbox", 127: "no such command", other: "the command's own" },
  postgres: { 0: "printed", 1: "no such environment, or no database in it" },
  github: { 0: "done", 1: "not done, and why" },
  completion: { 0: "printed" },
} as const satisfies Record<string, Readonly<Record<string, string>>>;

export type CommandName = keyof typeof EXIT_CODES;

/** Lines for a command's --help: each code and what it means. */
export function exitCodesOf(command: CommandName): string {
  const codes = Object.entries({ ...EXIT_CODES[command], [USAGE]: "the command line cannot be understood" });
  const order = ([code]: [string, string]) =>
    code === "other" ? Number.POSITIVE_INFINITY : Number.parseInt(code, 10);
  const rows = codes.sort((a, b) => order(a) - order(b));
  const width = Math.max(...rows.map(([code]) => code.length));
  return ["Exit codes:", ...rows.map(([code, meaning]) => `  ${code.padEnd(width)}  ${meaning}`)].join("\n");
}

import type { CommandName } from "../terminal/exit-codes";

/** One command of `slipway`. */
export interface Entry {
  readonly name: CommandName;
  readonly description: string;
  /** Heading above a command in --help. */
  readonly group: string;
  /** What it does, loaded only when it is called: a program that reads the command line itself. */
  readonly load: () => { readonly ended: Promise<unknown> };
  /** Whether that program has no other command, and so is not told this one's name. */
  readonly alone?: true;
  /** Whether it reads a file in environments/ in this process. */
  readonly readsEnvironments?: true;
}

const plan = () => require("../plan/main");
const deploy = () => require("../deploy/main");

/** Every command, in the order of --help. */
export const COMMANDS: readonly Entry[] = [
  ...under(
    "Environments:",
    { load: plan },
    {
      plan: "show what Terraform would change in each environment, and keep the plans",
      apply: "apply exactly the plans of the last plan",
      destroy: "destroy an environment, after naming what is lost",
      "move-state": "move the states into the bucket that the bootstrap stack made",
      synth: "write the stacks to cdktf.out",
      upgrade: "show what another version of slipway changes here, and take it",
    },
  ),
  {
    name: "import",
    description: "write an environment's file from what runs on another platform",
    group: "Environments:",
    load: () => require("../import/main"),
    alone: true,
  },
  {
    name: "guardrails",
    description: "hold the stacks, or a plan, to rules",
    group: "Environments:",
    load: () => require("../guardrails/main"),
    alone: true,
  },
  ...under(
    "Releases:",
    { load: deploy, readsEnvironments: true },
    {
      deploy: "check, migrate, promote, roll out, and prove that the image runs",
      rollback: "deploy the image before, without migrations",
      status: "show what runs, since when, and the last deployments",
      check: "check an environment, and change nothing",
      run: "run a command in a service's image",
      "copy-image": "copy what runs to where the next apply lets tasks pull from",
      policy: "print the IAM policy that the deploy role needs",
      image: "print the digest of the image that a commit has",
    },
  ),
  ...under(
    "Every day:",
    { load: deploy, readsEnvironments: true },
    {
      logs: "show what containers and the database write",
      exec: "open a shell in a running task, or run a command there",
      psql: "open psql on the database",
      secret: "set, unset, list and compare secrets",
      open: "print the environment's address, and open it",
    },
  ),
  {
    name: "move",
    description: "move an address from another platform into an environment",
    group: "Moving in:",
    load: () => require("../move/main"),
    alone: true,
    readsEnvironments: true,
  },
  {
    name: "sandbox",
    description: "run any command with AWS stood in for: no account, no credentials",
    group: "Without AWS:",
    load: () => require("../sandbox/main"),
    alone: true,
  },
  {
    name: "postgres",
    description: "print which Postgres an environment has, to start one like it",
    group: "Without AWS:",
    load: () => require("../postgres/main"),
    alone: true,
    readsEnvironments: true,
  },
  {
    name: "github",
    description: "tell people on GitHub what a workflow found",
    group: "Machinery:",
    load: () => require("../github/main"),
    alone: true,
  },
  {
    name: "completion",
    description: "print the completions for a shell",
    group: "Machinery:",
    load: () => require("./completion"),
    alone: true,
  },
];

/** Commands that one program has. */
function under(
  group: string,
  program: Pick<Entry, "load" | "readsEnvironments">,
  described: Partial<Record<CommandName, string>>,
): Entry[] {
  return Object.entries(described).map(([name, description]) => ({
    name: name as CommandName,
    description,
    group,
    ...program,
  }));
}

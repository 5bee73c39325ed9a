import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { sandboxHere } from "../../support/commands-here";
import { type Contexts, holds, interpolate, type Status } from "./evaluate";
import type { Job, Step } from "./workflows";

export interface RunOptions {
  /** The checkout. */
  readonly folder: string;
  readonly contexts: Contexts;
  /** What the machine gives, beside what every process has. */
  readonly env: Readonly<Record<string, string>>;
  /** Options of the sandbox, in which each script then runs; without them it runs on its own. */
  readonly sandbox?: readonly string[];
  /** Whether a script is run; what is not is taken as done. */
  readonly only?: (step: Step) => boolean;
  /** Stands in for an action; without it, actions are taken as done. */
  readonly action?: (step: Step, inputs: Readonly<Record<string, string>>) => void;
  /** Gets what a script prints as it comes, and its shell's process. */
  readonly onOutput?: (text: string, shell: () => number) => void;
}

export interface JobRun {
  readonly status: Status;
  /** Names of the scripts that ran, each with its exit code. */
  readonly ran: Readonly<Record<string, number>>;
  readonly outputs: Readonly<Record<string, string>>;
  /** By id: what its steps handed on, as expressions read it. */
  readonly steps: Readonly<Record<string, unknown>>;
  readonly log: string;
  readonly summary: string;
}

/** Runs a job's scripts as a runner would: its conditions, expressions, environment, outputs and summary. */
export async function runJob(job: Job, options: RunOptions): Promise<JobRun> {
  const { folder, only = () => true } = options;
  const files = {
    output: join(folder, ".output"),
    summary: join(folder, ".summary"),
    script: join(folder, ".script"),
  };
  const steps: Record<string, { outputs: Record<string, string>; conclusion: string }> = {};
  const ran: Record<string, number> = {};
  let [status, log, summary]: [Status, string, string] = ["success", "", ""];
  for (const step of job.steps ?? []) {
    const contexts = { ...options.contexts, steps };
    if (!holds(step.if, contexts, status)) continue;
    let [code, outputs]: [number, Record<string, string>] = [0, {}];
    if (step.uses) {
      const inputs = Object.entries(step.with ?? {}).map(([key, value]) => [
        key,
        interpolate(value, contexts),
      ]);
      options.action?.(step, Object.fromEntries(inputs));
    } else if (step.run && only(step)) {
      for (const file of [files.output, files.summary]) writeFileSync(file, "");
      writeFileSync(files.script, step.run);
      const given = Object.entries(step.env ?? {}).map(([key, value]) => [key, interpolate(value, contexts)]);
      const env = {
        ...options.env,
        GITHUB_OUTPUT: files.output,
        GITHUB_STEP_SUMMARY: files.summary,
        ...Object.fromEntries(given),
      };
      const where = join(folder, interpolate(step["working-directory"] ?? "", contexts));
      const ended = await script(options, where, files.script, env);
      code = ended.code;
      log += ended.output;
      summary += readFileSync(files.summary, "utf8");
      outputs = outputsIn(readFileSync(files.output, "utf8"));
      ran[step.name ?? step.run] = code;
    }
    if (step.id) steps[step.id] = { outputs, conclusion: code === 0 ? "success" : "failure" };
    if (code !== 0) status = "failure";
  }
  const results = Object.entries(job.outputs ?? {}).map(([key, value]) => [
    key,
    interpolate(value, { ...options.contexts, steps }),
  ]);
  return { status, ran, outputs: Object.fromEntries(results), steps, log, summary };
}

/** `name=value` lines, and values between two lines with a delimiter: `name<<END`. Source: GitHub's workflow commands. */
const outputsIn = (text: string): Record<string, string> =>
  Object.fromEntries(
    [...text.matchAll(/^([\w-]+)(?:<<(.+)\n([\s\S]*?)\n\2|=(.*))$/gm)].map(([, name, , between, alone]) => [
      name,
      between ?? alone ?? "",
    ]),
  );

/** With bash -e, as runners do where a step names no shell. Source: "Workflow syntax", steps shell, GitHub documentation. */
function script(
  { folder, sandbox, onOutput }: RunOptions,
  where: string,
  file: string,
  env: Readonly<Record<string, string>>,
): Promise<Ended> {
  const pid = join(folder, ".pid");
  // The process that a runner would signal: the script's own, also where that replaces itself by a command.
  const shell = ["bash", "-c", `cd '${where}'; echo $$ > '${pid}'; exec bash -e '${file}'`];
  const watch = (text: string) => onOutput?.(text, () => Number(readFileSync(pid, "utf8")));
  return sandbox ? inSandbox(folder, sandbox, shell, env, watch) : start(folder, shell, machine(env), watch);
}

export interface Ended {
  readonly code: number;
  /** Both streams, without colours. */
  readonly output: string;
}

/** Runs a command in a checkout's sandbox, after options of that. */
export const sandboxed = (folder: string, options: readonly string[], ...command: readonly string[]) =>
  inSandbox(folder, options, command, { AWS_REGION: "us-west-2" });

async function inSandbox(
  folder: string,
  options: readonly string[],
  command: readonly string[],
  env: Readonly<Record<string, string>>,
  onOutput?: (text: string) => void,
): Promise<Ended> {
  const words = [...options, "--", ...command];
  const { code, stdout, stderr } = await sandboxHere(
    folder,
    words,
    machine(env),
    async (given, variables) => {
      const { output, ...ended } = await start(folder, given, variables, onOutput);
      return { ...ended, stdout: output, stderr: "" };
    },
  );
  return { code, output: stderr + stdout };
}

/** The variables of a runner's machine. */
const machine = (env: Readonly<Record<string, string>>): NodeJS.ProcessEnv => ({
  ...process.env,
  CI: "true",
  NO_COLOR: "1",
  FORCE_COLOR: "0",
  PATH: `${join(__dirname, "bin")}:${process.env.PATH}`,
  ...env,
});

function start(
  folder: string,
  [command = "", ...args]: readonly string[],
  env: NodeJS.ProcessEnv,
  onOutput?: (text: string) => void,
): Promise<Ended> {
  const child = spawn(command, args, { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += stripVTControlCharacters(text);
      onOutput?.(output);
    });
  }
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code: code ?? -1, output }));
  });
}

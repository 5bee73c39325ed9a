import { spawn } from "node:child_process";
import { stripVTControlCharacters } from "node:util";
import { COMMAND, commandHere, type Outcome, SANDBOX } from "../../support/commands-here";

export { COMMAND, type Outcome };

export interface Running {
  readonly ended: Promise<Outcome>;
  /** Resolves once this was printed. */
  printed(text: string): Promise<void>;
  /** Types something. */
  type(text: string): void;
  kill(signal: NodeJS.Signals): void;
}

/** Starts `plan` or `apply` in a folder, outside of any sandbox. */
export const start = (folder: string, args: readonly string[], environment?: NodeJS.ProcessEnv) =>
  startNode(folder, [...COMMAND, ...args], environment);

/** Starts a command in a folder's sandbox. */
export const startInSandbox = (folder: string, ...command: readonly string[]) =>
  startNode(folder, [...SANDBOX, "--", ...command]);

const AUTOMATED = { CI: "true", NO_COLOR: "1" };

function startNode(folder: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}): Running {
  const child = spawn(process.execPath, args, {
    cwd: folder,
    env: { ...process.env, ...AUTOMATED, ...environment },
    stdio: "pipe",
  });
  const texts = { stdout: "", stderr: "" };
  const waiting: { text: string; resolve: () => void }[] = [];
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      texts[name] += stripVTControlCharacters(text);
      for (const one of waiting) if (`${texts.stdout}${texts.stderr}`.includes(one.text)) one.resolve();
    });
  }
  const ended = new Promise<Outcome>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code: code ?? -1, ...texts }));
  });
  const printed = (text: string) =>
    Promise.race([
      new Promise<void>((resolve) => waiting.push({ text, resolve })),
      ended.then(({ stdout, stderr }) => {
        throw new Error(`It ended without printing ${text}:\n${stdout}${stderr}`);
      }),
    ]);
  return { ended, printed, type: (text) => child.stdin.write(text), kill: (signal) => child.kill(signal) };
}

/**
 * Runs it to its end: in this process, unless the environment has options of Node, which reads them as it starts. NODE_PATH is
 * for what the command starts.
 */
export const run = (
  folder: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): Promise<Outcome> =>
  "NODE_OPTIONS" in environment
    ? start(folder, args, environment).ended
    : commandHere(folder, args, { ...process.env, ...AUTOMATED, ...environment });

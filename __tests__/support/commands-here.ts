import { spawn } from "node:child_process";
import type { EventEmitter } from "node:events";
import { createRequire } from "node:module";
import { join, relative } from "node:path";
import { Readable } from "node:stream";
import { stripVTControlCharacters } from "node:util";

const ROOT = join(__dirname, "..", "..");
/** Loads the project's own files as its commands do, each once: tests that run a command often do not start Node for it. */
export const load = createRequire(__filename);
/** What has Node load TypeScript. */
export const LOADER = join(ROOT, "bin/typescript.js");
load(LOADER);

/** The arguments for Node that stand for `npm run plan --`, `npm run apply --` and the like. */
export const COMMAND = ["--require", LOADER, join(ROOT, "plan/main.ts")];
/** The arguments for Node that stand for `npm run sandbox --`. */
export const SANDBOX = ["--require", LOADER, join(ROOT, "sandbox/main.ts")];

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

type Command = typeof import("../../sandbox/command/command");

/** Events that commands listen to for as long as their process lives. */
const HEARD: readonly (readonly [emitter: EventEmitter, name: string])[] = [
  ...["SIGINT", "SIGTERM", "SIGHUP"].map((signal) => [process, signal] as const),
  [process.stdout, "error"],
  [process.stderr, "error"],
];
/** The files of slipway's programs, from the top of the sources. */
const MAIN = /^([a-z]+\/main|cli\/completion)\.ts$/;
const PROGRAMS = ["deploy", "move", "plan"] as const;
/** A program of the command's, by the folder that its main.ts is in. */
export type Program = (typeof PROGRAMS)[number];

/** How much faster than the machine's time a program's clock may go here. */
const SPEED = 10;
let running: string | undefined;

/**
 * `slipway plan`, `apply`, `destroy` or `move-state` in a folder, in this process: one at a time, which no signal reaches and
 * nobody answers.
 */
export const commandHere = (folder: string, words: readonly string[], environment: NodeJS.ProcessEnv) =>
  runHere("plan/main.ts", folder, words, environment);

/** The same of any command of `slipway`, as it is found by its name. */
export const slipwayHere = (folder: string, words: readonly string[], environment: NodeJS.ProcessEnv) =>
  runHere("cli/main.ts", folder, words, environment);

/**
 * The same of one of its programs, whose clock goes faster: most of what a release takes is waiting between two looks.
 * @param input all of its standard input
 */
export const programHere = (
  program: Program,
  folder: string,
  words: readonly string[],
  environment: NodeJS.ProcessEnv,
  input = "",
) => runHere(`${program}/main.ts`, folder, words, environment, { input, speed: SPEED });

async function runHere(
  file: string,
  folder: string,
  words: readonly string[],
  environment: NodeJS.ProcessEnv,
  { input = "", speed = 1 } = {},
): Promise<Outcome> {
  if (running !== undefined)
    throw new Error(`${running} runs in this process: start one of them, and ${words[0]}, as a process.`);
  running = String(words[0]);
  const { env, argv, execArgv, exit, exitCode } = process;
  const before = {
    folder: process.cwd(),
    write: { stdout: process.stdout.write, stderr: process.stderr.write },
  };
  const listeners = HEARD.map(([emitter, name]) => [emitter, name, emitter.listeners(name)] as const);
  const stdin = Object.getOwnPropertyDescriptor(process, "stdin") ?? {};
  const { systemClock } = load(join(ROOT, "deploy/clock.ts")) as typeof import("../../deploy/clock");
  const clock = { ...systemClock };
  const texts = { stdout: "", stderr: "" };
  let exited: number | undefined;
  const main = join(ROOT, file);
  try {
    process.chdir(folder);
    process.env = { ...environment };
    process.argv = [process.execPath, main, ...words];
    process.execArgv = ["--require", LOADER];
    process.exitCode = undefined;
    Object.defineProperty(process, "stdin", { value: Readable.from([input]), configurable: true });
    const began = Date.now();
    systemClock.now = () => began + (Date.now() - began) * speed;
    systemClock.sleep = (milliseconds, signal) => clock.sleep(milliseconds / speed, signal);
    for (const name of ["stdout", "stderr"] as const)
      process[name].write = (text) => {
        if (exited === undefined) texts[name] += stripVTControlCharacters(String(text));
        return true;
      };
    process.exit = (code) => {
      exited ??= Number(code ?? process.exitCode ?? 0);
      throw new Error("The command has ended.");
    };
    // Each reads the command line as it is loaded.
    for (const one of Object.keys(load.cache)) if (MAIN.test(relative(ROOT, one))) delete load.cache[one];
    try {
      await (load(main) as typeof import("../../cli/main")).ended;
    } catch (error) {
      // A process of its own would end like this, where nobody catches the error.
      if (exited === undefined) texts.stderr += `${(error as Error).stack}\n`;
      exited ??= 1;
    }
    return { code: exited ?? Number(process.exitCode ?? 0), ...texts };
  } finally {
    Object.assign(process, { env, argv, execArgv, exit, exitCode });
    Object.defineProperty(process, "stdin", stdin);
    Object.assign(systemClock, clock);
    for (const name of ["stdout", "stderr"] as const) process[name].write = before.write[name];
    for (const [emitter, name, known] of listeners)
      for (const listener of emitter.listeners(name))
        if (!known.includes(listener)) emitter.off(name, listener as () => void);
    process.chdir(before.folder);
    running = undefined;
  }
}

/**
 * `slipway sandbox` in a folder, in this process, with its stand-ins; a command of slipway that it runs is here, too.
 * @param words as those of `slipway sandbox`
 * @param run runs the command with the variables that lead it to the stand-ins
 */
export async function sandboxHere(
  folder: string,
  words: readonly string[],
  environment: NodeJS.ProcessEnv,
  run: (command: readonly string[], environment: NodeJS.ProcessEnv) => Promise<Outcome> = (command, env) => {
    const program = programOf(command);
    const words = command.slice(1 + COMMAND.length);
    return program === undefined ? runIn(folder, command, env) : programHere(program, folder, words, env);
  },
): Promise<Outcome> {
  const { sandboxCommand } = load(join(ROOT, "sandbox/command/command.ts")) as Command;
  const texts = { stdout: "", stderr: "" };
  const take = (name: keyof typeof texts) => (text: string) => {
    texts[name] += text;
  };
  const place = {
    folder,
    environment,
    stderr: { write: take("stderr") },
    print: async (text: string) => take("stdout")(text),
  };
  const code = await sandboxCommand(words, place, async (command, variables) => {
    const ended = await run(command, variables);
    for (const name of ["stdout", "stderr"] as const) take(name)(ended[name]);
    return ended.code;
  });
  return { code, ...texts };
}

/** The program of slipway that a command starts. */
const programOf = ([node, required, loader, main]: readonly string[]): Program | undefined =>
  node === process.execPath && required === "--require" && loader === LOADER
    ? PROGRAMS.find((program) => main === join(ROOT, program, "main.ts"))
    : undefined;

/** Runs a command to its end. */
export function runIn(
  folder: string,
  [command = "", ...args]: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<Outcome> {
  const child = spawn(command, args, { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
  const texts = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const)
    child[name].setEncoding("utf8").on("data", (text: string) => {
      texts[name] += stripVTControlCharacters(text);
    });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code: code ?? -1, ...texts }));
  });
}

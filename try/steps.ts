import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { cpSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** What no checkout holds. */
const LEFT_OUT: ReadonlySet<string> = new Set(["node_modules", "cdktf.out", ".sandbox", ".bench", ".git"]);

/** Copies a project without its packages and without what commands left in it. */
export function copyProject(from: string, to: string): void {
  for (const name of readdirSync(from).filter((one) => !LEFT_OUT.has(one))) {
    cpSync(join(from, name), join(to, name), {
      recursive: true,
      filter: (path) => !path.endsWith("/node_modules"),
    });
  }
}

const running = new Set<ChildProcess>();

/** Hands signals on to the processes that run, whose steps then fail: nothing is left behind. */
export function stopOnSignals(): void {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.on(signal, () => {
      for (const child of running) child.kill(signal);
    });
}

/** Starts a process that gets the signals that come here. */
export function start(command: string, args: readonly string[], options: SpawnOptions): ChildProcess {
  const child = spawn(command, args, options);
  running.add(child);
  child.once("close", () => running.delete(child));
  return child;
}

/**
 * Runs a command in a folder, quietly.
 * @returns what it printed
 * @throws Error with all that it printed, where it fails
 */
export function run(folder: string, command: string, ...args: readonly string[]): Promise<string> {
  // npm tells its children about the project that it was called in; this is another one.
  const own = Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name));
  const env = { ...Object.fromEntries(own), CI: "true", NO_COLOR: "1", FORCE_COLOR: "0" };
  const child = start(command, args, { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) resolve(output);
      else reject(new Error(`${[command, ...args].join(" ")} ended with ${code}:\n${output}`));
    });
  });
}

/** Does one step and says so, with how long it took, or that it failed. */
export async function step<T>(what: string, work: () => Promise<T>): Promise<T> {
  const started = Date.now();
  try {
    const result = await work();
    console.log(`✓ ${what} (${((Date.now() - started) / 1000).toFixed(0)} s)`);
    return result;
  } catch (error) {
    console.log(`✗ ${what}\n`);
    throw error;
  }
}

import { spawn } from "node:child_process";
import { constants } from "node:os";

const FORWARDED: NodeJS.Signals[] = ["SIGTERM", "SIGHUP", "SIGINT"];

/** Runs a command on this terminal until it ends; returns its exit code, 128 plus the number if a signal ended it. */
export function run(command: readonly string[], environment: NodeJS.ProcessEnv): Promise<number> {
  const [file = "", ...args] = command;
  return new Promise((resolve) => {
    const forward = (signal: NodeJS.Signals) => {
      // A terminal sends Ctrl-C to the whole group: sending it again would tell Terraform to give up at once.
      if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
    };
    // From before the child is there until the end: a signal in between would leave things behind.
    for (const signal of FORWARDED) process.on(signal, forward);
    const child = spawn(file, args, { stdio: "inherit", env: environment });
    child.once("error", (error: NodeJS.ErrnoException) => {
      process.stderr.write(
        `sandbox: cannot run ${file}: ${error.code === "ENOENT" ? "no such command" : error.message}\n`,
      );
      resolve(error.code === "ENOENT" ? 127 : 126);
    });
    child.once("exit", (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
  });
}

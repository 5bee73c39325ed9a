import { spawn } from "node:child_process";
import { constants } from "node:os";
import { dirname, extname, join } from "node:path";

/** Whether this process runs as a command of the sandbox, where AWS is stood in for. */
export function inSandbox(environment: NodeJS.ProcessEnv): boolean {
  const { TERRAFORM_BINARY_NAME, TF_REATTACH_PROVIDERS } = environment;
  const shim = dirname(TERRAFORM_BINARY_NAME ?? "").endsWith(join(".sandbox", "bin"));
  return shim && Boolean(TF_REATTACH_PROVIDERS);
}

/** A command to go on with, as it is typed where AWS is stood in for, and elsewhere as it is. */
export function typed(command: string): string {
  if (!inSandbox(process.env)) return command;
  return /^npx slipway (?:plan|destroy) /.test(command)
    ? command.replace(/^npx slipway \w+/, "$& --offline")
    : `npx slipway sandbox ${command}`;
}

/**
 * Runs this very command line again, as a command of the sandbox. Returns its exit code.
 *
 * @param options the sandbox's own
 */
export function againInSandbox(options: readonly string[]): Promise<number> {
  const sandbox = join(__dirname, "..", "sandbox", `main${extname(__filename)}`);
  const node = [...process.execArgv];
  const again = [process.execPath, ...node, ...process.argv.slice(1)];
  const child = spawn(process.execPath, [...node, sandbox, ...options, "--", ...again], { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      // A terminal's Ctrl-C has reached the child already.
      if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
    });
  }
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
  });
}

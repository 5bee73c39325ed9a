import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { constants } from "node:os";

const SIGNALS: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP"];

export interface Ended {
  /** The child's exit code, 128 plus the number where a signal ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Somebody pressed Ctrl-C, or the runner is being stopped. */
export class Interrupted extends Error {
  readonly exitCode: number;

  constructor(signal: NodeJS.Signals) {
    super(`Interrupted by ${signal}.`);
    this.exitCode = 128 + constants.signals[signal];
  }
}

/**
 * Runs child processes and hands signals on to them, so that Terraform finishes what it has begun and writes its state
 * before anything ends. After a signal no further child starts.
 */
export class Children {
  private readonly running = new Set<ChildProcess>();
  private signal: NodeJS.Signals | undefined;
  private readonly stopper = new AbortController();

  constructor() {
    for (const signal of SIGNALS) process.on(signal, () => this.stop(signal));
  }

  /** Ends waits that are no child's, once a signal came. */
  get stopping(): AbortSignal {
    return this.stopper.signal;
  }

  /** @throws Interrupted once a signal came */
  check(): void {
    if (this.signal !== undefined) throw new Interrupted(this.signal);
  }

  /**
   * Runs a command to its end, whatever its exit code.
   * @param onLine gets each line of its standard output as it comes; the output is not collected then
   */
  run(
    command: string,
    args: readonly string[],
    options: SpawnOptions,
    onLine?: (line: string) => void,
  ): Promise<Ended> {
    this.check();
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], ...options });
    this.running.add(child);
    const [stdout, stderr]: [string[], string[]] = [[], []];
    let rest = "";
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      if (onLine === undefined) {
        stdout.push(text);
        return;
      }
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      lines.forEach(onLine);
    });
    child.stderr?.setEncoding("utf8").on("data", (text: string) => stderr.push(text));
    return new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, signal) => {
        this.running.delete(child);
        if (rest !== "") onLine?.(rest);
        const ended = code ?? 128 + (signal ? constants.signals[signal] : 0);
        resolve({ code: ended, stdout: stdout.join(""), stderr: stderr.join("") });
      });
    });
  }

  private stop(signal: NodeJS.Signals) {
    this.signal ??= signal;
    // A second one has Terraform give up at once, its state not saved. GitHub's runner sends SIGTERM 7.5 seconds after SIGINT, and
    // leaves 2.5 more. Who sends the same one again means it. Source: actions/runner, ProcessInvoker.cs.
    if (signal !== this.signal) return;
    this.stopper.abort();
    // A terminal sends Ctrl-C to the whole group: sending it again would tell Terraform to give up at once.
    if (signal === "SIGINT" && process.stdin.isTTY) return;
    for (const child of this.running) child.kill(signal);
  }
}

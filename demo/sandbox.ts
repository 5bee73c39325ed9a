import { spawn } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";

const ROOT = join(__dirname, "..");

/** Runs commands in a sandbox of the demo's own: a project beside the real one, so that neither sees the other's states. */
export class DemoSandbox {
  readonly folder = join(ROOT, ".sandbox", "demo");
  /** Where the environment is; known once it is applied. */
  region = "us-east-1";

  /** Starts from nothing. */
  constructor() {
    rmSync(this.folder, { recursive: true, force: true });
    mkdirSync(this.folder, { recursive: true });
    const { context, ...config } = require("../cdktf.json");
    const app = `"${process.execPath}" --import tsx "${join(ROOT, "main.ts")}"`;
    // No state bucket: the sandbox keeps states by itself.
    writeFileSync(
      join(this.folder, "cdktf.json"),
      JSON.stringify({ ...config, app, context: { project: context.project } }),
    );
  }

  /**
   * Runs a command against the stand-in AWS, options of the sandbox before it.
   * @param onLine called with each line of what it prints
   * @param expected the exit code that is right
   * @returns all that it printed, without colours
   * @throws Error with the output, when it ends otherwise
   */
  run(command: readonly string[], onLine: (line: string) => void, expected = 0): Promise<string> {
    const args = ["--import", "tsx", join(ROOT, "sandbox/main.ts"), ...command];
    const child = spawn(process.execPath, args, {
      cwd: this.folder,
      // cdktf draws no spinner in CI.
      env: { ...process.env, AWS_REGION: this.region, CI: "true", NO_COLOR: "1", FORCE_COLOR: "0" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    let rest = "";
    const take = (chunk: Buffer) => {
      const text = stripVTControlCharacters(chunk.toString());
      output += text;
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) if (line.trim() !== "") onLine(line.trim());
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    return new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code) => {
        if (code === expected) resolve(output);
        else reject(new Error(`${command.join(" ")} ended with ${code}, not ${expected}:\n\n${output}`));
      });
    });
  }

  /** A cdktf command. */
  cdktf(args: readonly string[], onLine: (line: string) => void): Promise<string> {
    return this.run(
      [process.execPath, join(ROOT, "node_modules/cdktf-cli/bundle/bin/cdktf"), ...args],
      onLine,
    );
  }

  /** A deploy command, with releases pushed before it; ECS goes on faster than it would. */
  deploy(
    args: readonly string[],
    onLine: (line: string) => void,
    { push = [], expected = 0 }: { readonly push?: readonly string[]; readonly expected?: number } = {},
  ): Promise<string> {
    const command = [process.execPath, "--require", "tsx/cjs", join(ROOT, "deploy/main.ts"), ...args];
    return this.run([...push, "--speed", "30", ...command], onLine, expected);
  }
}

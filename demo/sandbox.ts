import { spawn } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { stripVTControlCharacters } from "node:util";
import type { Show } from "./step";

const ROOT = join(__dirname, "..");
/** Finds tsx wherever the demo's folder is. */
const TSX = ["--require", require.resolve("tsx/cjs")];
const TSX_LOADER = pathToFileURL(require.resolve("tsx")).href;

export interface RunOptions {
  /** Options of the sandbox: images to push, changes by hand. */
  readonly sandbox?: readonly string[];
  /** The exit code that is right. */
  readonly expected?: number;
}

export interface DeployOptions extends RunOptions {
  /** Gives the secrets of the environment's service their values before. */
  readonly secrets?: boolean;
}

const quoted = (words: readonly string[]) =>
  words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");

/**
 * This project in a folder of its own, in a sandbox of its own that begins with an empty account. Sources are the real
 * ones, by link; cdktf.json, the environments and the states are the demo's.
 */
export class DemoSandbox {
  readonly folder = join(ROOT, ".sandbox", "demo");
  /** Where the environments are. */
  readonly region = "us-west-2";
  private options = ["--empty"];

  /** Starts from nothing. */
  constructor() {
    rmSync(this.folder, { recursive: true, force: true });
    mkdirSync(join(ROOT, ".sandbox"), { recursive: true, mode: 0o700 });
    mkdirSync(this.folder, { recursive: true });
    for (const name of ["modules", "guardrails", "node_modules", "package.json", "tsconfig.json"])
      symlinkSync(join(ROOT, name), join(this.folder, name));
    for (const name of ["main.ts", "environments"])
      cpSync(join(ROOT, name), join(this.folder, name), { recursive: true });
    const { context, ...config } = require("../cdktf.json");
    const bootstrap = { ...context.bootstrap, github: "owner/repository" };
    const own = {
      ...config,
      context: { project: context.project, stateBucket: "", stateRegion: "", bootstrap },
    };
    writeFileSync(join(this.folder, "cdktf.json"), `${JSON.stringify(own, null, 2)}\n`);
  }

  /** `cp environments/<from>.ts environments/<to>.ts`. */
  copyEnvironment(from: string, to: string): void {
    const file = (name: string) => join(this.folder, "environments", `${name}.ts`);
    cpSync(file(from), file(to));
  }

  /** `npm run synth`, which needs no AWS at all. */
  async synth(show: Show): Promise<string[]> {
    await this.spawn([process.execPath, "--import", TSX_LOADER, "main.ts"], "main.ts", show, 0);
    const manifest = JSON.parse(readFileSync(join(this.folder, "cdktf.out/manifest.json"), "utf8"));
    return Object.keys(manifest.stacks).sort();
  }

  /** A cdktf command. */
  cdktf(args: readonly string[], show: Show, options?: RunOptions): Promise<string> {
    return this.node([join(ROOT, "node_modules/cdktf-cli/bundle/bin/cdktf"), ...args], show, options);
  }

  /** A Terraform command, in the folder of a stack. */
  terraform(stack: string, args: readonly string[], show: Show, options?: RunOptions): Promise<string> {
    return this.run(["terraform", `-chdir=cdktf.out/stacks/${stack}`, ...args], show, options);
  }

  /** `npm run plan`, `apply` or `move-state`. */
  plan(args: readonly string[], show: Show, options?: RunOptions): Promise<string> {
    return this.node([...TSX, join(ROOT, "plan/main.ts"), ...args], show, options);
  }

  /**
   * `npm run deploy` in a time that goes on faster, and then a look at what runs, which does not believe deploy. Both in one
   * sandbox: when it ends, so do the processes of its containers.
   */
  deploy(
    environment: string,
    args: readonly string[],
    show: Show,
    options: DeployOptions = {},
  ): Promise<string> {
    const sandbox = [...(options.sandbox ?? []), "--speed", "30"];
    const node = (file: string, ...words: readonly string[]) => [
      process.execPath,
      join(__dirname, file),
      ...words,
    ];
    const secrets = ["GOOGLE_CLIENT_ID", "GOOGLE_CLIENT_SECRET"];
    const parameters = secrets.map((name) => `/${environment}/service/web/${name}`);
    const time = ["--require", join(__dirname, "clock.ts")];
    const deploy = [process.execPath, ...TSX, ...time, join(ROOT, "deploy/main.ts"), ...args];
    const steps = [
      // What a person does once with `aws ssm put-parameter`.
      ...(options.secrets ? [`${quoted(node("write-secrets.cjs", ...parameters))} &&`] : []),
      `${quoted(deploy)}; code=$?;`,
      `${quoted(node("what-runs.cjs", environment, "app"))}; exit $code`,
    ];
    return this.run(["sh", "-c", steps.join(" ")], show, { ...options, sandbox });
  }

  private node(args: readonly string[], show: Show, options?: RunOptions): Promise<string> {
    return this.run([process.execPath, ...args], show, options);
  }

  /**
   * Runs a command against the stand-in AWS.
   * @returns all that it printed, without colours
   * @throws Error with the output, when it ends otherwise than expected
   */
  private run(
    command: readonly string[],
    show: Show,
    { sandbox = [], expected = 0 }: RunOptions = {},
  ): Promise<string> {
    const options = [...this.options, ...sandbox];
    this.options = [];
    const whole = [process.execPath, ...TSX, join(ROOT, "sandbox/main.ts"), ...options, ...command];
    return this.spawn(whole, command.join(" "), show, expected);
  }

  private spawn(command: readonly string[], name: string, show: Show, expected: number): Promise<string> {
    const [file = "", ...args] = command;
    const child = spawn(file, args, {
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
      for (const line of lines) if (line.trim() !== "") show(line.trim());
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    return new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code) => {
        if (code === expected) resolve(output);
        else reject(new Error(`${name} ended with ${code}, not ${expected}:\n\n${output}`));
      });
    });
  }
}

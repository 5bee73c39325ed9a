import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { stripVTControlCharacters } from "node:util";
import type { Show } from "./step";

const ROOT = join(__dirname, "..");
/** Found wherever the demo's folder is. */
const LOADER = ["--require", require.resolve("slipway/typescript")];
const SANDBOX = [...LOADER, join(ROOT, "sandbox/main.ts")];
/** How much faster than real time ECS goes on. */
const SPEED = "30";

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

/** A command for the session, or something that it does by itself. */
type Work =
  | { readonly command: readonly string[] }
  | { readonly ask: string; readonly of: readonly string[] };

/** A command under way in the session. */
interface Running {
  readonly take: (text: string) => void;
  readonly end: (code: number | null) => void;
}

type Answer = { readonly id: number } & ({ readonly text: string } | { readonly code: number | null });

/**
 * This project in a folder of its own, in a sandbox of its own that begins with an empty account. Sources are the real
 * ones, by link; cdktf.json, the environments and the states are the demo's. All commands run in one session of the sandbox, so
 * that what was deployed goes on running between them.
 */
export class DemoSandbox {
  readonly folder = join(ROOT, ".sandbox", "demo");
  /** Where the environments are. */
  readonly region = "us-west-2";
  private readonly session: ChildProcess;
  private readonly running = new Map<number, Running>();
  private commands = 0;

  /** Starts from nothing. */
  constructor() {
    rmSync(this.folder, { recursive: true, force: true });
    mkdirSync(join(ROOT, ".sandbox"), { recursive: true, mode: 0o700 });
    mkdirSync(this.folder, { recursive: true });
    for (const name of [
      "app.ts",
      "aws",
      "bin",
      "modules",
      "guardrails",
      "node_modules",
      "package.json",
      "tsconfig.json",
    ])
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
    this.session = this.begin();
  }

  /** Ends what runs. */
  async close(): Promise<void> {
    if (this.session.exitCode !== null) return;
    const ended = new Promise((resolve) => this.session.once("close", resolve));
    this.session.stdin?.end();
    await ended;
  }

  /** `cp environments/<from>.ts environments/<to>.ts`. */
  copyEnvironment(from: string, to: string): void {
    const file = (name: string) => join(this.folder, "environments", `${name}.ts`);
    cpSync(file(from), file(to));
  }

  /** `npm run synth`. */
  async synth(show: Show): Promise<string[]> {
    await this.run([process.execPath, ...LOADER, "main.ts"], show);
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
    return this.node([...LOADER, join(ROOT, "plan/main.ts"), ...args], show, options);
  }

  /** `npm run deploy` in a time that goes on faster, and then a look at what runs, which does not believe deploy. */
  async deploy(
    environment: string,
    args: readonly string[],
    show: Show,
    { secrets = false, ...options }: DeployOptions = {},
  ): Promise<string> {
    if (secrets) await this.writeSecrets(environment, show);
    const time = ["--require", join(__dirname, "clock.ts")];
    const said = await this.node([...LOADER, ...time, join(ROOT, "deploy/main.ts"), ...args], show, options);
    return said + (await this.ask("what-runs", [environment, "app"], show));
  }

  /** What a person does once with `aws ssm put-parameter`: gives the secrets of an environment's service their values. */
  private writeSecrets(environment: string, show: Show): Promise<string> {
    const names = ["GOOGLE_CLIENT_ID", "GOOGLE_CLIENT_SECRET"];
    const parameters = names.map((name) => `/${environment}/service/web/${name}`);
    return this.ask("write-secrets", parameters, show);
  }

  /** What the session does by itself. */
  private ask(what: string, of: readonly string[], show: Show): Promise<string> {
    return this.send({ ask: what, of }, show, 0);
  }

  private node(args: readonly string[], show: Show, options?: RunOptions): Promise<string> {
    return this.run([process.execPath, ...args], show, options);
  }

  /**
   * Runs a command against the stand-in AWS.
   * @returns all that it printed, without colours
   * @throws Error with the output, when it ends otherwise than expected
   */
  private async run(
    command: readonly string[],
    show: Show,
    { sandbox = [], expected = 0 }: RunOptions = {},
  ): Promise<string> {
    if (sandbox.length > 0) await this.change(sandbox);
    return this.send({ command }, show, expected);
  }

  private async send(work: Work, show: Show, expected: number): Promise<string> {
    const id = ++this.commands;
    let output = "";
    let rest = "";
    const take = (chunk: string) => {
      const text = stripVTControlCharacters(chunk);
      output += text;
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) if (line.trim() !== "") show(line.trim());
    };
    const code = await new Promise<number | null>((end) => {
      this.running.set(id, { take, end });
      this.session.stdin?.write(`${JSON.stringify({ id, ...work })}\n`);
    });
    if (code === expected) return output;
    const words = "command" in work ? work.command : [work.ask, ...work.of];
    throw new Error(`${words.join(" ")} ended with ${code}, not ${expected}:\n\n${output}`);
  }

  private begin(): ChildProcess {
    const session = [process.execPath, join(__dirname, "session.cjs")];
    const child = this.spawn([...SANDBOX, "--empty", "--speed", SPEED, ...session], ["pipe", "pipe", "pipe"]);
    let said = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
    if (child.stdout)
      createInterface({ input: child.stdout }).on("line", (line) => {
        const answer = JSON.parse(line) as Answer;
        const running = this.running.get(answer.id);
        if ("text" in answer) return running?.take(answer.text);
        this.running.delete(answer.id);
        running?.end(answer.code);
      });
    child.once("close", () => {
      for (const { take, end } of this.running.values()) {
        take(said);
        end(null);
      }
    });
    return child;
  }

  /** Options of the sandbox without a command: another process, on the same world. */
  private async change(options: readonly string[]): Promise<void> {
    const child = this.spawn([...SANDBOX, ...options], ["ignore", "ignore", "pipe"]);
    let said = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
    const code = await new Promise((resolve) => child.once("close", resolve));
    if (code !== 0) throw new Error(`${options.join(" ")} ended with ${code}:\n\n${said}`);
  }

  private spawn(args: readonly string[], stdio: ("pipe" | "ignore")[]): ChildProcess {
    // cdktf draws no spinner in CI.
    const env = { ...process.env, AWS_REGION: this.region, CI: "true", NO_COLOR: "1", FORCE_COLOR: "0" };
    return spawn(process.execPath, args, { cwd: this.folder, env, stdio });
  }
}

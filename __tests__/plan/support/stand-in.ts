import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run, start } from "./run";

/** What the stand-in does for `<command>` or `<stack> <command>`. */
export interface Behaviour {
  readonly code?: number;
  readonly lines?: readonly unknown[];
  readonly stderr?: string;
  /** The provider lock file that init writes where there is none. */
  readonly lockFile?: string;
  /** Ends once there is a file `go`, or with SIGTERM. */
  readonly waits?: boolean;
}

interface Call {
  readonly stack: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly lock: string | null;
  readonly cache?: string;
}

/** The app of such a project: an empty stack of each name that stacks.json lists. */
const APP = `
const { existsSync, mkdirSync, readFileSync, writeFileSync } = require("node:fs");
const stacks = {};
for (const name of JSON.parse(readFileSync("stacks.json", "utf8"))) {
  stacks[name] = { name, workingDirectory: "stacks/" + name };
  mkdirSync("cdktf.out/stacks/" + name, { recursive: true });
  const own = "configurations/" + name + ".json";
  writeFileSync("cdktf.out/stacks/" + name + "/cdk.tf.json", existsSync(own) ? readFileSync(own) : "{}");
}
writeFileSync("cdktf.out/manifest.json", JSON.stringify({ stacks }));
`;

const parted = (args: readonly (string | NodeJS.ProcessEnv)[]) =>
  [args.filter((arg) => typeof arg === "string"), args.find((arg) => typeof arg !== "string")] as const;

/** A project in a folder of its own whose Terraform is a stand-in that says what it is told to say. */
export class StandInProject {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), "slipway-plan-")));
  private readonly environment: NodeJS.ProcessEnv;

  constructor(stacks: readonly string[], behaviours: Readonly<Record<string, Behaviour>>) {
    this.write("cdktf.json", JSON.stringify({ app: "node app.cjs" }));
    this.write("stacks.json", JSON.stringify(stacks));
    this.write("app.cjs", APP);
    mkdirSync(join(this.folder, "bin"));
    const terraform = join(this.folder, "bin", "terraform");
    cpSync(join(__dirname, "stand-in.cjs"), terraform);
    chmodSync(terraform, 0o755);
    this.environment = { TERRAFORM_BINARY_NAME: terraform, TF_PLUGIN_CACHE_DIR: join(this.folder, "cache") };
    this.behave(behaviours);
  }

  behave(behaviours: Readonly<Record<string, Behaviour>>): void {
    this.write("behaviour.json", JSON.stringify(behaviours));
  }

  write(file: string, text: string): void {
    writeFileSync(join(this.folder, file), text);
  }

  /** What a stack is synthesized to; an empty configuration without it. */
  configure(stack: string, configuration: object): void {
    mkdirSync(join(this.folder, "configurations"), { recursive: true });
    this.write(`configurations/${stack}.json`, JSON.stringify(configuration));
  }

  /** Runs a command, on a CI machine if the environment does not say otherwise. */
  run(...args: readonly (string | NodeJS.ProcessEnv)[]) {
    const [words, environment] = parted(args);
    return run(this.folder, words, { ...this.environment, ...environment });
  }

  start(...args: readonly (string | NodeJS.ProcessEnv)[]) {
    const [words, environment] = parted(args);
    return start(this.folder, words, { ...this.environment, ...environment });
  }

  /** Whether Terraform was called at all. */
  ran(): boolean {
    return existsSync(join(this.folder, "calls.jsonl"));
  }

  /** How Terraform was called. */
  calls(command: string): Call[] {
    const lines = readFileSync(join(this.folder, "calls.jsonl"), "utf8").trim().split("\n");
    return lines.map((line): Call => JSON.parse(line)).filter((call) => call.command === command);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}

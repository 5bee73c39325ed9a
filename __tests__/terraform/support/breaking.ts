import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { startAccount } from "../../../sandbox/aws/account";
import { AwsError } from "../../../sandbox/aws/kind";
import { serveProvider } from "../../../sandbox/provider/server";
import { World, type WorldObject } from "../../../sandbox/world";

/** How a change of an object fails. */
export type Failure =
  /** AWS refuses it: nothing is done. */
  | "refused"
  /** AWS does it, and the provider never learns that. */
  | "answer lost"
  /** AWS does it, and Terraform is gone before it can write its state. */
  | "Terraform killed";

/** Which change fails: the first one of an object of this type whose id begins like this. */
export interface Break {
  readonly type: string;
  readonly id: string;
  readonly how: Failure;
}

/** A world in which one change goes wrong. */
class BreakingWorld extends World {
  next: Break | undefined;
  /** Called where Terraform is to die. */
  kill: () => void = () => {};
  private hit: Failure | undefined;

  override put(object: WorldObject): WorldObject {
    if (this.next && object.type === this.next.type && object.id.startsWith(this.next.id)) {
      const { how } = this.next;
      this.next = undefined;
      if (how === "refused") throw new AwsError("ThrottlingException", "Rate exceeded");
      this.hit = how;
    }
    return super.put(object);
  }

  override async change<T>(apply: (world: World) => T): Promise<T> {
    const result = await super.change(apply);
    const hit = this.hit;
    this.hit = undefined;
    if (hit === undefined) return result;
    if (hit === "answer lost") throw new AwsError("RequestError", "connection reset by peer");
    this.kill();
    return new Promise(() => {});
  }
}

export interface Run {
  readonly code: number;
  readonly output: string;
}

/** A stack in a folder of its own, with the real Terraform and a provider in this process whose changes can fail. */
export class BreakingStack {
  readonly world: BreakingWorld;
  private readonly provider: ReturnType<typeof serveProvider>;
  private terraform: ChildProcess | undefined;

  constructor(private readonly folder = mkdtempSync(join(tmpdir(), "slipway-breaking-"))) {
    this.world = new BreakingWorld(join(folder, ".sandbox"), startAccount);
    this.provider = serveProvider({ world: this.world, folders: () => [folder] });
  }

  /** Another one that stands where this one does. */
  copy(): BreakingStack {
    const folder = mkdtempSync(join(tmpdir(), "slipway-breaking-"));
    cpSync(this.folder, folder, { recursive: true });
    return new BreakingStack(folder);
  }

  async remove(): Promise<void> {
    (await this.provider).close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Writes the stack's configuration. */
  configure(configuration: object): void {
    writeFileSync(join(this.folder, "main.tf.json"), JSON.stringify(configuration, null, 1));
  }

  apply(...args: readonly string[]): Promise<Run> {
    return this.run("apply", "-auto-approve", ...args);
  }

  /** Applies, and this goes wrong. */
  async applyBreaking(next: Break): Promise<Run> {
    this.world.next = next;
    this.world.kill = () => this.terraform?.kill("SIGKILL");
    const run = await this.apply();
    if (this.world.next || run.code === 0)
      throw new Error(`${next.type} ${next.id} did not fail:\n${run.output}`);
    return run;
  }

  async run(command: string, ...args: readonly string[]): Promise<Run> {
    const { reattach } = await this.provider;
    const words = [command, ...(command === "show" ? [] : ["-input=false"]), "-no-color", ...args];
    const child = spawn(process.env.TERRAFORM_BINARY_NAME || "terraform", words, {
      cwd: this.folder,
      env: {
        PATH: process.env.PATH,
        TF_REATTACH_PROVIDERS: reattach,
        TF_CLI_CONFIG_FILE: "/dev/null",
        CHECKPOINT_DISABLE: "1",
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.terraform = child;
    let output = "";
    const take = (chunk: Buffer) => {
      output += stripVTControlCharacters(chunk.toString());
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    return new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code) => resolve({ code: code ?? -1, output }));
    });
  }
}

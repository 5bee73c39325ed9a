import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EnvironmentFile, EnvironmentProps } from "../../../modules/environment";
import { parseOptions } from "../../../sandbox/command/options";
import { applyByHand } from "../../../sandbox/command/world-options";
import { World } from "../../../sandbox/world";
import { synthesize } from "../../modules/support/synthesize";
import { inside, type Result } from "../../sandbox/helpers";
import { type Commands, serveCommands } from "../../support/command-server";
import type { Program } from "../../support/commands-here";
import { InProcessStack, type Run } from "./in-process";

const STACK = "cdktf.out/stacks/staging";
/** The state, where the sandbox's commands have it, too. */
const STATE = ".sandbox/state/staging.tfstate";

type Ended = Pick<Result, "code" | "text">;

/** The environment `staging` in a sandbox of its own: synthesis and provider are in this process, what changes it costs one apply. */
export class Living {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), "slipway-")));
  private readonly stack = new InProcessStack(this.folder, World, STATE);
  private commands: Commands | undefined;

  constructor() {
    // Postgres does not run as root, and its own user has to get through: without, it is PGlite, which takes seconds to start.
    chmodSync(this.folder, 0o711);
    for (const name of [STACK, ".sandbox/state"]) mkdirSync(join(this.folder, name), { recursive: true });
  }

  /** Another one, in the same state: configuration, world, secrets and Terraform's state are copied. */
  copy(): Living {
    const other = new Living();
    for (const part of ["main.tf.json", ".terraform"])
      cpSync(join(this.folder, part), join(other.folder, part), { recursive: true });
    for (const part of ["world.json", "key", "state"])
      cpSync(join(this.folder, ".sandbox", part), join(other.folder, ".sandbox", part), { recursive: true });
    return other;
  }

  /**
   * Applies the environment as it is written now; the plan after it is printed below a line `again`.
   * @param byHand what is changed before, as options of the sandbox: --edit and the like
   */
  async apply(props: EnvironmentProps | EnvironmentFile, byHand: readonly string[] = []): Promise<Ended> {
    const { json } = synthesize(props);
    writeFileSync(join(this.folder, STACK, "cdk.tf.json"), JSON.stringify(json));
    this.stack.configure(json);
    if (byHand.length > 0) await applyByHand(this.world, parseOptions(byHand));
    const applied = await this.stack.apply();
    if (applied.code !== 0) return told(applied);
    const again = await this.stack.run("plan");
    return { code: again.code, text: `${applied.output}\nagain\n${again.output}` };
  }

  /** Destroys all of it. */
  async destroy(): Promise<Ended> {
    return told(await this.stack.run("destroy", "-auto-approve"));
  }

  /** What shell lines in its sandbox say for a program of slipway. */
  command(program: Program): string {
    this.commands ??= serveCommands(this.folder);
    return this.commands.say(program);
  }

  /** Shell lines in its sandbox, behind options of the sandbox. */
  sandbox(script: string, options: readonly string[] = []): Promise<Result> {
    return inside(this.folder, script, options);
  }

  /** Everything that containers have said so far. */
  said(): string {
    const logs = join(this.folder, ".sandbox", "logs");
    if (!existsSync(logs)) return "";
    return readdirSync(logs, { encoding: "utf8", recursive: true })
      .map((file) => join(logs, file))
      .filter((path) => statSync(path).isFile())
      .map((path) => readFileSync(path, "utf8"))
      .join("\n");
  }

  get world(): World {
    return this.stack.world;
  }

  remove(): Promise<void> {
    this.commands?.close();
    return this.stack.remove();
  }
}

const told = ({ code, output }: Run) => ({ code, text: output });

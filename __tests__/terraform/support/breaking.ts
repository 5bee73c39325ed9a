import { cpSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AwsError } from "../../../sandbox/aws/kind";
import { World, type WorldObject } from "../../../sandbox/world";
import { InProcessStack, type Run } from "./in-process";

/** How a change of an object fails. */
export type Failure =
  /** AWS refuses it: nothing is done. */
  | "refused"
  /** AWS does it, and the provider never learns that. */
  | "answer lost"
  /** AWS does it, and Terraform is gone before it can write its state. */
  | "Terraform killed";

/** The change that fails: the first one of an object of this type whose id begins like this. */
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

/** A stack whose changes can fail. Its state is Terraform's own local one, which has each resource once it is there. */
export class BreakingStack extends InProcessStack<BreakingWorld> {
  protected override readonly backend = undefined;

  constructor(folder?: string) {
    super(folder, BreakingWorld);
  }

  /** Another one that stands where this one does. */
  copy(): BreakingStack {
    const folder = mkdtempSync(join(tmpdir(), "slipway-breaking-"));
    cpSync(this.folder, folder, { recursive: true });
    return new BreakingStack(folder);
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
}

import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EnvironmentProps } from "../../../modules/environment";
import { startAccount } from "../../../sandbox/aws/account";
import { World } from "../../../sandbox/world";
import { synthesize } from "../../modules/support/synthesize";
import { inside, type Result } from "../../sandbox/helpers";

const STACK = "cdktf.out/stacks/staging";
const TERRAFORM = `terraform -chdir=${STACK}`;
const QUIETLY = "-input=false -no-color";

/** The environment `staging` in a sandbox of its own, synthesized in this process: what changes it costs one apply. */
export class Living {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), "slipway-")));

  constructor() {
    mkdirSync(join(this.folder, STACK), { recursive: true });
  }

  /** Another one, in the same state: world, secrets and Terraform's state are copied. */
  copy(): Living {
    const other = new Living();
    for (const part of ["world.json", "key", "state"])
      cpSync(join(this.folder, ".sandbox", part), join(other.folder, ".sandbox", part), { recursive: true });
    return other;
  }

  /** Applies the environment as it is written now; the plan after it is printed below a line `again`. */
  apply(props: EnvironmentProps, options: readonly string[] = []): Promise<Result> {
    const { json } = synthesize(props);
    writeFileSync(join(this.folder, STACK, "cdk.tf.json"), JSON.stringify(json));
    return this.sandbox(
      `${TERRAFORM} init ${QUIETLY} >/dev/null && ${TERRAFORM} apply ${QUIETLY} -auto-approve && echo again && ${TERRAFORM} plan ${QUIETLY}`,
      options,
    );
  }

  destroy(): Promise<Result> {
    return this.sandbox(`${TERRAFORM} destroy ${QUIETLY} -auto-approve`);
  }

  /** Shell lines in its sandbox, behind options of the sandbox. */
  sandbox(script: string, options: readonly string[] = []): Promise<Result> {
    return inside(this.folder, script, options);
  }

  get world(): World {
    return new World(join(this.folder, ".sandbox"), startAccount);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

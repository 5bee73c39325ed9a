import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startAccount } from "../../../sandbox/aws/account";
import { Access } from "../../../sandbox/iam/access";
import { serveProvider } from "../../../sandbox/provider/server";
import { World } from "../../../sandbox/world";
import { initialize, type Run, serveState, startTerraform } from "../../terraform/support/in-process";

/** One stand-in account in which several stacks are applied, each run as a role or as an administrator. */
export class Account {
  private readonly folder = mkdtempSync(join(tmpdir(), "slipway-account-"));
  readonly world = new World(join(this.folder, ".sandbox"), startAccount);
  private readonly accesses = new Map<string, Access>();

  /** A role, with all that it was asked for over every run. */
  as(role: string): Access {
    const access = this.accesses.get(role) ?? new Access(this.world, role);
    this.accesses.set(role, access);
    return access;
  }

  /** Writes the configuration of a stack, whose state stays in its folder. */
  configure(stack: string, configuration: { readonly terraform?: object }): void {
    mkdirSync(join(this.folder, stack), { recursive: true });
    const terraform = { ...configuration.terraform, backend: { http: {} } };
    writeFileSync(join(this.folder, stack, "main.tf.json"), JSON.stringify({ ...configuration, terraform }));
  }

  /** Runs Terraform on a stack, as a role where one is given. */
  async run(
    stack: string,
    role: string | undefined,
    command: string,
    ...args: readonly string[]
  ): Promise<Run> {
    const folder = join(this.folder, stack);
    const provider = await serveProvider({
      world: this.world,
      folders: () => [folder],
      access: role === undefined ? undefined : this.as(role),
    });
    const states = await serveState(join(folder, "terraform.tfstate"));
    const around = { reattach: provider.reattach, states };
    try {
      await initialize(folder, around);
      return await startTerraform(folder, around, command, ...args).ended;
    } finally {
      provider.close();
      states.close();
    }
  }

  apply(stack: string, role?: string): Promise<Run> {
    return this.run(stack, role, "apply", "-auto-approve");
  }

  destroy(stack: string, role?: string): Promise<Run> {
    return this.run(stack, role, "destroy", "-auto-approve");
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** What was refused in a run, in AWS's words, once each. */
export const refusalsIn = ({ output }: Run): string[] => [
  ...new Set(
    [
      ...output
        .replaceAll(/\s+│?\s*/g, " ")
        .matchAll(
          /is not authorized to perform: (\S+) on resource: (\S+) (because no|with an explicit deny in an?) ([\w-]+ [\w-]+|permissions boundary)/g,
        ),
    ].map(([, action, resource]) => `${action} ${resource}`),
  ),
];

/** The first error of a run. */
export const failureIn = ({ output }: Run): string | undefined => output.match(/Error:[\s\S]{0,600}/)?.[0];

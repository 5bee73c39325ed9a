import { cpSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sourceOf } from "../../support/shipped";
import { ROOT } from "./workflows";

/** What no checkout holds, and what would be slow to copy. */
const LEFT_OUT = ["node_modules", "dist", "cdktf.out", ".sandbox", ".bench", ".git"];

/**
 * A clone of this project after npm ci, on a new machine, with the environment staging alone. The path is the same on each.
 * @param world the folder that stands for the AWS account, the same for all machines
 * @param edit what the commit changes in the environment's file
 * @param app what cdktf.json names as the app, where it is not what the project ships
 */
export function checkout(
  folder: string,
  world: string,
  edit = (source: string) => source,
  app?: string,
): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  for (const name of readdirSync(ROOT).filter((one) => !LEFT_OUT.includes(one)))
    cpSync(join(ROOT, name), join(folder, name), {
      recursive: true,
      filter: (path) => !path.endsWith("/node_modules"),
    });
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  rmSync(join(folder, "environments"), { recursive: true });
  mkdirSync(join(folder, "environments"));
  const config = require(join(ROOT, "cdktf.json"));
  // As it is where nobody has set up a bucket: the sandbox keeps the states.
  const context = {
    project: "app",
    bootstrap: { region: "us-west-2", github: "octo/infra" },
  };
  writeFileSync(join(folder, "cdktf.json"), JSON.stringify({ ...config, ...(app && { app }), context }));
  writeFileSync(join(folder, "environments/staging.ts"), edit(sourceOf("staging")));
  // Of it, what Terraform keeps beside a configuration belongs to a machine.
  rmSync(join(world, "stacks"), { recursive: true, force: true });
  symlinkSync(world, join(folder, ".sandbox"));
}

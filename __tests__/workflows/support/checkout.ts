import {
  chmodSync,
  cpSync,
  type Dirent,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sourceOf } from "../../support/shipped";
import { ROOT } from "./workflows";

/** A folder for the machines of a pipeline, and in it those of the checkout, the AWS account and the runner. */
export function newMachines(pipeline: string) {
  const base = realpathSync(mkdtempSync(join(tmpdir(), `slipway-${pipeline}-`)));
  // Postgres runs as a user of its own, and must get there.
  chmodSync(base, 0o755);
  // Where what lies beside a checkout finds its packages.
  symlinkSync(join(ROOT, "node_modules"), join(base, "node_modules"));
  const world = join(base, "world");
  mkdirSync(world);
  return { base, world, folder: join(base, "workspace"), temp: join(base, "runner") };
}

/** What no checkout holds, what would be slow to copy, and what each has of its own. */
const LEFT_OUT = ["environments", "node_modules", "dist", "cdktf.out", ".sandbox", ".bench", ".git"];

/**
 * A clone of this project after npm ci, on a new machine, with the environment staging alone. The path is the same on each.
 * @param world the folder that stands for the AWS account, the same for all machines
 * @param edit what the commit changes in the environment's file
 */
export function checkout(folder: string, world: string, edit?: (source: string) => string): void {
  begin(folder, ({ name }) =>
    cpSync(join(ROOT, name), join(folder, name), {
      recursive: true,
      filter: (path) => !path.endsWith("/node_modules"),
    }),
  );
  configure(folder, world, edit);
}

/**
 * The same with its folders by link, which is quicker: for jobs that write into none of them.
 * @param app what cdktf.json names as the app
 */
export function linkedCheckout(
  folder: string,
  world: string,
  app: string,
  edit?: (source: string) => string,
): void {
  begin(folder, (entry) =>
    entry.isDirectory()
      ? symlinkSync(join(ROOT, entry.name), join(folder, entry.name))
      : cpSync(join(ROOT, entry.name), join(folder, entry.name)),
  );
  configure(folder, world, edit, { app });
}

function begin(folder: string, take: (entry: Dirent) => void): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  for (const entry of readdirSync(ROOT, { withFileTypes: true }))
    if (!LEFT_OUT.includes(entry.name)) take(entry);
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
}

function configure(
  folder: string,
  world: string,
  edit = (source: string) => source,
  settings: { readonly app?: string } = {},
): void {
  mkdirSync(join(folder, "environments"));
  const config = require(join(ROOT, "cdktf.json"));
  // As it is where nobody has set up a bucket: the sandbox keeps the states.
  const context = {
    project: "app",
    bootstrap: { region: "us-west-2", github: "octo/infra" },
  };
  writeFileSync(join(folder, "cdktf.json"), JSON.stringify({ ...config, ...settings, context }));
  writeFileSync(join(folder, "environments/staging.ts"), edit(sourceOf("staging")));
  // Of it, what Terraform keeps beside a configuration belongs to a machine.
  rmSync(join(world, "stacks"), { recursive: true, force: true });
  symlinkSync(world, join(folder, ".sandbox"));
}

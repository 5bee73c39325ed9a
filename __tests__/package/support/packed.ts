import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(__dirname, "../../..");

/** What no package is made of, and what is not to be written into. */
const LEFT_OUT = [
  ...["node_modules", "dist", "cdktf.out", ".git", ".sandbox", ".bench"],
  ...["__tests__", "docs"],
];

/** The tarballs that a release publishes, as files. */
export interface Tarballs {
  readonly slipway: string;
  readonly create: string;
}

/** Packs this project, built in a folder of its own: others may build it meanwhile. */
export function pack(folder: string): Tarballs {
  const [source, to] = [join(folder, "source"), join(folder, "tarballs")];
  for (const made of [source, to]) mkdirSync(made, { recursive: true });
  for (const name of readdirSync(ROOT).filter((one) => !LEFT_OUT.includes(one)))
    cpSync(join(ROOT, name), join(source, name), {
      recursive: true,
      filter: (path) => !/\/node_modules$/.test(path),
    });
  symlinkSync(join(ROOT, "node_modules"), join(source, "node_modules"));
  const packed = (from: string) => {
    const words = ["pack", "--silent", "--pack-destination", to];
    const lines = execFileSync("npm", words, { cwd: from, encoding: "utf8" }).trim().split("\n");
    return join(to, lines.at(-1) ?? "");
  };
  const slipway = packed(source);
  const create = packed(join(source, "dist/create-slipway"));
  rmSync(source, { recursive: true });
  return { slipway, create };
}

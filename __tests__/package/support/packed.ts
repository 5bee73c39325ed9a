import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { version } from "../../../package.json";
import { madeOnce } from "../../support/made-once";

const ROOT = join(__dirname, "../../..");

/** Folders that no package is built from. */
const APART = ["__tests__", ".github", ".changeset"];
/** Entries of this project that are not copied to where it is built: the former, and what commands write. */
const LEFT_OUT = ["node_modules", "dist", "cdktf.out", ".git", ".sandbox", ".bench", ...APART];

/** The tarballs that a release publishes, as files. */
export interface Tarballs {
  readonly slipway: string;
  readonly create: string;
}

/** The tarballs of this project, which a run packs once. */
export async function packHere(): Promise<Tarballs> {
  const folder = await madeOnce("packed", pack);
  const tarball = (name: string) => join(folder, `tarballs/${name}-${version}.tgz`);
  return { slipway: tarball("slipway"), create: tarball("create-slipway") };
}

/** Builds and packs this project in a folder of its own: other tests may build it meanwhile. */
function pack(folder: string): void {
  const source = join(folder, "source");
  mkdirSync(source, { recursive: true });
  for (const name of readdirSync(ROOT).filter((one) => !LEFT_OUT.includes(one)))
    cpSync(join(ROOT, name), join(source, name), {
      recursive: true,
      filter: (path) => !/\/node_modules$/.test(path),
    });
  const to = join(folder, "tarballs");
  packFrom(source, to);
  packed(join(source, "dist/create-slipway"), to);
  rmSync(source, { recursive: true });
}

/**
 * Packs what was committed before what is here, under a version of its own. Where git does not know that, as in a clone of one commit,
 * it is what is here.
 * @param here what this project is packed as: where the packages are the same, they are not built again
 */
export function packPrevious(folder: string, here: Tarballs): string {
  const source = join(folder, "source");
  mkdirSync(source, { recursive: true });
  const git = (...words: string[]) => spawnSync("git", words, { cwd: ROOT, maxBuffer: 2 ** 28 });
  const changed = git("status", "--porcelain").stdout.length > 0;
  const commit =
    changed || git("rev-parse", "--verify", "--quiet", "HEAD~1").status !== 0 ? "HEAD" : "HEAD~1";
  const differs =
    git("diff", "--quiet", commit, "--", ".", ...APART.map((path) => `:(exclude)${path}`)).status !== 0;
  if (differs) execFileSync("tar", ["-x", "-C", source], { input: git("archive", commit).stdout });
  else execFileSync("tar", ["-xzf", here.slipway, "--strip-components=1", "-C", source]);
  const file = join(source, "package.json");
  const manifest = JSON.parse(readFileSync(file, "utf8"));
  writeFileSync(file, JSON.stringify({ ...manifest, version: `${manifest.version}-previous` }));
  const to = join(folder, "tarballs");
  const tarball = differs ? packFrom(source, to) : packed(source, to, "--ignore-scripts");
  rmSync(source, { recursive: true });
  return tarball;
}

/** npm builds it first: `prepack` is `npm run -s build`. */
function packFrom(source: string, to: string): string {
  symlinkSync(join(ROOT, "node_modules"), join(source, "node_modules"));
  return packed(source, to);
}

function packed(source: string, to: string, ...options: readonly string[]): string {
  mkdirSync(to, { recursive: true });
  const words = ["pack", "--silent", "--pack-destination", to, ...options];
  const lines = execFileSync("npm", words, { cwd: source, encoding: "utf8" }).trim().split("\n");
  return join(to, lines.at(-1) ?? "");
}

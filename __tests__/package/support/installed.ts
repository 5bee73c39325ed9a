import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { linkFile } from "../../../plan/upgrade/link";

const ROOT = join(__dirname, "../../..");

interface Locked {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

const locked = (): Readonly<Record<string, Locked>> =>
  JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8")).packages;

/**
 * Puts packages that are installed here, with all that they ask for, into a project's node_modules, by hard links: an
 * `npm install` there finds them, and fetches what is missing alone.
 */
export function linkInstalled(project: string, names: readonly string[]): void {
  const lock = locked();
  const found = new Set<string>();
  const visit = (from: string, name: string) => {
    const place = placeOf(lock, from, name);
    if (place === undefined || found.has(place) || !existsSync(join(ROOT, place))) return;
    found.add(place);
    const { dependencies, optionalDependencies, peerDependencies } = lock[place] ?? {};
    for (const one of Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies }))
      visit(place, one);
  };
  for (const name of names) visit("", name);
  for (const place of found) linkFolder(join(ROOT, place), join(project, place));
  for (const folder of new Set([...found].map(modulesOf))) linkCommands(folder, project);
}

/** Where Node finds a package from another one: in the nearest node_modules. */
function placeOf(lock: Readonly<Record<string, Locked>>, from: string, name: string): string | undefined {
  const place = join(from, "node_modules", name);
  if (place in lock) return place;
  return from === ""
    ? undefined
    : placeOf(lock, from.slice(0, Math.max(from.lastIndexOf("/node_modules/"), 0)), name);
}

/** The node_modules that a package lies in. */
const modulesOf = (place: string) =>
  place.slice(0, place.lastIndexOf("node_modules/") + "node_modules".length);

function linkFolder(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isFile()) linkFile(source, target);
    else if (entry.isDirectory() && entry.name !== "node_modules") linkFolder(source, target);
  }
}

/** The commands of those packages that are there. */
function linkCommands(modules: string, project: string): void {
  const [from, to] = [join(ROOT, modules, ".bin"), join(project, modules, ".bin")];
  if (!existsSync(from)) return;
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(from)) {
    const target = readlinkSync(join(from, name));
    if (existsSync(join(dirname(join(to, name)), target))) symlinkSync(target, join(to, name));
  }
}

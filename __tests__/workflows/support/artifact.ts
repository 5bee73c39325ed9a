import { cpSync, existsSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";

/** An artifact: where it was taken from, and which files, relative to that. */
export interface Artifact {
  readonly root: string;
  readonly files: readonly string[];
}

/**
 * What actions/upload-artifact would take: paths with all that is below them, without those after `!`, and hidden files
 * only where that is said. Its root is what all paths have in common. Source: its README, "Upload using Multiple Paths and Exclusions".
 */
export function upload(folder: string, options: Readonly<Record<string, string>>, to: string): Artifact {
  const lines = (options.path ?? "").trim().split("\n");
  const paths = lines.filter((line) => !line.startsWith("!"));
  const excluded = lines.filter((line) => line.startsWith("!")).map((line) => line.slice(1));
  const root = commonRoot(paths);
  const files = paths
    .flatMap((path) => filesBelow(folder, path))
    .filter((file) => !excluded.some((path) => `${file}/`.startsWith(`${path}/`)))
    .filter(
      (file) =>
        options["include-hidden-files"] === "true" || !file.split("/").some((part) => part.startsWith(".")),
    )
    .map((file) => relative(root, file))
    .sort();
  if (files.length === 0) throw new Error(`No files were found with the provided path: ${lines.join(", ")}`);
  for (const file of files) {
    mkdirSync(dirname(join(to, file)), { recursive: true });
    cpSync(join(folder, root, file), join(to, file));
  }
  return { root, files };
}

function commonRoot(paths: readonly string[]): string {
  const [first = [], ...others] = paths.map((path) => path.split("/"));
  const length = first.findIndex((part, index) => others.some((other) => other[index] !== part));
  return first.slice(0, length === -1 ? first.length : length).join("/");
}

function filesBelow(folder: string, path: string): string[] {
  if (/[*?[]/.test(path)) throw new Error(`${path}: this stand-in takes paths without wildcards`);
  const whole = join(folder, path);
  if (!existsSync(whole)) return [];
  if (!statSync(whole).isDirectory()) return [path];
  return readdirSync(whole).flatMap((name) => filesBelow(folder, `${path}/${name}`));
}

import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * The place of a file or folder that sources read while they run. They are asked from where they lie themselves, or from a file
 * beside them that holds several: either way the path goes on from a folder above.
 * @param path from the repository's top: `modules/move/mover`
 */
export function ownFile(path: string): string {
  for (let folder = __dirname; ; folder = dirname(folder)) {
    const found = join(folder, path);
    if (existsSync(found)) return found;
    if (folder === dirname(folder)) throw new Error(`${path} is missing: the package is not whole.`);
  }
}

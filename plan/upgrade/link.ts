import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  symlinkSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";

/** What npm notes of a node_modules, and writes anew in place. */
const NOTES = ".package-lock.json";

/**
 * Puts what is installed in one folder into another, by hard links: npm then fetches what is another version alone, and puts that
 * into files of its own.
 */
export function linkInstalled(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) linkInstalled(source, target);
    else if (entry.isFile() && entry.name !== NOTES) linkFile(source, target);
    else if (entry.isSymbolicLink() && existsSync(source)) symlinkSync(leading(source), target);
  }
}

/** A hard link, or a copy where the two lie on different disks. */
export function linkFile(source: string, target: string): void {
  try {
    linkSync(source, target);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EXDEV") throw error;
    copyFileSync(source, target);
  }
}

/** Where a link has to lead from another folder: commands to the packages beside them, all others where they lead now. */
const leading = (link: string) =>
  basename(dirname(link)) === ".bin" ? readlinkSync(link) : realpathSync(link);

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";

/** The files of a repository: what each holds, by its path. */
export type Files = Readonly<Record<string, string>>;

/** A folder that cannot be made, and what to do. */
export class WriteError extends Error {}

/**
 * Why a folder cannot be made here, and what to do; undefined where it can.
 */
export function obstacle(folder: string): string | undefined {
  const parent = dirname(resolve(folder));
  if (!existsSync(parent)) return `${folder} cannot be made: there is no folder ${parent}. Make it first.`;
  if (!existsSync(folder)) return undefined;
  if (!createdBefore(folder)) return `${folder} is there already: give another name, or move it away first.`;
  return `${folder} is a project of Slipway's already: \`npx slipway upgrade\` there brings a newer version; for a second project give another name.`;
}

function createdBefore(folder: string): boolean {
  try {
    return "slipway" in JSON.parse(readFileSync(join(folder, "package.json"), "utf8")).dependencies;
  } catch {
    return false;
  }
}

/**
 * Makes repositories, all of them or none: each is whole before it has its name.
 * @param repositories their files, by folder
 */
export function write(repositories: Readonly<Record<string, Files>>): void {
  const made: string[] = [];
  try {
    const whole = Object.entries(repositories).map(([folder, files]) => {
      const unnamed = mkdtempSync(join(dirname(resolve(folder)), `.${basename(folder)}-`));
      made.push(unnamed);
      fill(join(unnamed, "whole"), files);
      initialize(join(unnamed, "whole"));
      return [join(unnamed, "whole"), folder] as const;
    });
    for (const [from, to] of whole) {
      renameSync(from, to);
      made.push(to);
    }
    made.splice(whole.length);
  } catch (error) {
    throw new WriteError(`Nothing was made: ${(error as Error).message}`);
  } finally {
    for (const folder of made) rmSync(folder, { recursive: true, force: true });
  }
}

function fill(folder: string, files: Files): void {
  for (const [path, text] of Object.entries(files)) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}

/** Makes a git repository of a folder, where there is git, and the folder is in none yet. */
function initialize(folder: string): void {
  const git = (...words: string[]) => spawnSync("git", words, { cwd: folder, encoding: "utf8" });
  if (git("rev-parse", "--is-inside-work-tree").stdout?.trim() === "true") return;
  git("init", "--quiet", "--initial-branch=main");
}

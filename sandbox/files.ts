import { chmodSync, mkdirSync, readFileSync, statSync } from "node:fs";

/** A file of the sandbox that cannot be what the sandbox wrote. */
export class DamagedFile extends Error {
  constructor(file: string, why: string) {
    super(`${file} ${why}. "npx slipway sandbox --reset" forgets this world and begins a new one.`);
  }
}

/**
 * A JSON file of the sandbox.
 * @param version what its `version` must be
 * @throws DamagedFile where it is no JSON, or another version's
 */
export function readVersioned<T extends { version: number }>(file: string, version: T["version"]): T {
  const found = parse(file);
  if (found.version !== version)
    throw new DamagedFile(file, `is of another version of the sandbox (${found.version}, not ${version})`);
  return found as T;
}

function parse(file: string): { version?: unknown } {
  const text = readFileSync(file, "utf8");
  try {
    const value = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value;
  } catch {}
  throw new DamagedFile(file, "is damaged: it is not the JSON that the sandbox writes");
}

/** Makes a folder that its owner alone gets into; one that others got into is closed. */
export function makePrivateFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { mode, uid } = statSync(folder);
  if ((mode & 0o067) !== 0 && uid === process.getuid?.()) chmodSync(folder, 0o700);
}

import { type Dirent, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { CONFIGURATION_FILE } from "../../terraform/binaries";

/**
 * The types that a command may need: every aws_* word in the Terraform files and states of the given folders. Sending the
 * schemas of these few instead of all 2,200 keeps every Terraform command quick.
 */
export function typesIn(folders: readonly string[]): Set<string> {
  const types = new Set<string>();
  for (const folder of folders) collect(folder, 0, types);
  return types;
}

/** Deep enough for cdktf.out/stacks/<name>/assets/<module>/<hash> and .terraform/modules/<name>. */
const MAX_DEPTH = 6;
const SKIPPED = new Set(["node_modules", ".git", "providers"]);

function collect(folder: string, depth: number, types: Set<string>): void {
  for (const entry of entries(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (depth < MAX_DEPTH && !SKIPPED.has(entry.name)) collect(path, depth + 1, types);
    } else if (CONFIGURATION_FILE.test(entry.name) || entry.name.endsWith(".tfstate")) {
      for (const [word] of read(path).matchAll(/\baws_[a-z0-9_]+/g)) types.add(word);
    }
  }
}

function entries(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** What synthesis wrote, by file. */
export type Output = Readonly<Record<string, Json>>;

/** Two outputs side by side. */
export interface Comparison {
  /** Each value that is another one, as `<file>: <path>: <before> → <after>`; versions are not among them. */
  readonly differences: readonly string[];
  /** The versions that are others, each once, as `<path>: <before> → <after>`. */
  readonly versions: readonly string[];
}

/** Where a version of the library or of the provider stands in what is synthesized. */
const VERSIONS: ReadonlySet<string> = new Set([
  "version",
  "//.metadata.version",
  "terraform.required_providers.aws.version",
]);

/** Reads every JSON file below a folder. */
export function readOutput(folder: string): Output {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
  return Object.fromEntries(
    files
      .filter((file) => file.endsWith(".json"))
      .map((file) => [file, JSON.parse(readFileSync(join(folder, file), "utf8"))]),
  );
}

/** Compares two outputs value by value. Order within a list counts, order within an object does not. */
export function compare(before: Output, after: Output): Comparison {
  const differences: string[] = [];
  const versions = new Set<string>();
  for (const file of union(before, after)) {
    for (const { path, change } of changes(before[file], after[file])) {
      if (VERSIONS.has(path)) versions.add(`${path}: ${change}`);
      else differences.push(`${[file, path].filter(Boolean).join(": ")}: ${change}`);
    }
  }
  return { differences, versions: [...versions] };
}

function changes(before: Json | undefined, after: Json | undefined, path = ""): Change[] {
  if (isDeepStrictEqual(before, after)) return [];
  if (isBranch(before) && isBranch(after) && Array.isArray(before) === Array.isArray(after)) {
    const under = (name: string) => (path === "" ? name : `${path}.${name}`);
    return union(before, after).flatMap((name) => changes(at(before, name), at(after, name), under(name)));
  }
  return [{ path, change: `${words(before)} → ${words(after)}` }];
}

interface Change {
  readonly path: string;
  readonly change: string;
}

type Branch = Json[] | { readonly [name: string]: Json };

const isBranch = (value: Json | undefined): value is Branch => typeof value === "object" && value !== null;
const at = (branch: Branch, name: string) => (branch as { [name: string]: Json })[name];
const union = (before: object, after: object) => [
  ...new Set([...Object.keys(before), ...Object.keys(after)]),
];

const words = (value: Json | undefined) => (value === undefined ? "nothing" : JSON.stringify(value));

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, extname, join } from "node:path";
import { bindings, parseBinding, type SchemaKind } from "./bindings";
import type { BlockSchema } from "./types";

/**
 * Parsed schemas, kept in node_modules/.cache: one small file per type, in a folder named after the bindings' version and
 * the parser's own text, so that neither can go stale. Safe for many processes: files appear by rename.
 */
const memory = new Map<string, BlockSchema | null>();
let folder: string | undefined;

function cacheFolder(): string {
  if (folder) return folder;
  const { root, version } = bindings();
  const hash = createHash("sha256");
  for (const part of ["bindings", "patches"])
    hash.update(readFileSync(join(__dirname, `${part}${extname(__filename)}`)));
  const name = `${version}-${hash.digest("hex").slice(0, 12)}`;
  folder = join(dirname(dirname(root)), ".cache", "slipway-sandbox", name);
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** The schema of a type, or undefined when the bindings do not have it. */
export function loadSchema(kind: SchemaKind, type: string): BlockSchema | undefined {
  const key = `${kind}-${type}`;
  const known = memory.get(key);
  if (known !== undefined) return known ?? undefined;
  const file = join(cacheFolder(), `${key}.json`);
  let schema: BlockSchema | null;
  try {
    schema = JSON.parse(readFileSync(file, "utf8")) as BlockSchema | null;
  } catch {
    schema = parseBinding(kind, type) ?? null;
    if (schema) writeWhole(file, JSON.stringify(schema));
  }
  memory.set(key, schema);
  return schema ?? undefined;
}

function writeWhole(file: string, text: string): void {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, text);
  renameSync(draft, file);
}

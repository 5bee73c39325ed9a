import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { nameOf } from "./check";
import { isPlan } from "./plan";
import { type Body, isBody } from "./values";

/** A mistake in how the command was called: told in one line, exit code 64. */
export class UsageError extends Error {}

/** What was read: stacks, and plans beside them. */
export interface Input {
  readonly stacks: readonly { readonly name: string; readonly json: Body }[];
  readonly plans: readonly { readonly name: string; readonly json: Body }[];
}

/**
 * Reads what was named on the command line: a folder stands for all *.tf.json below it, those of one folder being one
 * stack, and cdktf.out for the stacks of its last synthesis; a file for itself, a configuration or the JSON of a plan.
 * @throws UsageError where nothing is found or something is not Terraform's JSON
 */
export function readInput(paths: readonly string[]): Input {
  const files = [...new Set(paths.flatMap(filesOf).map((file) => resolve(file)))];
  const read = files.map((file) => ({ file, json: parse(file) }));
  const folders = new Map<string, Body>();
  for (const { file, json } of read.filter(({ json }) => !isPlan(json))) {
    const folder = dirname(file);
    folders.set(folder, merge(folders.get(folder), json));
  }
  return {
    stacks: [...folders].map(([folder, json]) => ({ name: nameOf(json, basename(folder)), json })),
    plans: read
      .filter(({ json }) => isPlan(json))
      .map(({ file, json }) => ({ name: relative(process.cwd(), file), json })),
  };
}

function filesOf(path: string): string[] {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats)
    throw new UsageError(`${path} does not exist: synthesize first (npx cdktf synth), or name a folder.`);
  if (!stats.isDirectory()) return [path];
  const found = stackFolders(path).flatMap(below);
  if (found.length === 0)
    throw new UsageError(`${path} holds no *.tf.json: synthesize first (npx cdktf synth).`);
  return found;
}

/** Stacks whose file is gone stay in cdktf.out: its manifest says which there are. */
function stackFolders(folder: string): string[] {
  const file = join(folder, "manifest.json");
  const { stacks } = statSync(file, { throwIfNoEntry: false }) ? parse(file) : {};
  if (!isBody(stacks)) return [folder];
  return Object.values(stacks).flatMap((stack) =>
    isBody(stack) && typeof stack.workingDirectory === "string" ? [join(folder, stack.workingDirectory)] : [],
  );
}

function below(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      if (entry.isDirectory()) {
        // Hidden folders hold what terraform init fetched: other people's modules.
        const foreign = entry.name.startsWith(".") || entry.name === "node_modules";
        return foreign ? [] : below(join(folder, entry.name));
      }
      return entry.name.endsWith(".tf.json") ? [join(folder, entry.name)] : [];
    });
}

function parse(file: string): Body {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new UsageError(`${file} is not JSON: ${(error as Error).message}`);
  }
  if (isBody(json)) return json;
  throw new UsageError(`${file} is not Terraform's JSON: it must hold an object.`);
}

/** Several files of one folder are one configuration, as Terraform reads them. */
function merge(one: Body | undefined, other: Body): Body {
  if (one === undefined) return other;
  const merged: Record<string, unknown> = { ...one };
  for (const [key, value] of Object.entries(other)) {
    const before = merged[key];
    if (isBody(before) && isBody(value)) merged[key] = merge(before, value);
    else if (before !== undefined) merged[key] = [before, value].flat();
    else merged[key] = value;
  }
  return merged;
}

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { meant } from "../modules/similar";
import { CommandError } from "./error";

/** The stack that is described in cdktf.json, and not by a file; in further accounts `bootstrap-<account>`. */
export const BOOTSTRAP = "bootstrap";

/** Whether a stack is the one that the environments of some account stand on. */
export const isBootstrap = (name: string) => name === BOOTSTRAP || name.startsWith(`${BOOTSTRAP}-`);

/** One synthesized stack: an environment, or what all of them stand on. */
export interface Stack {
  readonly name: string;
  /** Where Terraform runs for it, absolute. */
  readonly folder: string;
}

const manifest = z.object({
  stacks: z.record(z.string(), z.object({ name: z.string(), workingDirectory: z.string() })),
});

/** Where the stacks of a project are written. */
export const outputOf = (project: string) => join(project, "cdktf.out");

/**
 * The stacks of the last synthesis, by name.
 * @param output where it wrote them
 * @throws CommandError where there is none
 */
export function readStacks(output: string): Stack[] {
  let text: string;
  try {
    text = readFileSync(join(output, "manifest.json"), "utf8");
  } catch {
    throw new CommandError(`Nothing is synthesized in ${output}: run npx slipway plan first.`);
  }
  return Object.values(manifest.parse(JSON.parse(text)).stacks)
    .map(({ name, workingDirectory }) => ({ name, folder: join(output, workingDirectory) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * The things that are named among those that there are, or all of them where none is.
 * @param what what they are, for the message: "environment"
 * @throws CommandError naming each name that is unknown, and those there are
 */
export function select<T extends { readonly name: string }>(
  all: readonly T[],
  names: readonly string[],
  what: string,
): T[] {
  const known = all.map(({ name }) => name);
  const unknown = [...new Set(names)].filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    const given = unknown.map((name) => JSON.stringify(name)).join(", ");
    const near = unknown.flatMap((name) => meant(name, known) ?? []).join(", ");
    throw new CommandError(
      `There is no ${what} ${given}. There is ${known.join(", ") || "none at all"}.${near && ` Did you mean ${near}?`}`,
    );
  }
  return all.filter(({ name }) => names.length === 0 || names.includes(name));
}

import { execFile } from "node:child_process";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export const EXAMPLE = join(__dirname, "../../../examples/service");
const GOOSE = join(__dirname, "../../../demo/goose/goose.mjs");

/** What a run of goose came to: its lines without the time that begins each. */
export interface Run {
  readonly code: number;
  readonly lines: readonly string[];
}

/** Runs goose as a container does: the environment says which database. */
export function goose(args: readonly string[], env: Readonly<Record<string, string>>): Promise<Run> {
  return new Promise((resolve) => {
    const options = { cwd: EXAMPLE, env: { PATH: process.env.PATH, TZ: "UTC", ...env } };
    execFile(GOOSE, [...args], options, (error, out, err) => {
      const text = `${out}${err}`.replaceAll(/^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d /gm, "");
      resolve({
        code: error ? Number(error.code) : 0,
        lines: text.split("\n").filter((line) => line !== ""),
      });
    });
  });
}

/** The variables that a service's environment gives goose. */
export const variables = (url: string) => ({ GOOSE_DRIVER: "postgres", GOOSE_DBSTRING: url });

/** A folder of migrations: the example's, or none of them, and others beside. */
export function migrations(folder: string, files: Readonly<Record<string, string>>, { example = true } = {}) {
  const path = join(folder, "migrations");
  if (example) cpSync(join(EXAMPLE, "migrations"), path, { recursive: true });
  else mkdirSync(path, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  return path;
}

import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join } from "node:path";
import { z } from "zod";
import type { Children } from "../children";
import { CommandError, reasonOf } from "../error";
import { npm, refusalOf } from "./npm";

/** The package's name, as projects ask for it. */
export const PACKAGE = "slipway";

/** A version of the package that can be installed. */
export interface Version {
  /** The version's number. Of a tarball it is known once that is installed. */
  readonly number: string;
  /** What npm installs: `slipway@1.5.0`, or `slipway@file:/home/me/slipway-1.5.0.tgz`. */
  readonly spec: string;
  /** As a person tells it from others: two tarballs may have one number. */
  readonly label: string;
}

const manifest = z.object({
  dependencies: z.record(z.string(), z.string()).default({}),
  devDependencies: z.record(z.string(), z.string()).default({}),
});
const installed = z.object({ name: z.string(), version: z.string() });

/** What npm writes when it installs. */
const WRITTEN = ["package.json", "package-lock.json"] as const;

/** Files that say that another program than npm installs, and how that takes a version. */
const OTHERS = { "pnpm-lock.yaml": "pnpm add", "yarn.lock": "yarn add", "bun.lock": "bun add" } as const;

/** The package among the dependencies of a project. */
export class Dependency {
  /** As package.json has it: `^1.4.0`, or `file:../slipway-1.4.0.tgz`. */
  private readonly range: string;

  /** @throws CommandError where the project does not depend on the package */
  constructor(
    private readonly project: string,
    private readonly children: Children,
  ) {
    const { dependencies, devDependencies } = readManifest(project);
    const range = dependencies[PACKAGE] ?? devDependencies[PACKAGE];
    if (range === undefined)
      throw new CommandError(
        `package.json in ${project} does not depend on ${PACKAGE}: run this in the folder of a project that does.`,
      );
    this.range = range;
  }

  /**
   * The version that is installed.
   * @throws CommandError where none is
   */
  get current(): Version {
    const { number } = installedIn(this.project);
    const label = this.range.startsWith("file:") ? `${number} (${basename(this.range)})` : number;
    return { number, spec: `${PACKAGE}@${this.range}`, label };
  }

  /**
   * The version that the registry has under a number, a tag or a range: the newest of several.
   * @throws CommandError where there is none, or nobody can be asked
   */
  async find(wanted: string): Promise<Version> {
    const asked = `${PACKAGE}@${wanted}`;
    const { result, error } = await npm(this.project, this.children, "view", asked, "version");
    if (error) throw refusalOf(error, asked);
    const number = z.string().safeParse([result].flat().at(-1));
    if (!number.success) throw refusalOf({ code: "ETARGET" }, asked);
    return { number: number.data, spec: `${PACKAGE}@${number.data}`, label: number.data };
  }

  /**
   * Has npm write a version to package.json and its lock, and install it.
   * @throws CommandError where that fails: both files are then as they were
   */
  async write({ spec }: Version): Promise<void> {
    const other = Object.entries(OTHERS).find(([file]) => existsSync(join(this.project, file)));
    if (other) throw new CommandError(`${other[0]} is not npm's, nothing was written: ${other[1]} ${spec}`);
    const before = WRITTEN.map((file) => ({ path: join(this.project, file) })).map(({ path }) => ({
      path,
      text: existsSync(path) ? readFileSync(path) : undefined,
    }));
    try {
      const { error } = await npm(this.project, this.children, "install", spec, ...prefixOf(this.range));
      if (error) throw refusalOf(error, spec);
    } catch (error) {
      for (const { path, text } of before)
        if (text === undefined) rmSync(path, { force: true });
        else writeFileSync(path, text);
      throw error;
    }
  }
}

/** The version of the package that a folder has installed. */
export function installedIn(folder: string): { readonly number: string; readonly path: string } {
  let path: string;
  try {
    path = createRequire(join(folder, "package.json")).resolve(`${PACKAGE}/package.json`);
  } catch {
    throw new CommandError(
      `${PACKAGE} is not installed in ${folder}, so that there is nothing to compare with: npm install`,
    );
  }
  const { name, version } = installed.parse(JSON.parse(readFileSync(path, "utf8")));
  if (name !== PACKAGE) throw new CommandError(`This is the package ${name}, and not ${PACKAGE}.`);
  return { number: version, path: join(path, "..") };
}

function readManifest(project: string) {
  try {
    return manifest.parse(JSON.parse(readFileSync(join(project, "package.json"), "utf8")));
  } catch (error) {
    throw new CommandError(`package.json in ${project} cannot be read: ${reasonOf(error)}`);
  }
}

/** How npm is to write the version: as freely as package.json has it now. */
function prefixOf(range: string): readonly string[] {
  const [sign = ""] = range;
  return sign === "^" || sign === "~" ? ["--no-save-exact", `--save-prefix=${sign}`] : ["--save-exact"];
}

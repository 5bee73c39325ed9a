import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { Mistake } from "./mistakes";

/** Whether a version is within a range, as npm reads both; loaded without its types, which are a package of their own. */
const satisfies: (version: string, range: string) => boolean = require("semver/functions/satisfies");

/**
 * What is wrong with the packages that a project has beside this one: one that is missing, of a version that this one does not go with,
 * or there in two copies, of which one would make resources and the other stacks.
 * @param project the folder of its package.json
 * @param here a folder of this package
 */
export function checkPeers(project: string, here: string): Mistake[] {
  const { peerDependencies = {} } = manifestOf(packageOf(here));
  const peers = Object.entries<string>(peerDependencies).map(([name, range]) => {
    return { name, range, own: find(project, name) };
  });
  const users = [here, ...peers.flatMap(({ own }) => own ?? [])];
  return peers.flatMap(({ name, range, own }) => {
    const path = `package.json.dependencies.${name}`;
    if (own === undefined) return [{ path, message: `is not installed: npm install ${name}@"${range}"` }];
    const { version } = manifestOf(own);
    if (!satisfies(version, range))
      return [
        {
          path,
          message: `${version} is installed, and goes not with this Slipway: npm install ${name}@"${range}"`,
        },
      ];
    const [other] = users.flatMap((from) => find(from, name) ?? []).filter((folder) => folder !== own);
    if (other === undefined) return [];
    const message = `is there in two copies, ${version} in ${own} and ${manifestOf(other).version} in ${other}: npm dedupe makes them one, and npm ls ${name} says who asks for which.`;
    return [{ path, message }];
  });
}

/** The folder, without links, of what Node finds of a package from a folder. */
function find(from: string, name: string): string | undefined {
  try {
    return dirname(createRequire(join(from, "package.json")).resolve(`${name}/package.json`));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "MODULE_NOT_FOUND") return undefined;
    throw error;
  }
}

/** The folder of the package that a folder is of. */
const packageOf = (folder: string): string =>
  existsSync(join(folder, "package.json")) ? folder : packageOf(dirname(folder));

const manifestOf = (folder: string) => JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));

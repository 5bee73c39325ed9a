import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { sectionOf } from "./named";
import { ownerAndName } from "./repository";

/** Files of changes that no release has told of yet. */
export const pendingChangesets = (folder: string): string[] =>
  readdirSync(folder).filter((file) => file.endsWith(".md") && file !== "README.md");

/** What a release is made from. */
export interface Release {
  readonly version: string;
  /** Owner and name on GitHub, from package.json; undefined where it names none. */
  readonly repository: string | undefined;
  /** The repository whose workflow publishes; undefined where a person does. */
  readonly publisher: string | undefined;
  /** Changesets that are not in the changelog yet. */
  readonly pending: readonly string[];
  readonly changelog: string;
}

/** Why a release cannot be published as it is, and what to do: one line each. */
export function obstacles({ version, repository, publisher, pending, changelog }: Release): string[] {
  const untold = sectionOf(changelog, version) === "" ? [version] : [];
  const missing = pending.length > 0 ? pending : untold;
  return [
    ...(missing.length > 0
      ? [`CHANGELOG.md does not tell of ${missing.join(", ")} yet: npm run release:version`]
      : []),
    ...(repository === undefined
      ? [
          'package.json names no repository on GitHub, whose workflows created projects are to call: "repository": { "type": "git", "url": "git+https://github.com/OWNER/NAME.git" }',
        ]
      : []),
    ...(repository !== undefined && publisher !== undefined && publisher !== repository
      ? [`This is ${publisher}, and package.json says that the packages are published from ${repository}.`]
      : []),
  ];
}

/**
 * Publishes each package that npm does not have in this version: what failed halfway goes on where it stopped.
 * @param folders of the packages, built
 * @param repository that the packages name: npm compares it with the one in the provenance
 * @throws Error in npm's words, and where npm has such a package of somebody else's
 */
export function publishPackages(folders: readonly string[], repository: string): void {
  for (const folder of folders) {
    const { name, version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const spec = `${name}@${version}`;
    if (publishedOf(spec, folder, repository) !== undefined) {
      process.stdout.write(`${spec} is there.\n`);
      continue;
    }
    npm(folder, "publish", "--access", "public", "--ignore-scripts");
    process.stdout.write(`${spec} is published.\n`);
  }
}

/**
 * The version that npm has of a package; undefined where it has none.
 * @param spec as npm takes it: `slipway@1.4.0`, `slipway@latest`
 * @param repository that the package must name: somebody else may have the name on npm
 * @throws Error where npm does not say, or the package is of another repository
 */
export function publishedOf(
  spec: string,
  folder: string,
  repository: string | undefined,
): string | undefined {
  const words = ["view", spec, "version", "repository.url", "--json", "--silent"];
  const { status, stdout } = spawnSync("npm", words, { cwd: folder, encoding: "utf8" });
  const said = JSON.parse(stdout || "{}");
  if (status !== 0) {
    if (said.error?.code === "E404") return undefined;
    throw new Error(`npm does not say whether there is ${spec}: ${said.error?.summary ?? stdout}`);
  }
  const { version, "repository.url": url } = typeof said === "string" ? { version: said } : said;
  if (version === undefined) return undefined;
  const owner = ownerAndName(url);
  if (repository === undefined || owner !== repository)
    throw new Error(
      `npm has a ${spec} of ${owner ?? "a repository that it does not name"}, and package.json here names ${repository ?? "none"}: it is not this package. Publish under another name.`,
    );
  return version;
}

/** Runs npm in a folder, at the terminal: it may ask a person for a second factor. @throws Error where it fails */
function npm(folder: string, ...words: readonly string[]): void {
  const { status } = spawnSync("npm", words, { cwd: folder, stdio: ["inherit", 2, "inherit"] });
  if (status !== 0) throw new Error(`npm ${words[0]} failed in ${folder}.`);
}

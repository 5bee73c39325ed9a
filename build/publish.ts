import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Files of changes that no release has told of yet. */
export const pendingChangesets = (folder: string): string[] =>
  readdirSync(folder).filter((file) => file.endsWith(".md") && file !== "README.md");

/**
 * Publishes each package that npm does not have in this version: what failed halfway goes on where it stopped.
 * @param folders of the packages, built
 * @param repository its URL: npm compares it with the one that the provenance names
 * @throws Error in npm's words
 */
export function publishPackages(folders: readonly string[], repository: string): void {
  for (const folder of folders) {
    const { name, version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const spec = `${name}@${version}`;
    if (isPublished(folder, spec)) {
      process.stdout.write(`${spec} is there.\n`);
      continue;
    }
    npm(folder, "pkg", "set", "repository.type=git", `repository.url=git+${repository}.git`);
    npm(folder, "publish", "--access", "public");
    process.stdout.write(`${spec} is published.\n`);
  }
}

/** Whether npm has this version. */
function isPublished(folder: string, spec: string): boolean {
  const words = ["view", spec, "version", "--json", "--silent"];
  const { status, stdout } = spawnSync("npm", words, { cwd: folder, encoding: "utf8" });
  const code = status === 0 ? undefined : JSON.parse(stdout || "{}").error?.code;
  if (status !== 0 && code !== "E404")
    throw new Error(`npm does not say whether there is ${spec}: ${stdout}`);
  return status === 0 && stdout.trim() !== "";
}

function npm(folder: string, ...words: readonly string[]): void {
  const { status } = spawnSync("npm", words, { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
  if (status !== 0) throw new Error(`npm ${words[0]} failed in ${folder}.`);
}

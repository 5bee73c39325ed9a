/**
 * npm run release:publish: builds the packages of this repository, and publishes those that npm does not have. The workflow publish runs it, which npm
 * knows by OIDC; the first version of each is a person's to publish (CONTRIBUTING.md, "The first release").
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { version } from "../package.json";
import { obstacles, pendingChangesets, publishPackages } from "./publish";
import { REPOSITORY } from "./repository";

const ROOT = join(__dirname, "..");

function main(): number {
  const found = obstacles({
    version,
    repository: REPOSITORY,
    publisher: process.env.GITHUB_REPOSITORY,
    pending: pendingChangesets(join(ROOT, ".changeset")),
    changelog: readFileSync(join(ROOT, "CHANGELOG.md"), "utf8"),
  });
  if (found.length > 0 || REPOSITORY === undefined) {
    process.stderr.write(`Nothing was published.\n${found.join("\n")}\n`);
    return 1;
  }
  const { status } = spawnSync("npm", ["run", "--silent", "build"], { cwd: ROOT, stdio: "inherit" });
  if (status !== 0) return 1;
  publishPackages([ROOT, join(ROOT, "dist/slipway-deploy"), join(ROOT, "dist/create-slipway")], REPOSITORY);
  return 0;
}

try {
  process.exitCode = main();
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}

/**
 * npm run build: dist/, what is published. The package slipway is JavaScript and declarations of what its exports and its command
 * lead to; slipway-deploy, in a folder of its own, is one file. Nothing here runs from them: sources do, by tsconfig.json's paths.
 */
import { spawnSync } from "node:child_process";
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { buildDeployFile } from "./deploy-file";

const ROOT = join(__dirname, "..");
const DIST = join(ROOT, "dist");

/** Files that sources read while they run, which a compiler leaves behind. */
const READ = ["sandbox/wire/provider.proto", "sandbox/engine/postgres-image/bin/psql"];

async function main(): Promise<void> {
  rmSync(DIST, { recursive: true, force: true });
  const tsc = join(ROOT, "node_modules/.bin/tsc");
  const { status } = spawnSync(tsc, ["--project", join(ROOT, "tsconfig.build.json")], { stdio: "inherit" });
  if (status !== 0) {
    process.exitCode = 1;
    return;
  }
  for (const file of READ) cpSync(join(ROOT, file), join(DIST, file));
  await buildDeployFile(join(DIST, "slipway-deploy"));
}

void main();

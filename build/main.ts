/**
 * npm run build: dist/, what is published. The package slipway is JavaScript and declarations of what its exports and its command
 * lead to; slipway-deploy and create-slipway, each in a folder of its own, are one file each with what lies beside it. Nothing here runs from them: sources do, by tsconfig.json's paths.
 * With a folder behind it, slipway-deploy alone, there: build-and-deploy.yaml's jobs hand it to each other.
 */
import { spawnSync } from "node:child_process";
import { cpSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { buildCreatePackage } from "./create-package";
import { buildDeployFile } from "./deploy-file";
import { joinEntries } from "./entries";

const ROOT = join(__dirname, "..");
const DIST = join(ROOT, "dist");

/** The folders that are built. */
const { include } = JSON.parse(readFileSync(join(ROOT, "tsconfig.build.json"), "utf8")) as {
  readonly include: readonly string[];
};

/** Copies what sources read while they run, which the compiler leaves behind: everything but themselves and what people read. */
function copyData(): void {
  const filter = (path: string) => !/\.(ts|md|yml)$/.test(path);
  for (const folder of include) cpSync(join(ROOT, folder), join(DIST, folder), { recursive: true, filter });
}

async function main([folder]: readonly string[]): Promise<void> {
  if (folder !== undefined) return buildDeployFile(folder);
  rmSync(DIST, { recursive: true, force: true });
  const tsc = join(ROOT, "node_modules/.bin/tsc");
  const { status } = spawnSync(tsc, ["--project", join(ROOT, "tsconfig.build.json")], { stdio: "inherit" });
  if (status !== 0) {
    process.exitCode = 1;
    return;
  }
  copyData();
  await joinEntries(DIST);
  await buildDeployFile(join(DIST, "slipway-deploy"));
  await buildCreatePackage(join(DIST, "create-slipway"));
}

void main(process.argv.slice(2));

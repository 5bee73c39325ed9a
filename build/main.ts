/**
 * npm run build: the package's dist/, JavaScript and declarations of what package.json's exports and commands lead to.
 * Nothing here runs from it: sources do, by the paths of tsconfig.json.
 */
import { spawnSync } from "node:child_process";
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(__dirname, "..");
const DIST = join(ROOT, "dist");

/** Files that sources read while they run, which a compiler leaves behind. */
const READ = ["sandbox/wire/provider.proto"];

rmSync(DIST, { recursive: true, force: true });
const tsc = join(ROOT, "node_modules/.bin/tsc");
const { status } = spawnSync(tsc, ["--project", join(ROOT, "tsconfig.build.json")], { stdio: "inherit" });
if (status === 0) for (const file of READ) cpSync(join(ROOT, file), join(DIST, file));
process.exitCode = status ?? 1;

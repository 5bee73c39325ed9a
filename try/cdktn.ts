/**
 * npm run try:cdktn: this project in a copy that stands on CDK Terrain, cdktf's continuation, changed by the commands of
 * docs/cdktf.md. Types, stacks, tests and offline plans of every option must be what they are here; in the stacks, only
 * versions may differ. Exit code 1 where anything else does.
 *
 *   npm run try:cdktn               with the committed try/cdktn/package-lock.json
 *   npm run try:cdktn -- --lock     writes that file anew, after package.json changed
 */
import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { readCommands } from "./commands";
import { compare, readOutput } from "./compare";
import { unsupported } from "./engines";
import { copyProject, run, step, stopOnSignals } from "./steps";

const ROOT = join(__dirname, "..");
const LOCK = join(__dirname, "cdktn", "package-lock.json");
const COMMANDS = readCommands(ROOT);

/** The tests that the library has a say in, and the offline plan of every option. */
const TESTS = [
  "__tests__/modules/",
  "__tests__/imports.test.ts",
  "__tests__/try/",
  "__tests__/sandbox/schema.test.ts",
  "__tests__/terraform/options.test.ts",
];

async function tryIt(copy: string): Promise<void> {
  await step(COMMANDS.there, () => change(copy));
  await step("the way back leaves nothing behind", () => goBack(copy));
  await step("types", () => run(copy, "npm", "run", "-s", "typecheck"));
  const versions = await step("stacks: only versions differ", () => compareStacks(copy));
  for (const version of versions) console.log(`    ${version}`);
  await step("cdktf list", () => run(copy, "npx", "--no-install", "cdktf", "list"));
  await step(`tests: ${TESTS.join(" ")}`, () => run(copy, "npx", "--no-install", "vitest", "run", ...TESTS));
}

/** Makes the change in the copy, whose lock file then is the committed one. */
async function change(copy: string): Promise<void> {
  cpSync(LOCK, join(copy, "package-lock.json"));
  await run(copy, "sh", "-c", COMMANDS.there);
  if (!same(join(copy, "package-lock.json"), LOCK))
    throw new Error(
      "try/cdktn/package-lock.json does not go with package.json any more: npm run try:cdktn -- --lock writes it anew.",
    );
}

/** Goes back from there, beside the copy and without its packages: package.json and its lock file are what they were. */
async function goBack(copy: string): Promise<void> {
  const folder = mkdtempSync(join(copy, "back-"));
  for (const name of ["package.json", "package-lock.json", ".npmrc"])
    cpSync(join(copy, name), join(folder, name));
  await run(folder, "sh", "-c", `${COMMANDS.back} --package-lock-only`);
  const changed = ["package.json", "package-lock.json"].filter(
    (name) => !same(join(folder, name), join(ROOT, name)),
  );
  rmSync(folder, { recursive: true });
  if (changed.length > 0) throw new Error(`${changed.join(" and ")} differ after ${COMMANDS.back}`);
}

/** Synthesizes the same stacks here and there. Returns the versions in which they differ. */
async function compareStacks(copy: string): Promise<readonly string[]> {
  const folder = mkdtempSync(join(copy, "stacks-"));
  const [here, there] = [join(folder, "here"), join(folder, "there")];
  await run(ROOT, process.execPath, "--require", "tsx/cjs", "try/stacks.ts", here);
  await run(copy, process.execPath, "--require", "tsx/cjs", "try/stacks.ts", there);
  const { differences, versions } = compare(readOutput(here), readOutput(there));
  rmSync(folder, { recursive: true });
  if (differences.length > 0) throw new Error(differences.join("\n"));
  if (versions.length === 0) throw new Error("No version differs: this project is there already.");
  return versions;
}

const same = (one: string, other: string) => readFileSync(one, "utf8") === readFileSync(other, "utf8");

/** Writes the lock file that the change makes of this project's own. */
async function writeLock(copy: string): Promise<void> {
  await run(copy, "sh", "-c", `${COMMANDS.there} --package-lock-only`);
  cpSync(join(copy, "package-lock.json"), LOCK);
}

async function main(args: string[]) {
  const { values } = parseArgs({ args, options: { lock: { type: "boolean", default: false } } });
  stopOnSignals();
  const copy = realpathSync(mkdtempSync(join(tmpdir(), "slipway-cdktn-")));
  try {
    copyProject(ROOT, copy);
    if (values.lock) await step("try/cdktn/package-lock.json written", () => writeLock(copy));
    else await tryIt(copy);
    for (const line of unsupported(process.versions.node)) console.log(`– not run: ${line}`);
  } catch (error) {
    console.log((error as Error).message);
    process.exitCode = 1;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

void main(process.argv.slice(2));

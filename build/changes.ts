/**
 * npm run changes: what this version does to the environments here that the last release does not, by `slipway upgrade`. All of it is to be
 * named in a changeset, or in the changelog of a version that is not released yet.
 *
 *   npm run -s changes                       with the last release that npm has
 *   npm run -s changes -- slipway-1.4.0.tgz  with a tarball
 */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { dependencies, devDependencies, name, peerDependencies, version } from "../package.json";
import type { UpgradeReport } from "../plan/upgrade/report";
import { judge, sectionOf } from "./named";
import { pendingChangesets, publishedOf } from "./publish";
import { REPOSITORY } from "./repository";

const ROOT = join(__dirname, "..");

/** Runs npm, and returns what it printed. */
function npm(
  folder: string,
  ...words: readonly string[]
): { readonly code: number; readonly stdout: string } {
  const { status, stdout } = spawnSync("npm", words, {
    cwd: folder,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  return { code: status ?? 1, stdout };
}

/** A project in a folder of its own with the environments here, which depends on a release. */
function writeProject(folder: string, release: string): void {
  for (const file of ["environments", "main.ts", "cdktf.json"])
    cpSync(join(ROOT, file), join(folder, file), { recursive: true });
  const peers = Object.keys(peerDependencies).map((peer) => [
    peer,
    (devDependencies as Record<string, string>)[peer],
  ]);
  const needed = { ...Object.fromEntries(peers), tsx: dependencies.tsx, [name]: release };
  writeFileSync(
    join(folder, "package.json"),
    JSON.stringify({ name: "compared", private: true, dependencies: needed }),
  );
  if (npm(folder, "install", "--silent", "--ignore-scripts").code !== 0)
    throw new Error(`npm cannot install ${release}.`);
}

/** What `slipway upgrade` says of that project and this version. */
function compare(folder: string): UpgradeReport {
  const [{ filename }] = JSON.parse(
    npm(ROOT, "pack", "--silent", "--json", "--pack-destination", folder).stdout,
  );
  const { stdout } = spawnSync(
    process.execPath,
    [...process.execArgv, join(ROOT, "plan/main.ts"), "upgrade", `./${filename}`, "--json"],
    { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] },
  );
  if (stdout === "") throw new Error("The environments could not be compared.");
  return JSON.parse(stdout);
}

/** Texts that name changes: the changesets, and the changelog of what is not released. */
function texts(released: string): string[] {
  const folder = join(ROOT, ".changeset");
  const changelog = join(ROOT, "CHANGELOG.md");
  return [
    ...pendingChangesets(folder).map((file) => readFileSync(join(folder, file), "utf8")),
    ...(version !== released && existsSync(changelog)
      ? [sectionOf(readFileSync(changelog, "utf8"), version)]
      : []),
  ];
}

function main([tarball]: readonly string[]): number {
  const release =
    tarball === undefined ? publishedOf(`${name}@latest`, ROOT, REPOSITORY) : `file:${resolve(tarball)}`;
  if (release === undefined) {
    process.stdout.write(`npm has no ${name} yet: there is no release to compare with.\n`);
    return 0;
  }
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "slipway-changes-")));
  try {
    writeProject(folder, release);
    const report = compare(folder);
    const { text, ok } = judge(report, texts(report.from.number));
    process.stdout.write(`${text}\n`);
    return ok ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

try {
  process.exitCode = main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}

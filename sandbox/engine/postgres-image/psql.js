/**
 * psql of the sandbox's image of Postgres: the machine's own, where it has one. PGlite does not take the settings in PGOPTIONS: there, and
 * where the machine has none, this sets them, runs what `--command` says, and prints the rows.
 */
const { spawnSync } = require("node:child_process");
const { accessSync, constants } = require("node:fs");
const { delimiter, join } = require("node:path");
const { Client } = require("pg");

const folders = (process.env.PATH ?? "")
  .split(delimiter)
  .filter((folder) => folder !== join(__dirname, "bin"));
const own = folders.map((folder) => join(folder, "psql")).find(isExecutable);
const words = process.argv.slice(2);

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function run() {
  const client = new Client();
  await client.connect();
  try {
    const [{ version }] = (await client.query("SELECT version()")).rows;
    if (own && !version.includes("PGlite")) return spawnSync(own, words, { stdio: "inherit" }).status ?? 1;
    await standIn(client);
    return 0;
  } finally {
    await client.end();
  }
}

async function standIn(client) {
  const at = words.indexOf("--command");
  if (at < 0) throw new Error("this stand-in for psql knows --command alone");
  for (const [, name, value] of (process.env.PGOPTIONS ?? "").matchAll(/-c ?([\w.]+)=(\S*)/g))
    await client.query("SELECT set_config($1, $2, false)", [name, value]);
  for (const { rows } of [await client.query(words[at + 1])].flat())
    for (const row of rows) process.stdout.write(`${Object.values(row).join("|")}\n`);
}

run().then(
  (code) => {
    process.exitCode = code;
  },
  (error) => {
    process.stderr.write(`psql: error: ${error.message}\n`);
    process.exitCode = 2;
  },
);

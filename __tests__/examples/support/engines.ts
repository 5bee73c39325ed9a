import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client, type QueryResultRow } from "pg";
import { Databases } from "../../../sandbox/engine/databases";
import { servePglite } from "../../../sandbox/engine/pglite";
import { World } from "../../../sandbox/world";
import { copyPglite } from "../../support/pglite";

/** A running Postgres with one database, on loopback, without TLS. */
export interface Engine {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

const ADDRESS = "staging.abc.us-west-2.rds.amazonaws.com";

const machines = async (folder: string): Promise<Engine> => {
  const world = new World(folder);
  await world.change(() => {
    world.put({
      type: "aws_db_instance",
      region: "us-west-2",
      id: "db-1",
      attributes: { address: ADDRESS, identifier: "staging", username: "app", db_name: "app" },
      sealed: { password_wo: world.vault.seal("local") },
      origin: "terraform",
    });
  });
  const said: string[] = [];
  const databases = new Databases(world, (text) => said.push(text));
  const [reached] = await databases.reach("us-west-2", [ADDRESS]);
  if (!reached) throw new Error(said.join("\n"));
  return { url: urlOf(reached.port), stop: () => databases.close() };
};

const pglite = async (folder: string): Promise<Engine> => {
  const data = join(folder, "pglite");
  await copyPglite(data);
  const { port, stop } = await servePglite(data);
  return { url: urlOf(port), stop };
};

const urlOf = (port: number) => `postgres://app:local@127.0.0.1:${port}/app?sslmode=disable`;

export const hasPostgres = spawnSync("initdb", ["--version"]).status === 0;

/** The engines that the sandbox runs: the machine's own Postgres where there is one, and the one that comes with npm ci. */
export const engines: [name: string, start: (folder: string) => Promise<Engine>][] = [
  ...(hasPostgres ? [["the machine's Postgres", machines] as [string, typeof machines]] : []),
  ["PGlite", pglite],
];

/** One of them, for what does not depend on which: the faster one. */
export const anyEngine = engines[0]?.[1] as (folder: string) => Promise<Engine>;

/** A folder that Postgres gets through to, even if it runs as another user. */
export function temporary(): { folder: string; remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), "slipway-example-"));
  chmodSync(folder, 0o755);
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** The rows that a statement gives. */
export async function ask<Row extends QueryResultRow>(url: string, sql: string): Promise<Row[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}

/** An empty database again. */
export const empty = (url: string) => ask(url, "drop schema public cascade; create schema public");

/** Versions in goose's table, in the order in which they were written. */
export const versions = async (url: string) =>
  (
    await ask<{ version: number }>(url, "select version_id::int as version from goose_db_version order by id")
  ).map(({ version }) => version);

/** Tables and functions of the database. */
export const things = async (url: string) =>
  (
    await ask<{ name: string }>(
      url,
      `select tablename as name from pg_tables where schemaname = 'public' union all
       select proname from pg_proc where pronamespace = 'public'::regnamespace order by name`,
    )
  ).map(({ name }) => name);

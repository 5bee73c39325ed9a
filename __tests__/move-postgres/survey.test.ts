import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { factsSchema } from "../../move/survey/database";
import { createCluster, freePort, servePostgres } from "../../sandbox/engine/postgres";
import { ask, programs, type Sides, startSides } from "./support/engines";
import { LEFT_BEHIND, NOTHING_LEFT } from "./support/left-behind";

let sides: Sides;

beforeAll(async () => {
  sides = await startSides(["wal_level=replica", "max_prepared_transactions=1"]);
  await ask(
    sides.root,
    `CREATE SCHEMA auth; CREATE TABLE auth.users (id integer PRIMARY KEY); CREATE FUNCTION auth.uid() RETURNS integer LANGUAGE sql AS 'SELECT 1';
     GRANT USAGE ON SCHEMA auth TO hosted; GRANT SELECT, REFERENCES ON auth.users TO hosted; CREATE ROLE authenticated; INSERT INTO auth.users VALUES (1);
     CREATE TABLE public.theirs (id integer); ALTER ROLE hosted NOREPLICATION; ALTER ROLE hosted SET search_path = public, auth`,
  );
  await ask(
    sides.old,
    `CREATE TABLE profiles (id integer PRIMARY KEY REFERENCES auth.users); CREATE TABLE keyless (line text); CREATE UNLOGGED TABLE cached (id integer PRIMARY KEY);
     ALTER TABLE profiles ENABLE ROW LEVEL SECURITY; ALTER TABLE profiles FORCE ROW LEVEL SECURITY;
     CREATE POLICY own ON profiles TO authenticated USING (id = auth.uid()); GRANT SELECT ON keyless TO authenticated`,
  );
});
afterAll(() => sides.close());

const facts = async (more: NodeJS.ProcessEnv = {}) => {
  const { lines, end } = await sides.move("survey", more);
  expect(end, JSON.stringify(lines)).toEqual({ kind: "done", verb: "survey" });
  return factsSchema.parse(lines.find(({ kind }) => kind === "facts"));
};

test("the survey finds what stands in the way, and changes nothing", async () => {
  const found = await facts();
  expect(found.source).toMatchObject({
    major: 15,
    user: "hosted",
    walLevel: "replica",
    replication: false,
    createsInDatabase: true,
    ownsDatabase: true,
    platformSchemas: ["auth"],
    unreadable: ["public.theirs"],
    foreign: ["public.theirs"],
    hiddenRows: ["public.profiles"],
    withoutKey: [
      { name: "public.keyless", bytes: expect.any(Number) },
      { name: "public.theirs", bytes: 0 },
    ],
    unlogged: [{ name: "public.cached", bytes: expect.any(Number) }],
    roles: ["authenticated"],
    policyRoles: ["authenticated"],
    settings: ["search_path"],
  });
  expect(found.source?.onPlatform).toEqual([
    "constraint profiles_id_fkey on table public.profiles needs table auth.users",
    "policy own on table public.profiles needs function auth.uid()",
  ]);
  expect(found.target?.extensions).toContain("pgcrypto");
  expect(found.occupied).toBe("");
  expect(await ask(sides.root, LEFT_BEHIND)).toEqual([{ ...NOTHING_LEFT, holds: 1 }]);
  expect(await ask(sides.target, LEFT_BEHIND)).toEqual([NOTHING_LEFT]);
});

test("partitions that are others elsewhere, and transactions that a slot waits for, are named", async () => {
  await ask(
    sides.old,
    `CREATE SCHEMA parts; CREATE TYPE parts.mood AS ENUM ('sad', 'happy');
     CREATE TABLE parts.by_enum (feels parts.mood) PARTITION BY HASH (feels); CREATE TABLE parts.by_number (id integer) PARTITION BY HASH (id);
     CREATE TABLE parts.by_text (name text COLLATE "C", id integer) PARTITION BY HASH (id, name);
     CREATE TABLE parts.in_order (name text COLLATE "und-x-icu") PARTITION BY RANGE (lower(name COLLATE "und-x-icu")); CREATE TABLE parts.in_bytes (name text COLLATE "C") PARTITION BY RANGE (name);
     CREATE TABLE parts.listed (name text) PARTITION BY LIST (name)`,
  );
  const writer = new Client({ connectionString: `${sides.old}&application_name=nightly` });
  await writer.connect();
  const { rows } = await writer.query("SELECT pg_backend_pid() AS pid");
  await writer.query("BEGIN; SELECT txid_current()");
  await ask(sides.root, "BEGIN; CREATE TABLE half (id integer); PREPARE TRANSACTION 'half done'");
  const { source } = await facts();
  await writer.end();
  await ask(sides.root, "ROLLBACK PREPARED 'half done'");
  await ask(sides.old, "DROP SCHEMA parts CASCADE");
  expect(source).toMatchObject({
    enumHashed: ["parts.by_enum"],
    textHashed: ["parts.by_text"],
    textRanged: ["parts.in_order"],
    unheld: ["public.theirs"],
    transactions: [
      {
        pid: rows[0].pid,
        user: "hosted",
        database: "my app",
        application: "nightly",
        seconds: expect.any(Number),
      },
    ],
    prepared: [{ name: "half done", user: "root", database: "my app", seconds: expect.any(Number) }],
  });
});

test("a copy leaves the platform's schemas behind, and makes the roles that policies name", async () => {
  // Nobody but the platform may so much as lock the table.
  await ask(
    sides.root,
    "DROP TABLE public.theirs; CREATE TABLE auth.closed (id integer); CREATE FUNCTION auth.guard() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN END $$; CREATE EVENT TRIGGER guard ON ddl_command_end EXECUTE FUNCTION auth.guard()",
  );
  await ask(
    sides.old,
    "SELECT lo_from_bytea(7, 'a large object'); ALTER TABLE profiles DROP CONSTRAINT profiles_id_fkey; DROP POLICY own ON profiles; ALTER TABLE profiles NO FORCE ROW LEVEL SECURITY; CREATE POLICY own ON profiles TO authenticated USING (id = 1)",
  );
  const { end, stderr } = await sides.move("copy compare");
  expect(end, stderr).toEqual({ kind: "done", verb: "compare", tables: 3 });
  expect(await ask(sides.target, "SELECT nspname FROM pg_namespace WHERE nspname = 'auth'")).toEqual([]);
  expect(await ask(sides.target, "SELECT evtname FROM pg_event_trigger")).toEqual([]);
  expect(await ask(sides.target, "SELECT rolcanlogin FROM pg_roles WHERE rolname = 'authenticated'")).toEqual(
    [{ rolcanlogin: false }],
  );
  await sides.move("reset clean");
});

test("a read replica and a place where nobody listens are told apart", async () => {
  const folder = mkdtempSync(join(tmpdir(), "slipway-replica-"));
  chmodSync(folder, 0o755);
  await createCluster(programs(), join(folder, "replica"), {
    user: "hosted",
    password: "hunter2",
    database: "app",
  });
  writeFileSync(join(folder, "replica", "standby.signal"), "");
  const { port, stop } = await servePostgres(programs(), join(folder, "replica"), ["max_connections=100"]);
  try {
    const url = (at: number) => `postgres://hosted:hunter2@127.0.0.1:${at}/app?sslmode=disable`;
    expect(await facts({ SOURCE_URL: url(port) })).toMatchObject({ reached: true, replica: true });
    const nobody = await facts({ SOURCE_URL: url(await freePort()) });
    expect(nobody).toMatchObject({ reached: false, reason: expect.stringContaining("Connection refused") });
  } finally {
    await stop();
    rmSync(folder, { recursive: true });
  }
});

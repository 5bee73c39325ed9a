import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ask, type Sides, startSides } from "./support/engines";

const KINDS = readFileSync(join(__dirname, "support/kinds.sql"), "utf8");

let sides: Sides;

beforeAll(async () => {
  sides = await startSides();
  await ask(sides.old, KINDS);
});
afterAll(() => sides.close());

const done = (words: string) => sides.done(words);

test("what was compared ahead is found in the hold, whichever side it was written on since", async () => {
  await done("copy --follow");
  await ask(sides.old, "ALTER TABLE toasted DROP number, ADD number integer DEFAULT 5");
  await ask(sides.target, "ALTER TABLE toasted DROP number, ADD number integer DEFAULT 6");
  for (const side of [sides.old, sides.target])
    await ask(side, "ALTER TABLE toasted ALTER number DROP DEFAULT");
  await ask(sides.old, "UPDATE hen SET mother = NULL; DELETE FROM log WHERE id = 1");
  // As the verb catch-up leaves them.
  await ask(
    sides.target,
    "ALTER TABLE dog ENABLE ALWAYS TRIGGER always; ALTER TABLE people ENABLE REPLICA TRIGGER replica",
  );
  await ask(
    sides.target,
    `SET session_replication_role = replica; UPDATE people SET height = height + 1 WHERE id = 7; DELETE FROM log WHERE id = 2;
     DELETE FROM orders WHERE person = 5; INSERT INTO orders (id, person, at) SELECT 1, person, at FROM orders WHERE person = 6`,
  );
  const { code, end, lines } = await sides.move("compare");
  expect(code).toBe(2);
  const named = String(end.text).matchAll(/^table public\.(\w+): /gm);
  expect([...named].map(([, name]) => name).sort()).toEqual(["hen", "log", "orders", "people", "toasted"]);
  expect(lines.filter(({ ahead }) => ahead === true).length).toBeGreaterThan(10);
  await done("reset clean");
  await ask(sides.old, "ALTER TABLE toasted ALTER number SET DEFAULT 0");
});

/** Definitions that a restore spells otherwise, rows that a check of today refuses, a table that tells no log of its keys. */
const SHAPES = `CREATE TABLE shaped (id serial PRIMARY KEY, status varchar(9) CHECK (status IN ('a', 'b')), number integer,
    known boolean GENERATED ALWAYS AS (status IN ('a', 'b')) STORED);
  CREATE INDEX shaped_known ON shaped (number) WHERE status IN ('a', 'b');
  CREATE VIEW shapes AS SELECT id FROM shaped WHERE status IN ('a', 'b');
  CREATE POLICY known ON shaped USING (status IN ('a', 'b'));
  INSERT INTO shaped (status) SELECT 'a' FROM generate_series(1, 9);
  CREATE TABLE dated (id integer PRIMARY KEY); INSERT INTO dated SELECT generate_series(1, 9);
  CREATE TABLE unchecked (number integer); INSERT INTO unchecked VALUES (1), (-1); ALTER TABLE unchecked ADD CHECK (number > 0) NOT VALID;
  COMMENT ON CONSTRAINT unchecked_number_check ON unchecked IS 'From now on';
  CREATE TABLE silent (id integer PRIMARY KEY); ALTER TABLE silent REPLICA IDENTITY NOTHING; INSERT INTO silent VALUES (1), (2)`;

test("other spellings are no difference, writes behind the comparison are; rows that a new shape wrote come back, too", async () => {
  await ask(sides.old, SHAPES);
  await done("copy --follow");
  const view = (status: string) =>
    `CREATE OR REPLACE VIEW shapes AS SELECT id FROM shaped WHERE status IN (${status})`;
  await ask(sides.target, view("'a'"));
  expect((await sides.move("compare")).end.text).toContain("missing in the new one: view public.shapes");
  await ask(sides.target, view("'a', 'b'"));

  await done("hold catch-up sequences compare");
  const late = (sql: string) => ask(sides.old, `BEGIN READ WRITE; ${sql}; COMMIT`);
  await late("INSERT INTO dated VALUES (10)");
  expect(await sides.move("flipped")).toMatchObject({ code: 1, end: { code: "not-compared" } });
  await done("release unflipped");
  await done("hold catch-up sequences compare flipped");
  expect(await ask(sides.target, "SELECT FROM dated WHERE id = 10")).toHaveLength(1);

  const shape = [
    "ALTER TABLE shaped ALTER number TYPE bigint",
    "ALTER TABLE dated ADD made timestamptz NOT NULL DEFAULT clock_timestamp()",
  ];
  for (const sql of [
    "UPDATE shaped SET number = 5 WHERE id = 3",
    ...shape,
    "INSERT INTO unchecked VALUES (8)",
    "UPDATE silent SET id = 9 WHERE id = 2",
  ])
    await ask(sides.target, sql);
  for (const sql of shape) await late(sql);
  await done("hold-new copy-back compare unflipped release release-new");
  for (const table of ["shaped", "dated", "unchecked", "silent"]) {
    const rows = `SELECT t::text FROM ${table} t ORDER BY t::text`;
    expect(await ask(sides.old, rows), table).toEqual(await ask(sides.target, rows));
  }
  await done("reset clean");
  expect(
    await ask(
      sides.old,
      "SELECT convalidated AS held, obj_description(oid) AS said FROM pg_constraint WHERE conname = 'unchecked_number_check'",
    ),
  ).toEqual([{ held: false, said: "From now on" }]);
  await ask(sides.old, "DROP TABLE shaped, dated, unchecked, silent CASCADE");
});

test("a copy that differs from its moment fails at once", async () => {
  // The new one makes something else of a value.
  await ask(
    sides.old,
    `CREATE FUNCTION spoils() RETURNS integer LANGUAGE plpgsql AS $$ BEGIN RETURN CASE current_database() WHEN 'app' THEN 1 ELSE 2 END; END $$;
     CREATE FUNCTION spoilt(integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT public.spoils()';
     CREATE TABLE spoilt (id integer PRIMARY KEY, made integer GENERATED ALWAYS AS (spoilt(id)) STORED); INSERT INTO spoilt VALUES (1)`,
  );
  const { code, end } = await sides.move("copy --follow");
  expect(code).toBe(2);
  expect(end.text).toMatch(/^The databases differ:\ntable public\.spoilt: 1 rows, /);
  await ask(sides.old, "DROP TABLE spoilt; DROP FUNCTION spoilt(integer), spoils()");
  await done("reset clean");
});

test("a hold ends the sessions that could write, is lifted as it was found, and is asked for before anything relies on it", async () => {
  await ask(sides.old, "ALTER ROLE hosted SET default_transaction_read_only = off");
  const { end, lines } = await sides.move("hold hold");
  expect(end).toMatchObject({ kind: "done", found: { everybody: true, others: [] } });
  expect(lines).toHaveLength(2);
  await done("release");
  const settings = await ask<{ c: string[] }>(sides.root, "SELECT setconfig AS c FROM pg_db_role_setting");
  expect(settings).toEqual([{ c: ["default_transaction_read_only=off"] }]);
  await ask(sides.old, "ALTER ROLE hosted RESET ALL");
  await done("clean");
});

test("a word from outside opens the gate for whoever awaits it", async () => {
  const gate = sides.start("gate");
  await gate.seen("ready");
  const waiting = sides.start("await lag");
  await waiting.seen("ready");
  gate.kill("SIGTERM");
  expect((await gate.ended).end).toEqual({ kind: "done", verb: "gate" });
  expect((await waiting.ended).end).toMatchObject({ kind: "done", verb: "lag" });
  await done("clean");
});

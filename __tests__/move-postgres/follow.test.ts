import { afterAll, beforeAll, expect, test } from "vitest";
import { ask, type Sides, startSidesOfAllKinds } from "./support/engines";

let sides: Sides;

beforeAll(async () => {
  sides = await startSidesOfAllKinds();
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

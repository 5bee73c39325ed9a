import { afterAll, beforeAll, expect, test } from "vitest";
import { ask, dumpOf, type Sides, startSidesOfAllKinds } from "./support/engines";
import { LEFT_BEHIND, NOTHING_LEFT } from "./support/left-behind";

/** What an application does all day, each in a transaction of its own. */
const WRITES = [
  "UPDATE people SET weight = 1 WHERE id < 10",
  "INSERT INTO orders (person) SELECT 1",
  "INSERT INTO keyless VALUES ('late', 1)",
  "UPDATE keyless SET number = 2 WHERE line = 'late'",
  "DELETE FROM cached",
  "SELECT lo_from_bytea(0, 'late')",
  "INSERT INTO measured VALUES (clock_timestamp(), 1)",
  "INSERT INTO dog (name, barks) VALUES ('late', false)",
  "REFRESH MATERIALIZED VIEW moods",
  "INSERT INTO people (name) VALUES ('late ' || clock_timestamp())",
  "UPDATE toasted SET number = number + 1",
  "UPDATE toasted SET id = id + 1000 WHERE id < 5",
  "UPDATE toasted_whole SET number = number + 1; DELETE FROM toasted_whole WHERE number = 10",
  "UPDATE whole SET number = number + 1 WHERE number < 10",
  "UPDATE odd_values SET near = 'NaN', empty = NULL; INSERT INTO odd_values (empty, exact, at) VALUES ('', 'NaN', 'infinity')",
  `UPDATE "🐔 100% \\ 'x' :y %s" SET "🥚 50%" = E'a\tb', "new
line" = "new
line" + 100 WHERE ":v" < -10`,
  "UPDATE tree SET kind = 'b', number = number + 1000 WHERE kind = 'ä' AND number < 9; DELETE FROM tree WHERE number = 20",
  "WITH next AS (INSERT INTO hen (id) SELECT max(id) + 1 FROM hen RETURNING id) INSERT INTO egg SELECT id + 10, 1 FROM next",
  "DELETE FROM egg WHERE id = 3; TRUNCATE booked",
];

let sides: Sides;

beforeAll(async () => {
  sides = await startSidesOfAllKinds();
});
afterAll(() => sides.close());

const done = (words: string) => sides.done(words);

test("a copy follows, is flipped to, and gone back from: every write is on the side that has the services, once", async () => {
  await done("copy --follow");
  const first = sides.start("follow");
  await first.seen("following");
  for (const sql of WRITES) await ask(sides.old, sql);
  // The relay dies with its task, and the next one takes over where that was.
  first.kill("SIGKILL");
  await first.ended;
  for (const sql of WRITES) await ask(sides.old, sql);
  // As `slipway move … copy` runs it: what had to be alone lets the flip work beside it from here on.
  const second = sides.start("copy --follow follow");
  await second.seen("following");
  await expect
    .poll(async () => (await sides.move("lag")).end, { timeout: 60_000, interval: 500 })
    .toMatchObject({ following: true, active: true, lagBytes: 0 });

  const flip = await sides.move("hold catch-up sequences compare flipped");
  expect(flip.end, flip.stderr).toEqual({ kind: "done", verb: "flipped" });
  // Read again in the hold is what has no key, or was copied there once more.
  const readAgain = flip.lines.filter(({ step, ahead }) => step === "compared" && ahead === false);
  expect(readAgain.map(({ table }) => table).sort()).toEqual(
    ["cached", "columnless", "keyless", "whole"].map((name) => `public.${name}`),
  );
  expect(dumpOf(sides.target)).toEqual(dumpOf(sides.old));
  expect((await second.ended).end).toEqual({ kind: "done", verb: "follow" });
  await expect(ask(sides.old, WRITES[0] as string)).rejects.toThrow("read-only transaction");
  expect(await done("transactions-since")).toMatchObject({ transactions: 0, exact: true });

  const changes = [
    "INSERT INTO people (name) VALUES ('new')",
    "DELETE FROM people WHERE id = 3",
    "INSERT INTO keyless VALUES (NULL, NULL)",
    "UPDATE toasted SET id = -id WHERE id IN (9, 10)",
    "DELETE FROM egg WHERE id IN (SELECT id FROM egg ORDER BY id DESC LIMIT 1)",
    "TRUNCATE secrets",
    "DELETE FROM odd_values WHERE day IS NULL",
    `UPDATE "Odd schéma."."Weird ""table"", with	tab" SET "a ""column""" = 5`,
    `DELETE FROM "🐔 100% \\ 'x' :y %s" WHERE ":v" = -3`,
    "UPDATE tree SET kind = 'a', number = number + 2000 WHERE kind = 'b' AND number < 3",
  ];
  for (const sql of changes) await ask(sides.target, sql);
  await ask(sides.target, "SELECT count(*) FROM people; SELECT nextval('big')");
  expect(await done("transactions-since")).toMatchObject({ transactions: changes.length, exact: true });
  expect((await sides.move("copy --again")).end).toMatchObject({ kind: "refused", code: "flipped" });
  expect((await sides.move("reset")).end).toMatchObject({ kind: "refused", code: "flipped" });
  expect((await sides.move("copy-back")).end).toMatchObject({ kind: "refused", code: "not-held" });
  const schema = LEFT_BEHIND.replace(
    "SELECT",
    "SELECT (SELECT string_agg(conname || pg_get_constraintdef(oid), ' ' ORDER BY conname) FROM pg_constraint WHERE contype = 'f') AS keys, (SELECT string_agg(tgname || tgenabled::text, ' ' ORDER BY tgname) FROM pg_trigger WHERE NOT tgisinternal) AS triggers,",
  );
  const [before] = await ask(sides.old, schema);
  await done("hold-new copy-back compare unflipped release release-new");
  const [after] = await ask(sides.old, schema);
  expect(after).toEqual({ ...before, holds: 0 });
  expect(dumpOf(sides.old)).toEqual(dumpOf(sides.target));
  expect((await ask(sides.old, "SELECT count(*)::int AS new FROM people WHERE name = 'new'"))[0]).toEqual({
    new: 1,
  });
  await done("reset clean");
  expect(await ask(sides.old, LEFT_BEHIND)).toEqual([NOTHING_LEFT]);
  expect(await ask(sides.target, LEFT_BEHIND)).toEqual([NOTHING_LEFT]);
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

import { Client } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ask, type Sides, startSides } from "./support/engines";

let sides: Sides;
beforeAll(async () => {
  sides = await startSides(["wal_level=logical", "max_prepared_transactions=2"]);
  await ask(
    sides.old,
    "CREATE TABLE notes (id integer PRIMARY KEY); INSERT INTO notes VALUES (1); CREATE TABLE keyless (line text)",
  );
});
afterAll(() => sides.close());

const done = async (words: string, more: NodeJS.ProcessEnv = {}) => {
  const { end, code, stderr } = await sides.move(words, more);
  expect(code, JSON.stringify(end) + stderr).toBe(0);
};

test("nobody writes behind the comparison, whatever they say and whether the copy follows; people go on reading", async () => {
  for (const [before, words] of [
    ["copy", "hold copy --again compare await flipped"],
    ["copy --follow", "hold catch-up compare await flipped"],
  ] as const) {
    await done(before);
    const gate = sides.start("gate");
    await gate.seen("ready");
    const flip = sides.start(words);
    await flip.seen("ready");
    for (const sql of ["INSERT INTO keyless VALUES ('behind')", "UPDATE notes SET id = -1"])
      await expect(
        ask(sides.old, `SET lock_timeout = 100; BEGIN READ WRITE; ${sql}; COMMIT`),
        sql,
      ).rejects.toThrow("lock timeout");
    expect(await ask(sides.old, "SELECT FROM keyless WHERE line = 'behind'")).toEqual([]);
    gate.kill("SIGTERM");
    expect((await flip.ended).end).toEqual({ kind: "done", verb: "flipped" });
    await done("unflipped release reset clean");
    await ask(sides.old, "INSERT INTO keyless VALUES ('behind')");
    await ask(sides.old, "DELETE FROM keyless WHERE line = 'behind'");
  }
});

test("whoever writes and cannot be ended is named, with what ends it: nothing is compared beside it", async () => {
  await done("copy");
  const writer = new Client({ connectionString: sides.root });
  await writer.connect();
  await writer.query("BEGIN; INSERT INTO keyless VALUES ('open')");
  const { rows } = await writer.query("SELECT pg_backend_pid() AS pid");
  const pid = rows[0].pid;
  const { code, end } = await sides.move("hold compare");
  expect([code, end.text]).toEqual([
    2,
    expect.stringContaining(
      `public.keyless is still written to, by process ${pid} of root (SELECT pg_terminate_backend(${pid}) ends it)`,
    ),
  ]);
  await writer.end();

  const writing = (sql: string) => ask(sides.root, `BEGIN READ WRITE; ${sql}`);
  await writing("INSERT INTO keyless VALUES ('late'); PREPARE TRANSACTION 'it''s late'");
  expect((await sides.move("compare")).end.text).toContain(
    "public.keyless is still written to, by the prepared transaction 'it''s late' of root (ROLLBACK PREPARED 'it''s late' ends it).",
  );
  await ask(sides.root, "ROLLBACK PREPARED 'it''s late'");

  // A vacuum against wraparound gives way to nobody.
  await writing(
    `CREATE TABLE aged WITH (autovacuum_freeze_max_age = 100000, autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1)
       AS SELECT generate_series(1, 50000) AS number; ALTER TABLE aged OWNER TO hosted; CREATE TEMPORARY TABLE counted (number integer);
     DO $$ BEGIN FOR n IN 1..100000 LOOP BEGIN INSERT INTO counted VALUES (n); EXCEPTION WHEN division_by_zero THEN NULL; END; END LOOP; END $$; COMMIT`,
  );
  await ask(sides.root, "ALTER SYSTEM SET autovacuum_naptime = 1");
  await ask(sides.root, "SELECT pg_reload_conf()");
  const vacuum = "FROM pg_stat_activity WHERE query LIKE 'autovacuum:%aged (to prevent wraparound)'";
  await expect.poll(() => ask(sides.root, `SELECT ${vacuum}`), { timeout: 20_000 }).toHaveLength(1);
  expect((await sides.move("compare")).end.text).toMatch(
    /public\.aged is still written to, by process \d+ of the server itself, which ends by itself\.$/m,
  );
  await writing(`SELECT pg_terminate_backend(pid) ${vacuum}; DROP TABLE aged; COMMIT`);
  await done("release reset clean");
});

test("triggers of a copy that follows sleep again before the old database may be written to", async () => {
  await ask(
    sides.old,
    `CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
     CREATE TRIGGER always AFTER INSERT ON notes FOR EACH ROW EXECUTE FUNCTION noted(); ALTER TABLE notes ENABLE ALWAYS TRIGGER always`,
  );
  await done("copy --follow");
  await done("hold catch-up");
  const enabled = "SELECT tgenabled AS is FROM pg_trigger WHERE tgname = 'always'";
  expect(await ask(sides.target, enabled)).toEqual([{ is: "A" }]);
  // Whoever applies what follows has this lock.
  const applying = new Client({ connectionString: sides.target });
  applying.on("error", () => {});
  await applying.connect();
  await applying.query("BEGIN; LOCK TABLE notes IN ROW EXCLUSIVE MODE");
  const release = sides.start("release");
  await expect
    .poll(
      () => ask(sides.target, "SELECT FROM pg_locks WHERE relation = 'notes'::regclass AND NOT granted"),
      { timeout: 20_000 },
    )
    .toHaveLength(1);
  const held = "SHOW default_transaction_read_only";
  expect(await ask(sides.old, held)).toEqual([{ default_transaction_read_only: "on" }]);
  // The old database does not stay shut for it.
  const { code, end } = await release.ended;
  expect([code, end]).toEqual([0, { kind: "done", verb: "release" }]);
  expect(await ask(sides.old, held)).toEqual([{ default_transaction_read_only: "off" }]);
  await applying.end();
  await done("hold release");
  expect(await ask(sides.target, enabled)).toEqual([{ is: "D" }]);
  await done("reset clean");
  await ask(sides.old, "DROP TRIGGER always ON notes; DROP FUNCTION noted()");
});

test("a copy that waits for others' transactions says for whom, and how that ends", async () => {
  const writer = new Client({ connectionString: `${sides.old}&application_name=nightly` });
  writer.on("error", () => {});
  await writer.connect();
  const { rows } = await writer.query("SELECT pg_backend_pid() AS pid");
  await writer.query("BEGIN; SELECT txid_current()");
  await ask(sides.root, "BEGIN; CREATE TABLE half (id integer); PREPARE TRANSACTION 'half done'");
  const copy = sides.start("copy --follow --bound=6");
  const { text } = await copy.seen("waiting");
  const pid = rows[0].pid;
  expect(text).toMatch(/, in a transaction since \d{4}-\d\d-\d\d \d\d:\d\d UTC, /);
  expect(String(text).replace(/, in a transaction.*? UTC/, "")).toBe(
    `Waits for process ${pid} of hosted (nightly), which ends by itself or by SELECT pg_terminate_backend(${pid}).`,
  );
  await ask(sides.root, `SELECT pg_terminate_backend(${pid})`);
  const { code, end } = await copy.ended;
  expect([code, end.text]).toEqual([
    2,
    "The old database gave no moment to copy from within 6 s. Waits for the prepared transaction 'half done' of root, which COMMIT PREPARED or ROLLBACK PREPARED ends in database my app.",
  ]);
  await ask(sides.root, "ROLLBACK PREPARED 'half done'");
  await done("reset clean");
});

test("of another encoding the same characters arrive, follow, are compared and come back", async () => {
  await ask(sides.root, "CREATE DATABASE latin OWNER hosted ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0");
  const url = sides.old.replace("my%20app", "latin");
  const words = (text: string) => done(text, { SOURCE_URL: url });
  await ask(
    url,
    `CREATE TABLE "Straße" ("Größe" text PRIMARY KEY, wert text); INSERT INTO "Straße" VALUES ('ä', 'ö'), ('é', E'tab\t'); CREATE TABLE lose (wort text); INSERT INTO lose VALUES ('ß')`,
  );
  await words("copy --follow");
  const follower = sides.start("follow", { SOURCE_URL: url });
  await follower.seen("following");
  await ask(
    url,
    `UPDATE "Straße" SET wert = 'Öl' WHERE "Größe" = 'ä'; INSERT INTO "Straße" VALUES ('ñ', '¿')`,
  );
  await words("hold catch-up sequences compare flipped");
  await ask(
    sides.target,
    `UPDATE "Straße" SET wert = 'ü' WHERE "Größe" = 'ñ'; INSERT INTO lose VALUES ('ø')`,
  );
  await words("hold-new copy-back compare unflipped release release-new");
  const rows = `SELECT * FROM "Straße" UNION ALL SELECT wort, '' FROM lose ORDER BY 1`;
  expect(await ask(url, rows)).toEqual(await ask(sides.target, rows));
  await words("reset clean");
  await follower.ended;
  await ask(sides.root, "DROP DATABASE latin WITH (FORCE)");
});

test("rows of more tables come back than a command line has room for names", async () => {
  // Quoted, each name has 250 characters.
  const schema = '"'.repeat(60);
  const make = `CREATE SCHEMA "${schema.repeat(2)}"; SET search_path = "${schema.repeat(2)}";
    DO $$ BEGIN FOR n IN 1..560 LOOP EXECUTE format('CREATE TABLE %I (id integer)', '${'"'.repeat(59)}' || n); END LOOP; END $$`;
  for (const side of [sides.old, sides.target]) await ask(side, make);
  // As a flip leaves it: the old database held, what is written since told by a slot.
  await ask(
    sides.target,
    `CREATE TABLE notes (id integer PRIMARY KEY); CREATE TABLE keyless (line text); CREATE SCHEMA slipway_move;
     CREATE TABLE slipway_move.state AS SELECT * FROM (VALUES ('state', 'flipped'), ('hold', '{}'), ('hold-new', '{}')) s(name, value);
     CREATE TABLE slipway_move.flipped AS SELECT oid, relfilenode, relnatts FROM pg_class WHERE relkind = 'r'`,
  );
  await ask(sides.target, "SELECT pg_create_logical_replication_slot('slipway_move_back', 'test_decoding')");
  const tables = `SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname ~ '"' AND relkind = 'r'`;
  await ask(
    sides.target,
    `DO $$ DECLARE it record; BEGIN FOR it IN ${tables} LOOP EXECUTE 'INSERT INTO ' || it.name || ' VALUES (7)'; END LOOP; END $$`,
  );
  const { end } = await sides.move("copy-back");
  expect(end).toEqual({ kind: "done", verb: "copy-back", tables: 560 });
  const names = await ask<{ name: string }>(sides.old, tables);
  const all = names.map(({ name }) => `SELECT id FROM ${name}`).join(" UNION ALL ");
  expect(await ask(sides.old, `SELECT count(*)::int AS rows, max(id) AS most FROM (${all}) t`)).toEqual([
    { rows: 560, most: 7 },
  ]);
});

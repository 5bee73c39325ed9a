import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ask, type Sides, startSides } from "./support/engines";
import { LEFT_BEHIND, NOTHING_LEFT } from "./support/left-behind";

const KINDS = readFileSync(join(__dirname, "support/kinds.sql"), "utf8");

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
];

let sides: Sides;

beforeAll(async () => {
  sides = await startSides();
  await ask(sides.old, KINDS);
});
afterAll(() => sides.close());

const done = async (words: string) => {
  const { end, code, stderr } = await sides.move(words);
  expect({ code, end, stderr }).toMatchObject({ code: 0, end: { kind: "done" } });
  return end;
};

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
  expect((await second.ended).end).toEqual({ kind: "done", verb: "follow" });
  await expect(ask(sides.old, WRITES[0] as string)).rejects.toThrow("read-only transaction");
  expect(await done("transactions-since")).toMatchObject({ transactions: 0, exact: true });

  const changes = [
    "INSERT INTO people (name) VALUES ('new')",
    "DELETE FROM people WHERE id = 3",
    "INSERT INTO keyless VALUES (NULL, NULL)",
  ];
  for (const sql of changes) await ask(sides.target, sql);
  await ask(sides.target, "SELECT count(*) FROM people; SELECT nextval('big')");
  expect(await done("transactions-since")).toMatchObject({ transactions: 3, exact: true });
  expect((await sides.move("copy --again")).end).toMatchObject({ kind: "refused", code: "flipped" });
  expect((await sides.move("reset")).end).toMatchObject({ kind: "refused", code: "flipped" });
  expect((await sides.move("copy-back")).end).toMatchObject({ kind: "refused", code: "not-held" });
  const schema = LEFT_BEHIND.replace(
    "SELECT",
    "SELECT (SELECT string_agg(conname || pg_get_constraintdef(oid), ' ' ORDER BY conname) FROM pg_constraint WHERE contype = 'f') AS keys, (SELECT string_agg(tgname || tgenabled::text, ' ' ORDER BY tgname) FROM pg_trigger WHERE NOT tgisinternal) AS triggers,",
  );
  const [before] = await ask(sides.old, schema);
  expect(await done("hold-new copy-back compare unflipped release release-new")).toBeDefined();
  const [after] = await ask(sides.old, schema);
  expect(after).toEqual({ ...before, holds: 0 });
  expect((await ask(sides.old, "SELECT count(*)::int AS new FROM people WHERE name = 'new'"))[0]).toEqual({
    new: 1,
  });
  await done("reset clean");
  expect(await ask(sides.old, LEFT_BEHIND)).toEqual([NOTHING_LEFT]);
  expect(await ask(sides.target, LEFT_BEHIND)).toEqual([NOTHING_LEFT]);
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

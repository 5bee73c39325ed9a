import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { ask, dumpOf, type Sides, startSidesOfAllKinds } from "./support/engines";
import { LEFT_BEHIND, NOTHING_LEFT } from "./support/left-behind";

let sides: Sides;

beforeAll(async () => {
  sides = await startSidesOfAllKinds();
});
afterAll(() => sides.close());
afterEach(async () => {
  await sides.move("release reset clean");
});

const inNew = async (sql: string) => (await ask(sides.target, sql))[0];

describe("a copy", () => {
  test("has every kind of thing, equal by checksum; nothing of the mover stays on either side", async () => {
    const { end, lines, stderr } = await sides.move("hold copy compare release");
    expect(end, stderr).toEqual({ kind: "done", verb: "release" });
    expect(lines.find(({ kind, verb }) => kind === "done" && verb === "copy")).toMatchObject({ tables: 25 });
    expect(lines.filter(({ step }) => step === "compared")).toHaveLength(25);
    // Somebody else's word on it, who knows nothing of the mover.
    expect(dumpOf(sides.target)).toEqual(dumpOf(sides.old));
    expect(
      await inNew(`SELECT (SELECT last_value FROM big)::text AS big, (SELECT is_called FROM never_used) AS used,
        (SELECT last_value > 2 ^ 31 FROM orders_id_seq) AS past, md5(lo_get(4711)) AS picture,
        obj_description(4711, 'pg_largeobject') AS said, (SELECT count(*)::int FROM pg_trigger WHERE tgenabled = 'D') AS asleep,
        (SELECT relispopulated FROM pg_class WHERE relname = 'unfilled') AS filled, (SELECT feels::text FROM busiest) AS busiest,
        (SELECT string_agg(rolname, ',') FROM pg_policy p JOIN pg_roles r ON r.oid = ANY (polroles)) AS policy,
        (SELECT count(*)::int FROM pg_class c WHERE relowner <> (SELECT oid FROM pg_roles WHERE rolname = 'master') AND relnamespace = 'public'::regnamespace) AS foreign_owners`),
    ).toEqual({
      big: "5000000009",
      used: false,
      past: true,
      picture: (await ask<{ m: string }>(sides.old, "SELECT md5(lo_get(4711)) AS m"))[0]?.m,
      said: "A picture",
      asleep: 1,
      filled: false,
      busiest: (await ask<{ f: string }>(sides.old, "SELECT feels::text AS f FROM busiest"))[0]?.f,
      policy: "hosted",
      foreign_owners: 0,
    });
    await sides.move("clean");
    expect(await ask(sides.old, LEFT_BEHIND)).toEqual([NOTHING_LEFT]);
    expect(await ask(sides.target, LEFT_BEHIND)).toEqual([NOTHING_LEFT]);
    // The copy is the environment's now, and no reset of the move may take it.
    expect((await sides.move("reset")).code).toBe(0);
    expect(await inNew("SELECT count(*)::int AS people FROM people")).toEqual({ people: 500 });
    await ask(
      sides.target,
      "CREATE SCHEMA slipway_move; CREATE TABLE slipway_move.state (name text PRIMARY KEY, value text NOT NULL); INSERT INTO slipway_move.state VALUES ('state', 'stale')",
    );
  });

  test("is compared in every respect: each thing that differs is named", async () => {
    expect((await sides.move("hold copy compare")).code).toBe(0);
    const differences = async (breaking: string, mending: string) => {
      await ask(sides.target, breaking);
      const { code, end } = await sides.move("compare");
      await ask(sides.target, mending);
      return { code, text: String(end.text) };
    };
    const rows = await differences(
      "UPDATE people SET weight = weight + 1e-9 WHERE id = 7; INSERT INTO keyless VALUES ('', 1e-30)",
      "UPDATE people SET weight = 7 / 3.0 WHERE id = 7; DELETE FROM keyless WHERE line = ''; INSERT INTO keyless VALUES ('', 1e-30)",
    );
    expect(rows.code).toBe(2);
    expect(rows.text).toMatch(/^The databases differ:\n/);
    expect(rows.text).toMatch(
      /table public\.people: 500 rows, checksum \S+ in the old one, 500 rows, checksum \S+ in the new one/,
    );
    expect(rows.text).toMatch(/table public\.keyless: 5 rows.* 6 rows/);
    const schema = await differences(
      `DROP INDEX "partial Index"; ALTER TABLE people ADD CHECK (height > 0); ALTER TABLE odd_values SET (fillfactor = 80); ALTER TABLE odd_values ALTER raw SET STORAGE MAIN;
       ALTER FUNCTION next_code() IMMUTABLE; COMMENT ON FUNCTION next_code() IS NULL; ALTER TABLE egg DISABLE RULE also; ALTER TABLE toasted_whole REPLICA IDENTITY DEFAULT; DROP STATISTICS linked`,
      `CREATE INDEX "partial Index" ON people (height) WHERE feels <> 'sad'; ALTER TABLE people DROP CONSTRAINT people_height_check; ALTER TABLE odd_values SET (fillfactor = 70); ALTER TABLE odd_values ALTER raw SET STORAGE EXTERNAL;
       ALTER FUNCTION next_code() VOLATILE; COMMENT ON FUNCTION next_code() IS 'Counts on'; ALTER TABLE egg ENABLE RULE also; ALTER TABLE toasted_whole REPLICA IDENTITY FULL; CREATE STATISTICS linked (dependencies) ON height, feels FROM people`,
    );
    for (const missing of [
      "relation public.odd_values r p replica identity d with fillfactor=70",
      "column public.odd_values.raw bytea",
      "function public.next_code() ",
      "comment on public.next_code() 'Counts on'",
      "rule also on public.egg 4O",
      "relation public.toasted_whole r p replica identity f",
      "statistics public.linked on public.people",
    ])
      expect(schema.text).toContain(`missing in the new one: ${missing}`);
    expect(schema.text).toMatch(
      /missing in the new one: index CREATE INDEX "partial Index" ON public\.people/,
    );
    expect(schema.text).toMatch(/only in the new one: constraint people_height_check/);
    const rest = await differences(
      "SELECT setval('big', 7); SELECT lo_put(4711, 3, 'x')",
      "SELECT setval('big', 5000000009); SELECT lo_put(4711, 3, '\\xff')",
    );
    expect(rest.text).toMatch(/sequence in the old one: .*public\.big.*5000000009/);
    expect(rest.text).toMatch(/1 large objects, checksum/);
    expect((await sides.move("compare")).end).toEqual({ kind: "done", verb: "compare", tables: 25 });
  });
});

describe("refused, with nothing changed", () => {
  const refusal = async (words: string, more: NodeJS.ProcessEnv = {}) => {
    const { code, end } = await sides.move(words, more);
    return { code, reason: end.code, text: end.text };
  };

  test("a database that is not empty", async () => {
    await ask(sides.target, "CREATE TABLE mine (id integer)");
    expect(await refusal("copy")).toEqual({
      code: 1,
      reason: "not-empty",
      text: expect.stringContaining("table public.mine"),
    });
    expect((await sides.move("reset")).code).toBe(0);
    expect(await ask(sides.target, "SELECT 1 AS one FROM pg_class WHERE relname = 'mine'")).toHaveLength(1);
    await ask(sides.target, "DROP TABLE mine");
  });

  test("a second mover beside the first", async () => {
    const first = sides.start("copy --jobs=1");
    await first.seen("snapshot");
    expect(await refusal("copy")).toMatchObject({ code: 1, reason: "busy" });
    expect((await first.ended).code).toBe(0);
  });

  test("URLs that are none, and verbs that there are none of", async () => {
    for (const url of ["", "change-me", "mysql://a:b@c/d", "postgres://a:b@one,two/d", "postgres://a@c/d"])
      expect(await refusal("survey", { SOURCE_URL: url }), url).toMatchObject({ code: 1, reason: "url" });
    expect(await refusal("dance")).toMatchObject({ code: 1, reason: "verb" });
  });

  test("what needs a copy, a hold or a flip before it", async () => {
    expect(await refusal("follow")).toMatchObject({ code: 1, reason: "not-copied" });
    expect(await refusal("catch-up")).toMatchObject({ code: 1, reason: "not-copied" });
    expect(await refusal("flipped")).toMatchObject({ code: 1, reason: "not-copied" });
    expect(await refusal("copy-back")).toMatchObject({ code: 1, reason: "not-flipped" });
    expect((await sides.move("copy")).code).toBe(0);
    expect(await refusal("flipped")).toMatchObject({ code: 1, reason: "not-held" });
    expect(await refusal("follow")).toMatchObject({ code: 1, reason: "no-slot" });
  });

  test("a wrong password is in no line, a right one neither", async () => {
    const { code, lines } = await sides.move("copy", {
      SOURCE_URL: sides.old.replace("pa%20ss", "wrong%20word"),
    });
    expect(code).toBe(2);
    expect(lines.at(-1)).toMatchObject({
      kind: "failed",
      code: "lost",
      text: expect.stringContaining("password authentication failed"),
    });
    expect(JSON.stringify(lines)).not.toContain("wrong word");
  });
});

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { parse } from "../../demo/goose/parse.mjs";
import { ask, type Engine, empty, engines, temporary, things, versions } from "./support/engines";
import { EXAMPLE, goose, migrations, variables } from "./support/goose";

const files = readdirSync(join(EXAMPLE, "migrations")).sort();
const text = (file: string) => readFileSync(join(EXAMPLE, "migrations", file), "utf8");

describe.each(engines)("the example's migrations on %s", (_, start) => {
  const place = temporary();
  let engine: Engine;
  const run = (command: string, folder = "migrations") =>
    goose(["-dir", folder, command], variables(engine.url));

  beforeAll(async () => {
    engine = await start(place.folder);
  });
  afterAll(async () => {
    await engine?.stop();
    place.remove();
  });
  beforeEach(() => empty(engine.url));

  test("go up in order, each recorded, and again is nothing to do", async () => {
    const up = await run("up");
    expect(up.code).toBe(0);
    expect(up.lines.map((line) => line.replace(/ \(\S+\)$/, ""))).toEqual([
      "OK   00001_guests.sql",
      "OK   00002_tidy_names.sql",
      "goose: successfully migrated database to version: 2",
    ]);
    expect(await versions(engine.url)).toEqual([0, 1, 2]);

    expect(await run("up")).toEqual({ code: 0, lines: ["goose: no migrations to run. current version: 2"] });
    expect(await versions(engine.url)).toEqual([0, 1, 2]);
    expect(await ask(engine.url, "select name from guests order by id")).toEqual([
      { name: "Ada" },
      { name: "Grace" },
    ]);
  });

  test("are pending, then applied", async () => {
    const status = async () => {
      const { code, lines } = await run("status");
      expect(code).toBe(0);
      expect(lines.slice(0, 2)).toEqual([
        "    Applied At                  Migration",
        "    =======================================",
      ]);
      return lines.slice(2);
    };
    const pending = files.map((file) => `    Pending                  -- ${file}`);
    expect(await status()).toEqual(pending);
    expect(await things(engine.url)).toEqual(["goose_db_version"]);
    await run("up");
    const applied = await status();
    expect(applied).toHaveLength(files.length);
    for (const [at, line] of applied.entries())
      expect(line).toMatch(
        new RegExp(`^    \\w{3} \\w{3} [ \\d]\\d \\d\\d:\\d\\d:\\d\\d \\d{4} -- ${files[at]}$`),
      );
  });

  test("do what they say: a name is written down tidily", async () => {
    await run("up");
    const sql = "insert into guests (name) values (E'  Ada \\t Lovelace ') returning name";
    expect(await ask(engine.url, sql)).toEqual([{ name: "Ada Lovelace" }]);
  });

  test("each have a way down that leaves nothing, and up again works", async () => {
    await run("up");
    for (const file of files.toReversed()) {
      const { statements } = parse(text(file), "down");
      expect(statements.length, file).toBeGreaterThan(0);
      await ask(engine.url, statements.join("\n"));
    }
    expect(await things(engine.url)).toEqual(["goose_db_version"]);
    await ask(engine.url, "delete from goose_db_version where version_id > 0");
    expect((await run("up")).code).toBe(0);
    expect(await versions(engine.url)).toEqual([0, 1, 2]);
  });

  describe("with one that fails halfway", () => {
    const other = temporary();
    afterEach(other.remove);

    test("end with 1, say which and why, keep the earlier ones and nothing of it", async () => {
      const halfway = "create table rooms (id int);\nalter table gests add column room int;\n";
      const folder = migrations(other.folder, {
        "00003_rooms.sql": `-- +goose Up\n${halfway}`,
        "00004_later.sql": "-- +goose Up\ncreate table later (id int);\n",
      });
      const failed = await run("up", folder);
      expect(failed.code).toBe(1);
      expect(failed.lines).toHaveLength(3);
      expect(failed.lines[2]).toBe(
        'goose run: ERROR 00003_rooms.sql: failed to run SQL migration: failed to execute SQL query "alter table gests add column room int;": ERROR: relation "gests" does not exist (SQLSTATE 42P01)',
      );
      expect(await versions(engine.url)).toEqual([0, 1, 2]);
      expect(await things(engine.url)).toEqual(["goose_db_version", "guests", "tidy_name"]);

      migrations(other.folder, { "00003_rooms.sql": `-- +goose Up\n${halfway.replace("gests", "guests")}` });
      const mended = await run("up", folder);
      expect(mended.code).toBe(0);
      expect(await versions(engine.url)).toEqual([0, 1, 2, 3, 4]);
      expect(await things(engine.url)).toEqual(["goose_db_version", "guests", "later", "rooms", "tidy_name"]);
    });
  });
});

test("the example's migrations are valid, which needs no database", async () => {
  expect(await goose(["-dir", "migrations", "validate"], {})).toEqual({ code: 0, lines: [] });
  expect(files.length).toBeGreaterThanOrEqual(2);
  expect(files.some((file) => text(file).includes("-- +goose StatementBegin"))).toBe(true);
});

import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { parse } from "../../demo/goose/parse.mjs";
import { anyEngine, ask, type Engine, empty, temporary, things, versions } from "./support/engines";
import { goose, migrations, variables } from "./support/goose";

// What is expected here is what goose v3.27.3 does: cmd/goose/main.go, up.go, migrate.go, internal/sqlparser and its tests.

const up = (sql: string) => `-- +goose Up\n${sql}\n`;

describe("a migration file", () => {
  test.each<[string, string, string[], string[]]>([
    ["statements end with a line's semicolon", up("a;\nb\n  c;"), ["a;", "b\n  c;"], []],
    ["a semicolon within a line ends nothing", up("a; b;\nc;"), ["a; b;", "c;"], []],
    ["a comment may follow the semicolon", up("a; -- that is all\nb;"), ["a; -- that is all", "b;"], []],
    ["a semicolon in a comment ends nothing", up("a -- so;\n;"), ["a -- so;\n;"], []],
    [
      "comments before a statement are left out, within one they stay",
      up("-- one\n\na\n-- two\nb;"),
      ["a\n-- two\nb;"],
      [],
    ],
    [
      "a block is one statement",
      up("-- +goose StatementBegin\nx;\n\ny;\n-- +goose StatementEnd\nz;"),
      ["x;\n\ny;", "z;"],
      [],
    ],
    ["each section is read for its direction", up("a;\n-- +goose Down\nb;\nc;"), ["a;"], ["b;", "c;"]],
    [
      "a block may be in either",
      up(
        "-- +goose StatementBegin\na;\n-- +goose StatementEnd\n-- +goose Down\n-- +goose StatementBegin\nb;\n-- +goose StatementEnd",
      ),
      ["a;"],
      ["b;"],
    ],
    ["annotations may be in any case", "-- +goose UP\na;\n", ["a;"], []],
    ["lines may end with \\r\\n", "-- +goose Up\r\na\r\nb;\r\n", ["a\nb;"], []],
    ["comments may stand before the first section", `-- why\n\n${up("a;")}`, ["a;"], []],
    ["a section may be empty", up("-- +goose Down\nb;"), [], ["b;"]],
  ])("%s", (_, text, upwards, downwards) => {
    expect(parse(text, "up")).toEqual({ statements: upwards, transaction: true });
    expect(parse(text, "down")).toEqual({ statements: downwards, transaction: true });
  });

  test("may ask for no transaction", () => {
    expect(parse(`-- +goose NO TRANSACTION\n${up("a;")}`, "up").transaction).toBe(false);
  });

  test.each([
    ["nothing says Up", "", /must start with '-- \+goose Up'/],
    ["SQL stands before Up", "a;\n-- +goose Up\n", /unexpected state 0 on line "a;"/],
    ["Up comes twice", up("-- +goose Up\n"), /duplicate/],
    ["Down comes first", "-- +goose Down\na;\n", /must start with '-- \+goose Up'/],
    ["a semicolon is missing at the end", up("a"), /unexpected unfinished SQL query: "a": missing semicolon/],
    ["a semicolon is missing before Down", up("a\n-- +goose Down\nb;"), /unfinished SQL query: "a"/],
    ["a block does not end", up("-- +goose StatementBegin\na;"), /missing '-- \+goose StatementEnd'/],
    ["a block ends that did not begin", up("-- +goose StatementEnd"), /must be defined after '-- \+goose St/],
    [
      "a block begins outside of a section",
      "-- +goose StatementBegin\n",
      /must be defined after '-- \+goose Up/,
    ],
    ["an annotation is unknown", up("-- +goose Sideways"), /"Sideways" not supported/],
    ["an annotation is indented", " -- +goose Up\na;\n", /contains leading whitespace/],
  ])("is refused when %s", (_, text, message) => {
    expect(() => parse(text, "up")).toThrow(message);
  });
});

describe("goose, stood in for", () => {
  const place = temporary();
  let engine: Engine;
  let folders: { folder: string; remove: () => void }[] = [];

  beforeAll(async () => {
    engine = await anyEngine(place.folder);
  });
  afterAll(async () => {
    await engine?.stop();
    place.remove();
  });
  beforeEach(() => empty(engine.url));
  afterEach(() => {
    for (const { remove } of folders) remove();
    folders = [];
  });

  /** A folder of these migrations alone. */
  const only = (files: Record<string, string>) => {
    const temporaryFolder = temporary();
    folders.push(temporaryFolder);
    return migrations(temporaryFolder.folder, files, { example: false });
  };
  const run = (folder: string, command = "up") => goose(["-dir", folder, command], variables(engine.url));
  const table = (name: string) => up(`create table ${name} (id int);`);

  test("takes folder and database from arguments or from the environment, -dir before GOOSE_MIGRATION_DIR", async () => {
    const folder = only({ "1_one.sql": table("one") });
    const nowhere = "postgres://app@127.0.0.1:1/app?sslmode=disable";
    for (const [args, env] of [
      [["-dir", folder, "postgres", engine.url, "status"], {}],
      [["postgres", engine.url, "status", `-dir=${folder}`], {}],
      [["--dir", folder, "status"], variables(engine.url)],
      [["status"], { ...variables(engine.url), GOOSE_MIGRATION_DIR: folder }],
      [["-dir", folder, "status"], { ...variables(engine.url), GOOSE_MIGRATION_DIR: "/nowhere" }],
      [["-dir", folder, engine.url, "status"], { GOOSE_DRIVER: "postgres" }],
    ] as const) {
      const { code, lines } = await goose(args, env);
      expect({ args, code, last: lines.at(-1) }).toEqual({
        args,
        code: 0,
        last: "    Pending                  -- 1_one.sql",
      });
    }
    // As goose does, too: with the database in the environment, another one in the arguments is taken for the command.
    const twice = await goose(["-dir", folder, "postgres", nowhere, "up"], variables(engine.url));
    expect(twice).toEqual({
      code: 1,
      lines: ['goose run: "postgres": no such command (of this stand-in for goose)'],
    });
  });

  test.each<[string, string[], number, RegExp]>([
    ["no command", [], 1, /^Usage: goose/],
    ["no database", ["up"], 1, /^Usage: goose/],
    ["another driver", ["mysql", "x", "up"], 1, /"mysql": unknown dialect/],
    ["a command that it does not stand in for", ["postgres", "postgres://x", "redo"], 1, /"redo": no such/],
    ["an unknown flag", ["-loud", "up"], 2, /flag provided but not defined: -loud/],
    [
      "a database that does not answer",
      ["postgres", "postgres://app@127.0.0.1:1/app", "up"],
      1,
      /^goose run: /,
    ],
  ])("ends with an error for %s", async (_, args, code, line) => {
    const failed = await goose(args, { GOOSE_MIGRATION_DIR: "migrations" });
    expect(failed.code).toBe(code);
    expect(failed.lines[0]).toMatch(line);
  });

  test("orders by number, not by name", async () => {
    const folder = only({
      "10_ten.sql": up("alter table nine add column ten int;"),
      "9_nine.sql": table("nine"),
    });
    expect((await run(folder)).code).toBe(0);
    expect(await versions(engine.url)).toEqual([0, 9, 10]);
  });

  test("records a migration without statements", async () => {
    const { code, lines } = await run(only({ "1_nothing.sql": "-- +goose Up\n-- +goose Down\n" }));
    expect(code).toBe(0);
    expect(lines[0]).toMatch(/^EMPTY 1_nothing\.sql \(/);
    expect(await versions(engine.url)).toEqual([0, 1]);
  });

  test("without a transaction, what came before the failure stays, and nothing is recorded", async () => {
    const folder = only({
      "1_kept.sql": `-- +goose NO TRANSACTION\n${up("create table kept (id int);\ncreate table broken (id nothing);")}`,
    });
    const { code, lines } = await run(folder);
    expect(code).toBe(1);
    expect(lines.join()).toContain('type "nothing" does not exist (SQLSTATE 42704)');
    expect(await things(engine.url)).toEqual(["goose_db_version", "kept"]);
    expect(await versions(engine.url)).toEqual([0]);
  });

  test("what no transaction may hold runs with NO TRANSACTION alone", async () => {
    const index = up("create index concurrently i on one (id);");
    const folder = only({ "1_one.sql": table("one"), "2_index.sql": index });
    expect((await run(folder)).lines.at(-1)).toMatch(
      /cannot run inside a transaction block \(SQLSTATE 25001\)$/,
    );
    expect(
      (await run(only({ "1_one.sql": table("one"), "2_index.sql": `-- +goose NO TRANSACTION\n${index}` })))
        .code,
    ).toBe(0);
    expect(await ask(engine.url, "select 1 as there from pg_indexes where indexname = 'i'")).toHaveLength(1);
  });

  test("refuses one that is older than what was applied", async () => {
    await run(only({ "1_one.sql": table("one"), "3_three.sql": table("three") }));
    const folder = only({
      "1_one.sql": table("one"),
      "2_two.sql": table("two"),
      "3_three.sql": table("three"),
      "4_four.sql": table("four"),
    });
    expect(await run(folder)).toEqual({
      code: 1,
      lines: [
        "goose run: error: found 1 missing migrations before current version 3:",
        `\tversion 2: ${join(folder, "2_two.sql")}`,
      ],
    });
    expect(await versions(engine.url)).toEqual([0, 1, 3]);
    expect(await things(engine.url)).toEqual(["goose_db_version", "one", "three"]);
  });

  test("refuses two of one number, as a panic", async () => {
    const { code, lines } = await run(only({ "1_one.sql": table("one"), "01_other.sql": table("other") }));
    expect(code).toBe(2);
    expect(lines[0]).toBe("panic: goose: duplicate version 1 detected:");
    expect(await things(engine.url)).toEqual([]);
  });

  test.each([
    ["holds none", {}, "no migration files found"],
    ["holds one without a number", { "one_1.sql": "" }, "failed to parse version from migration file"],
    ["holds one without a name", { "1.sql": "" }, "no filename separator '_' found"],
    ["holds version 0", { "0_zero.sql": "" }, "migration version must be greater than zero"],
  ])("refuses a folder that %s", async (_, files: Record<string, string>, why) => {
    const { code, lines } = await run(only(files));
    expect(code).toBe(1);
    expect(lines.join()).toContain(why);
    expect(await things(engine.url)).toEqual([]);
  });

  test("refuses a folder that does not exist", async () => {
    const folder = join(place.folder, "nowhere");
    expect(await run(folder)).toEqual({ code: 1, lines: [`goose run: ${folder} directory does not exist`] });
  });

  test("validates names and sections of both directions, and asks no database", async () => {
    const check = async (files: Record<string, string>) => {
      const { code, lines } = await goose(["-dir", only(files), "validate"], {});
      return [code, lines.join()];
    };
    expect(await check({ "1_one.sql": up("nonsense, but ended;") })).toEqual([0, ""]);
    expect(await check({})).toEqual([0, ""]);
    const [code, line] = await check({ "1_one.sql": up("a;\n-- +goose Down\nb") });
    expect(code).toBe(1);
    expect(line).toMatch(/^goose validate: failed to parse file ".*1_one\.sql": .*"b": missing semicolon\?$/);
    expect(await check({ "one.sql": up("a;") })).toEqual([
      1,
      expect.stringMatching(/failed to get version from file/),
    ]);
  });
});

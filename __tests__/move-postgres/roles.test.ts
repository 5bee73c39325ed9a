import { afterAll, beforeAll, expect, test } from "vitest";
import { ask, type Sides, startSides } from "./support/engines";

let sides: Sides;
beforeAll(async () => {
  sides = await startSides();
  await ask(
    sides.root,
    `CREATE ROLE reader; CREATE ROLE "odd reader"; CREATE TABLE notes (id int PRIMARY KEY);
     CREATE POLICY own ON notes TO reader, "odd reader"; ALTER TABLE notes OWNER TO hosted`,
  );
});
afterAll(() => sides.close());

const roles = async () => {
  const found = await ask<{ rolname: string }>(sides.target, "SELECT rolname FROM pg_roles ORDER BY 1");
  return found.map(({ rolname }) => rolname).filter((name) => !name.startsWith("pg_"));
};

test("roles that a copy or its rehearsal makes for policies go with it; one that was there stays", async () => {
  await ask(sides.target, "CREATE ROLE reader");
  for (const [words, way] of [
    ["copy", "reset clean"],
    ["copy --rehearse", "reset --rehearse"],
    ["copy --rehearse", "clean"],
  ] as const) {
    expect((await sides.move(words)).code, words).toBe(0);
    expect(await roles()).toEqual(["master", "odd reader", "reader"]);
    expect((await sides.move(way)).code, way).toBe(0);
    expect(await roles()).toEqual(["master", "reader"]);
  }
});

test("a copy is taken away, in whatever order its things come: no sequence before the column that it is part of", async () => {
  await ask(
    sides.root,
    "CREATE TABLE counted (id integer GENERATED ALWAYS AS IDENTITY); ALTER TABLE counted OWNER TO hosted",
  );
  expect((await sides.move("copy")).code).toBe(0);
  await ask(
    sides.target,
    "WITH gone AS (DELETE FROM pg_depend WHERE objid = 'counted'::regclass AND refclassid = 'pg_namespace'::regclass RETURNING *) INSERT INTO pg_depend SELECT * FROM gone",
  );
  expect((await sides.move("reset clean")).end).toEqual({ kind: "done", verb: "clean" });
  expect(await ask(sides.target, "SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace")).toEqual(
    [],
  );
});

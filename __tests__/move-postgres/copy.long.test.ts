import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { ask, type Sides, startSidesOfAllKinds } from "./support/engines";

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
  test("begins again where it was killed, and its slot had gone with it", async () => {
    for (const step of ["snapshot", "pre-data", "table"]) {
      const copy = sides.start("copy --follow --jobs=1");
      await copy.seen(step);
      copy.kill("SIGKILL");
      await copy.ended;
      await expect.poll(() => ask(sides.old, "SELECT slot_name FROM pg_replication_slots")).toEqual([]);
      await expect
        .poll(() => ask(sides.target, "SELECT FROM pg_stat_activity WHERE application_name = 'slipway-move'"))
        .toEqual([]);
    }
    const { lines, code } = await sides.move("hold copy compare");
    expect(code).toBe(0);
    expect(lines).toContainEqual({
      kind: "progress",
      verb: "copy",
      step: "clear",
      text: "an earlier copy is cleared away",
    });
    expect((await sides.move("copy")).end).toEqual({ kind: "done", verb: "copy", already: true });
  });

  test("ends at a disk that is full, says so, and begins again with more room", async () => {
    const copy = sides.start("copy --jobs=1");
    await copy.seen("snapshot");
    // What Postgres says where a file cannot grow, in the middle of a copy: no test may fill a disk.
    await ask(
      sides.target,
      `CREATE FUNCTION fill() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN
         RAISE EXCEPTION USING ERRCODE = 'disk_full', MESSAGE = 'could not extend file "base/16385/16402": No space left on device';
       END$$;
       CREATE EVENT TRIGGER full_disk ON ddl_command_end WHEN TAG IN ('CREATE INDEX') EXECUTE FUNCTION fill()`,
    );
    const ended = await copy.ended;
    await ask(sides.target, "DROP EVENT TRIGGER full_disk; DROP FUNCTION fill()");
    expect(ended).toMatchObject({ code: 2, end: { kind: "failed", code: "disk-full" } });
    expect((await sides.move("copy")).code).toBe(0);
  });

  test("is rehearsed beside the database, and compared with the moment that it is of", async () => {
    const { code, lines, end } = await sides.move("copy --rehearse");
    expect(code, JSON.stringify(end)).toBe(0);
    expect(lines.filter(({ step }) => step === "compared")).toHaveLength(25);
    expect(await ask(sides.target, "SELECT datname FROM pg_database WHERE datname ~ 'app'")).toHaveLength(2);
    expect(
      await inNew("SELECT count(*)::int AS tables FROM pg_class WHERE relnamespace = 'public'::regnamespace"),
    ).toEqual({ tables: 0 });
    await sides.move("reset --rehearse");
    expect(await ask(sides.target, "SELECT datname FROM pg_database WHERE datname ~ 'app'")).toHaveLength(1);
  });
});

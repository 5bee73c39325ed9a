import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { postgresMajors } from "../../aws/postgres";
import { applyType, isKnownStatic } from "../../aws/postgres-parameters";
import { postgresSettings } from "../../aws/postgres-settings";
import { openPglite } from "../support/pglite";

/** What the table says of a setting in a major version; nothing where it does not know it. */
const contextOf = (major: number, name: string) =>
  Object.entries(postgresSettings[name] ?? {}).find(
    ([, [first, last]]) => first <= major && major <= last,
  )?.[0];

/** What a server says otherwise than the table. A newer minor version or a distribution may know a few settings more. */
function disagreements(major: number, said: readonly (readonly [string, string])[]) {
  const changeable = said.filter(([, context]) => context !== "internal");
  const known = changeable.filter(([name]) => contextOf(major, name) !== undefined);
  expect(changeable.length - known.length).toBeLessThan(5);
  return known.filter(([name, context]) => contextOf(major, name) !== context);
}

describe("the table of settings", () => {
  test("PGlite, a real Postgres 18, says the same of each setting it knows", async () => {
    const folder = mkdtempSync(join(tmpdir(), "slipway-settings-"));
    const database = await openPglite(join(folder, "data"));
    const { rows } = await database.query<{ name: string; context: string }>(
      "select name, context from pg_settings",
    );
    await database.close();
    rmSync(folder, { recursive: true });
    expect(rows.length).toBeGreaterThan(350);
    expect(
      disagreements(
        18,
        rows.map(({ name, context }) => [name, context] as const),
      ),
    ).toEqual([]);
  });

  /** The machine's own servers: it is a witness where there is one. */
  const homes = ["/usr/lib/postgresql", "/usr/local/pgsql"].filter((home) => existsSync(home));
  const servers = homes
    .flatMap((home) => [join(home, "bin"), ...readdirSync(home).map((one) => join(home, one, "bin"))])
    .map((folder) => join(folder, "postgres"))
    .filter((file) => existsSync(file));

  test("each Postgres of this machine says the same of what stands in its sample file", () => {
    for (const server of servers) {
      const version = spawnSync(server, ["--version"], { encoding: "utf8" }).stdout;
      const major = Number(/\d+/.exec(version)?.[0]);
      const { stdout } = spawnSync(server, ["--describe-config"], { encoding: "utf8" });
      const said = stdout
        .trim()
        .split("\n")
        .map((line) => line.split("\t"))
        .map(
          ([name = "", context = ""]) =>
            [name, context.toLowerCase().replace("superuser_", "superuser-")] as const,
        );
      if (!postgresMajors.includes(String(major))) continue;
      expect(said.length).toBeGreaterThan(250);
      expect(disagreements(major, said)).toEqual([]);
    }
  });

  test("each major version that an environment may have is in it", () => {
    for (const major of postgresMajors)
      expect(contextOf(Number(major), "max_connections")).toBe("postmaster");
  });
});

describe("how RDS takes over a parameter", () => {
  test.each([
    ["17", "max_connections", "static"],
    ["17", "jit_provider", "static"],
    ["17", "shared_preload_libraries", "static"],
    ["17", "track_io_timing", "dynamic"],
    ["17", "log_connections", "dynamic"],
    ["17", "timezone", "dynamic"],
    ["17", "autovacuum_max_workers", "static"],
    ["18", "autovacuum_max_workers", "dynamic"],
    // Of RDS' own, and what RDS takes otherwise than Postgres.
    ["17", "rds.log_retention_period", "dynamic"],
    ["17", "rds.restrict_password_commands", "static"],
    ["17", "temp_file_limit", "static"],
    // What no table knows: RDS takes pending-reboot of any.
    ["17", "rds.logical_replication", "static"],
    ["14", "transaction_timeout", "static"],
  ])("Postgres %s: %s is %s", (major, name, type) => {
    expect(applyType(major, name)).toBe(type);
  });

  test("only what a table knows is certainly static", () => {
    expect(isKnownStatic("17", "max_connections")).toBe(true);
    expect(isKnownStatic("17", "rds.logical_replication")).toBe(false);
    expect(isKnownStatic("17", "work_mem")).toBe(false);
  });
});

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PGlite } from "@electric-sql/pglite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loginsSql } from "../../modules/database/logins-sql";
import { openPglite } from "../support/pglite";

const schemas = [
  { name: "public", creates: false },
  { name: "billing", creates: true },
];
const member = (user: string, schema: string) => ({
  user,
  schema,
  setting: `logins.${user.replace("-", "_")}`,
});
const members = [
  member("web_a", "public"),
  member("web_b", "public"),
  member("my-worker_a", "public"),
  member("billing_a", "billing"),
];

const folder = mkdtempSync(join(tmpdir(), "slipway-logins-"));
let database: PGlite;
beforeAll(async () => {
  database = await openPglite(join(folder, "logins"));
  // RDS's master user: it makes roles and owns the database, and is no superuser.
  await database.exec(
    "CREATE ROLE master LOGIN CREATEROLE CREATEDB; GRANT pg_signal_backend TO master; ALTER DATABASE postgres OWNER TO master;",
  );
  await as("master", "CREATE TABLE guests (id serial, name text)");
}, 60_000);
afterAll(async () => {
  await database.close();
  rmSync(folder, { recursive: true });
});

/** What a session of this user does: its settings count from the beginning, as they do at a login. */
async function as(user: string, sql: string): Promise<unknown[]> {
  const { rows } = await database.query<{ setting: string }>(
    "SELECT unnest(setconfig) AS setting FROM pg_db_role_setting JOIN pg_roles r ON setrole = r.oid WHERE rolname = $1",
    [user],
  );
  await database.exec(`SET SESSION AUTHORIZATION "${user}"`);
  try {
    for (const { setting } of rows) {
      const [name, value] = setting.split("=");
      await database.exec(`SET ${name} = "${value}"`);
    }
    return (await database.exec(sql)).at(-1)?.rows ?? [];
  } finally {
    await database.exec("SET SESSION AUTHORIZATION postgres; SET ROLE postgres; RESET search_path");
  }
}

async function make(wanted: readonly string[], of = members, schemasOf = schemas): Promise<unknown[]> {
  const passwords = of.map(({ setting, user }) => `SET ${setting} = 'secret of ${user}';`);
  await database.exec(`SET logins.wanted = '${wanted.join(",")}'; ${passwords.join(" ")}`);
  return as("master", loginsSql(schemasOf, of));
}

const canLogIn = async () =>
  (
    await database.query<{ rolname: string }>(
      "SELECT rolname FROM pg_authid WHERE rolcanlogin AND rolpassword IS NOT NULL ORDER BY rolname",
    )
  ).rows.map(({ rolname }) => rolname);

describe("the users of services, made by a master user that is no superuser", () => {
  it("are those that are wanted, however often they are made", async () => {
    const wanted = ["web_a:1", "my-worker_a:1", "billing_a:1"];
    await make(wanted);
    expect(await make(wanted)).toEqual([
      { "?column?": "billing_a may log in" },
      { "?column?": "my-worker_a may log in" },
      { "?column?": "web_a may log in" },
    ]);
    expect(await canLogIn()).toEqual(["billing_a", "my-worker_a", "web_a"]);
  });

  it("read and write what migrations made before, and make later", async () => {
    await as("web_a", "INSERT INTO guests (name) VALUES ('Ada')");
    await as("master", "CREATE TABLE visits (id serial, at date)");
    await as("my-worker_a", "INSERT INTO visits (at) VALUES ('2026-11-20')");
    expect(await as("web_a", "SELECT id FROM visits")).toEqual([{ id: 1 }]);
  });

  it("make no tables where migrations do, and else what all of the schema's users share", async () => {
    await expect(as("web_a", "CREATE TABLE more (id int)")).rejects.toThrow(
      "permission denied for schema public",
    );
    await as("billing_a", "CREATE TABLE bills (id int)");
    await as("master", "ALTER TABLE billing.bills ADD total int");
    expect(await as("billing_a", "SELECT total FROM bills")).toEqual([]);
  });

  it("see nothing of another schema, and become nobody else", async () => {
    await expect(as("web_a", "SELECT * FROM billing.bills")).rejects.toThrow(
      "permission denied for schema billing",
    );
    await expect(as("billing_a", "SELECT * FROM public.guests")).rejects.toThrow(
      "permission denied for table guests",
    );
    await expect(as("web_a", "SET ROLE billing_users")).rejects.toThrow(
      'permission denied to set role "billing_users"',
    );
    await expect(as("web_a", "SET ROLE master")).rejects.toThrow("permission denied");
    await expect(as("web_a", "CREATE ROLE more")).rejects.toThrow("permission denied to create role");
  });

  it("are two of a service while it rotates, and then the later one alone", async () => {
    const others = ["my-worker_a:1", "billing_a:1"];
    await make(["web_b:2", "web_a:1", ...others]);
    expect(await canLogIn()).toEqual(["billing_a", "my-worker_a", "web_a", "web_b"]);
    for (const user of ["web_a", "web_b"])
      expect(await as(user, "SELECT name FROM guests")).toEqual([{ name: "Ada" }]);
    await make(["web_b:2", ...others]);
    expect(await canLogIn()).toEqual(["billing_a", "my-worker_a", "web_b"]);
    expect(await as("web_b", "SELECT name FROM guests")).toEqual([{ name: "Ada" }]);
  });

  it("move to another schema, and leave the one before", async () => {
    await make(["web_b:2"], [member("web_b", "billing")]);
    await expect(as("web_b", "SELECT * FROM public.guests")).rejects.toThrow(
      "permission denied for table guests",
    );
    expect(await as("web_b", "SELECT total FROM bills")).toEqual([]);
    await make(["web_b:2"]);
  });

  it("are never somebody's own user, and nothing is half made then", async () => {
    await database.exec("CREATE ROLE api_a LOGIN PASSWORD 'own'");
    const api = [...members, member("my-worker_b", "public"), member("api_a", "public")];
    await expect(make(["my-worker_b:2", "api_a:1"], api)).rejects.toThrow(
      "The user api_a is there already, and no deploy made it: rename the service, or that user.",
    );
    expect(await canLogIn()).toEqual(["api_a", "web_b"]);
  });
});

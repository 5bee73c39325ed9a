import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createCluster, type Server, servePostgres } from "../../sandbox/engine/postgres";
import { but } from "../modules/support/least";
import { ask, programs } from "../move-postgres/support/engines";
import { LEFT_BEHIND, NOTHING_LEFT } from "../move-postgres/support/left-behind";
import { Living } from "./support/living";

/** Names of the team's own, a copy that answers reads, users for services: nothing of it is the move's. */
const environment = (passwordVersion: number) =>
  but({
    bastion: false,
    cluster: { capacity: {} },
    distribution: false,
    encryption: "own",
    database: {
      engineVersion: "15",
      name: "shop",
      username: "owner",
      replicas: 1,
      logins: true,
      passwordVersion,
    },
    move: { database: true },
    services: { worker: { command: ["work"], database: ["DATABASE_URL"] } },
  });

const life = new Living();
const MOVE = `${life.command("move")} staging`;
const folder = mkdtempSync(join(tmpdir(), "slipway-old-"));
let old: Server;
let url: string;
/** The old database, as whoever hosts it comes to it. */
let root: string;

beforeAll(async () => {
  chmodSync(folder, 0o755);
  await createCluster(programs(), join(folder, "old"), { user: "root", password: "top" });
  old = await servePostgres(programs(), join(folder, "old"), ["wal_level=logical"]);
  root = `postgres://root:top@127.0.0.1:${old.port}/postgres?sslmode=disable`;
  await ask(root, "CREATE ROLE hosted LOGIN REPLICATION PASSWORD 'hunter2'");
  await ask(root, "CREATE DATABASE app OWNER hosted");
  url = `postgres://hosted:hunter2@127.0.0.1:${old.port}/app?sslmode=disable`;
  await ask(
    url,
    "CREATE TABLE people (id bigserial PRIMARY KEY, name text); INSERT INTO people (name) SELECT 'n' || n FROM generate_series(1, 1000) n; CREATE TABLE keyless (line text); SELECT lo_from_bytea(7, 'x')",
  );
});

afterAll(async () => {
  await Promise.all([old.stop(), life.remove()]);
  rmSync(folder, { recursive: true, force: true });
});

const sandbox = (words: string) => life.sandbox(`export AWS_REGION=us-west-2; ${words}`, ["--speed", "60"]);
describe("a database that is elsewhere", () => {
  test("is asked for by name while its URL is not written", async () => {
    const applied = await life.apply(environment(1));
    expect(applied.code, applied.text).toBe(0);
    const { code, text } = await sandbox(`${MOVE} survey`);
    expect(text).toContain("Has its URL been written? npx slipway secret set staging DATABASE_URL");
    expect(code).toBe(2);
  });

  test("is surveyed by a task in the private subnets, and its copy rehearsed", async () => {
    const secret = `printf '%s' '${url}' | ${life.command("deploy")} secret set staging DATABASE_URL`;
    const { code, text } = await sandbox(`${secret} && ${MOVE} survey && ${MOVE} copy --rehearse --yes`);
    expect(code, text).toBe(0);
    expect(text).toContain("✓ old database: Postgres");
    expect(text).toContain("! tables that cannot follow: public.keyless");
    expect(text).toContain("✓ following");
    expect(text).toContain("✓ ready");
    expect(text).toContain("✓ rehearsed: 2 tables are equal");
    expect(text).not.toContain("hunter2");
    expect(await ask(url, LEFT_BEHIND)).toEqual([NOTHING_LEFT]);
  });

  test("is copied, followed on after both passwords were rotated, and left as it was on the way back", async () => {
    const first = await sandbox(`${MOVE} copy --yes`);
    expect(first.code, first.text).toBe(0);
    expect(first.text).toContain("✓ copy: the copy is whole; it follows");
    const rotated = await life.apply(environment(2));
    expect(rotated.code, rotated.text).toBe(0);
    await ask(root, "ALTER ROLE hosted PASSWORD 'hunter3'");
    url = url.replace("hunter2", "hunter3");
    const { code, text } = await sandbox(
      [
        `printf '%s' '${url}' | ${life.command("deploy")} secret set staging DATABASE_URL`,
        `${MOVE} copy --yes`,
        `psql '${url}' -qc "INSERT INTO people (name) VALUES ('late')"`,
        `psql '${url}' -Atc "SELECT 'slot ' || slot_name FROM pg_replication_slots"`,
        `${MOVE} copy --yes`,
        `${MOVE} back --yes`,
        MOVE,
      ].join(" && "),
    );
    expect(code, text).toBe(0);
    expect(text).toContain("✓ copy: the copy is whole; it follows");
    expect(text).toContain("slot slipway_move\n");
    expect(text).toContain("✓ copy: the copy is whole, and follows. Nothing was done.");
    expect(text).toContain(
      "✓ back from copy: the copy is gone, and nothing of the move stays in the old database.",
    );
    expect(text).not.toMatch(/hunter[23]/);
    expect(await ask(url, LEFT_BEHIND)).toEqual([NOTHING_LEFT]);
    expect(text.slice(text.indexOf("✓ back from copy"))).not.toContain("done by");
  });
});

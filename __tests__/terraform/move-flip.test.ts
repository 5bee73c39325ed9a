import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { MoveState } from "../../modules/contract/move";
import { createCluster, type Server, servePostgres } from "../../sandbox/engine/postgres";
import { but } from "../modules/support/least";
import { ask, programs } from "../move-postgres/support/engines";
import { Living } from "./support/living";

const ROOT = join(__dirname, "..", "..");
/** Time goes on faster, as the sandbox's does: nobody waits three real seconds from one look to the next. */
const node = (file: string) =>
  `${process.execPath} --require ${require.resolve("tsx/cjs")} --require ${join(ROOT, "demo/clock.ts")} ${join(ROOT, file)}`;
const MOVE = `${node("move/main.ts")} staging`;
const DEPLOY = node("deploy/main.ts");

/** Writes its row when it starts, and says to whom: the database that it is given. */
const WRITES = `const { Client } = require(${JSON.stringify(join(ROOT, "node_modules/pg"))});
const client = new Client({ connectionString: process.env.DATABASE_URL });
client.on("error", () => {});
client.connect()
  .then(() => client.query("INSERT INTO people (name) VALUES ('by a task') RETURNING id"))
  .then(({ rows }) => console.log("wrote " + rows[0].id), (error) => console.log("refused: " + error.message))
  .finally(() => client.end().catch(() => {}));
setInterval(() => {}, 1000);`;

const environment = but({
  bastion: false,
  cluster: { capacity: {} },
  distribution: { deletionProtection: false },
  database: { engineVersion: "15" },
  move: { database: true },
  services: { worker: { command: ["node", "writes.js"], database: ["DATABASE_URL"] } },
});

describe("slipway move … flip, between two databases", () => {
  const life = new Living();
  const folder = mkdtempSync(join(tmpdir(), "slipway-old-"));
  const image = join(life.folder, "image");
  let old: Server;
  let url: string;
  beforeAll(async () => {
    for (const one of [folder, life.folder]) chmodSync(one, 0o755);
    mkdirSync(image);
    writeFileSync(join(image, "writes.js"), WRITES);
    writeFileSync(join(image, "Dockerfile"), "ENV PORT=0");
    await createCluster(programs(), join(folder, "old"), { user: "root", password: "top" });
    old = await servePostgres(programs(), join(folder, "old"), ["wal_level=logical"]);
    const root = `postgres://root:top@127.0.0.1:${old.port}/postgres?sslmode=disable`;
    await ask(root, "CREATE ROLE hosted LOGIN REPLICATION PASSWORD 'hunter2'");
    await ask(root, "CREATE DATABASE app OWNER hosted");
    url = `postgres://hosted:hunter2@127.0.0.1:${old.port}/app?sslmode=disable`;
    await ask(
      url,
      "CREATE TABLE people (id bigserial PRIMARY KEY, name text); INSERT INTO people (name) VALUES ('first')",
    );
  });
  afterAll(async () => {
    await Promise.all([old.stop(), life.remove()]);
    rmSync(folder, { recursive: true, force: true });
  });

  const sandbox = (...lines: string[]) =>
    life.sandbox(`export AWS_REGION=us-west-2; ${lines.join(" && ")}`, [
      "--speed",
      "60",
      "--image",
      `app:v1=${image}`,
    ]);
  const state = (): MoveState => {
    const [parameter] = life.world.list({ type: "aws_ssm_parameter", where: { name: "/staging/move" } });
    return JSON.parse(String(parameter?.attributes.insecure_value ?? parameter?.attributes.value));
  };
  const runs = () =>
    String(life.world.list({ type: "aws_ecs_service" })[0]?.attributes.task_definition).replace(
      /^.*\/|:\d+$/g,
      "",
    );
  const people = async () => (await ask(url, "SELECT count(*)::int AS n FROM people"))[0]?.n;

  it("hands services over with every row, and brings back with the price what was written since", async () => {
    expect((await life.apply(environment)).code).toBe(0);
    const begun = await sandbox(
      `printf '%s' '${url}' | ${DEPLOY} secret set staging DATABASE_URL`,
      `${DEPLOY} staging --image v1`,
      `${MOVE} workers worker --yes`,
      `${MOVE} copy --yes`,
      `psql '${url}' -c "INSERT INTO people (name) VALUES ('late')"`,
    );
    expect(begun.code, begun.text).toBe(0);
    const flipped = await sandbox(`${MOVE} flip --yes`, `${MOVE} flip --yes`, MOVE);
    expect(flipped.code, flipped.text).toBe(0);
    expect(flipped.text).toMatch(/writes were held for \d+ s/);
    expect(flipped.text).toContain("✓ flip: worker: on the environment's own database.");
    expect(flipped.text).toContain(
      "✓ flip: every service uses the environment's own database already. Nothing was done.",
    );
    expect([runs(), state().use, state().hold]).toEqual(["staging-worker", "own", false]);
    expect((await life.apply(environment)).text).toContain("0 added, 0 changed, 0 destroyed");
    await expect(ask(url, "INSERT INTO people (name) VALUES ('too late')")).rejects.toThrow("read-only");
    const before = await people();

    const refused = await sandbox(`${MOVE} back --yes`);
    expect(refused.code, refused.text).toBe(1);
    expect(refused.text).toMatch(
      /\d+ transactions? were written to the environment's own database since the flip/,
    );
    const back = await sandbox(`${MOVE} back --copy-back --yes`);
    expect(back.code, back.text).toBe(0);
    expect([runs(), state().use, state().hold]).toEqual(["staging-worker_external", "external", false]);
    // The row that the task wrote in the environment's own database, and that of the one that came after it.
    expect(await people()).toBeGreaterThan(before);
    for (const { text } of [begun, flipped, refused, back]) expect(text).not.toContain("hunter2");
  });
});

import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { afterAll, describe, expect, it } from "vitest";
import { servePglite } from "../../sandbox/engine/pglite";

const folder = mkdtempSync(join(tmpdir(), "slipway-pglite-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function ask(port: number, sql: string): Promise<unknown[]> {
  const client = new Client({ host: "127.0.0.1", port, user: "app", database: "app", password: "any" });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

describe("a database on a machine without Postgres", () => {
  it("is a real one, is shared while it runs, and keeps its data", async () => {
    const data = join(folder, "staging");
    const first = await servePglite(data);
    await ask(first.port, "create table guests (name text)");
    const second = await servePglite(data);
    expect(second.port).toBe(first.port);
    await second.stop();
    await ask(second.port, "insert into guests values ('Ada')");
    await expect(ask(first.port, "select * from gests")).rejects.toThrow('relation "gests" does not exist');
    await first.stop();
    expect(existsSync(`${data}.json`)).toBe(false);

    const again = await servePglite(data);
    expect(await ask(again.port, "select name from guests")).toEqual([{ name: "Ada" }]);
    await again.stop();
  });
});

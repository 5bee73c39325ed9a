import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createCluster, keepPostgres } from "../../sandbox/engine/postgres";
import { ask, programs } from "../move-postgres/support/engines";

test("an engine that dies is there again at its port, with what was committed, until it is stopped", async () => {
  const above = mkdtempSync(join(tmpdir(), "slipway-engine-"));
  chmodSync(above, 0o755);
  const folder = join(above, "engine");
  await createCluster(programs(), folder, { user: "root", password: "top" });
  const { port, stop } = await keepPostgres(programs(), folder);
  const say = (sql: string) => ask(`postgres://root:top@127.0.0.1:${port}/postgres?sslmode=disable`, sql);
  await say("CREATE TABLE kept (n int)");
  const [pid = ""] = readFileSync(join(folder, "postmaster.pid"), "utf8").split("\n");
  process.kill(Number(pid), "SIGKILL");
  await expect
    .poll(() => say("SELECT count(*)::int AS n FROM kept"), { timeout: 30_000 })
    .toEqual([{ n: 0 }]);
  await stop();
  await expect(say("SELECT")).rejects.toThrow("ECONNREFUSED");
  rmSync(above, { recursive: true });
});

import { Client } from "pg";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { Check } from "../../deploy/events";
import { factsSchema, judge } from "../../move/survey/database";
import { ask, type Sides, startSides } from "./support/engines";
import { LEFT_BEHIND, NOTHING_LEFT } from "./support/left-behind";

let sides: Sides;

beforeAll(async () => {
  sides = await startSides(["wal_level=logical"], true);
  await ask(encrypted(), "CREATE TABLE items (id integer PRIMARY KEY); INSERT INTO items VALUES (1)");
});
afterAll(() => sides.close());

const withMode = (url: string, mode: string) => url.replace(/sslmode=.*$/, `sslmode=${mode}`);
/** To pg 8, require means that the certificate's authority is known, too. */
const encrypted = () => withMode(sides.old, "no-verify");

const survey = async (mode: string, url = sides.old): Promise<readonly Check[]> => {
  const { lines } = await sides.move("survey", { SOURCE_URL: withMode(url, mode) });
  return judge(factsSchema.parse(lines.find(({ kind }) => kind === "facts")));
};
const named = (checks: readonly Check[], name: string) => checks.find((check) => check.name === name);

test.each(["prefer", "require", "no-verify"])("the mover gets in with sslmode=%s", async (mode) => {
  const checks = await survey(mode);
  expect(named(checks, "old database")?.status).toBe("ok");
  expect(named(checks, "TLS")).toBeUndefined();
});

test.each(["verify-ca", "verify-full", "verify-full&sslrootcert=/etc/ssl/heroku.pem"])(
  "the mover, whose image knows no authorities, encrypts with sslmode=%s, and the survey says that it verifies nobody",
  async (mode) => {
    const checks = await survey(mode);
    expect(named(checks, "old database")?.status).toBe("ok");
    expect(named(checks, "TLS")).toMatchObject({
      status: "warning",
      detail: expect.stringContaining(
        `the URL says sslmode=${mode.split("&")[0]}, and the mover's image knows no certificate authorities`,
      ),
    });
  },
);

test("a URL that goes without TLS is refused there, and the survey says what to write", async () => {
  const [only, ...others] = await survey("disable");
  expect([only?.status, others]).toEqual(["failed", []]);
  expect(only?.detail).toMatch(
    /^127\.0\.0\.1:\d+ lets nobody in without TLS: write \?sslmode=require behind the URL\. .*no encryption/s,
  );
});

test("a URL that demands TLS of a database that speaks none never goes without, and the survey says so", async () => {
  const [only] = await survey("require", sides.target);
  expect(only?.detail).toMatch(/^127\.0\.0\.1:\d+ speaks no TLS, and the URL demands it/);
});

test("a copy follows over TLS, with the old URL's mode in the subscription", async () => {
  const mover = sides.start("copy --follow follow");
  await mover.seen("following");
  await ask(encrypted(), "INSERT INTO items VALUES (2)");
  await vi.waitFor(
    async () =>
      expect(await ask(sides.target, "SELECT id FROM items ORDER BY id")).toEqual([{ id: 1 }, { id: 2 }]),
    { timeout: 20_000 },
  );
  const walsenders =
    "SELECT count(*)::int AS open, bool_and(ssl) AS encrypted FROM pg_stat_ssl JOIN pg_stat_replication USING (pid)";
  expect(await ask(sides.root, walsenders)).toEqual([{ open: 1, encrypted: true }]);
  mover.kill("SIGTERM");
  await mover.ended;
  await sides.move("reset clean");
  expect(await ask(sides.root, LEFT_BEHIND)).toEqual([NOTHING_LEFT]);
});

test("a service that verifies is told that nobody knows the certificate's authority", async () => {
  const client = new Client({ connectionString: withMode(sides.old, "verify-full") });
  await expect(client.connect()).rejects.toThrow(/unable to (verify|get)|self-signed/);
});

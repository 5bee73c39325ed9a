import { once } from "node:events";
import { request } from "node:http";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { anyEngine, ask, type Engine, empty, engines, temporary } from "./support/engines";
import { goose, variables } from "./support/goose";
import { Service } from "./support/service";

const running: Service[] = [];
const start = (env: Record<string, string>) => {
  const service = Service.start(env);
  running.push(service);
  return service;
};
afterEach(async () => {
  for (const service of running.splice(0)) await service.end();
});

const migrate = async (url: string) => {
  await empty(url);
  expect((await goose(["-dir", "migrations", "up"], variables(url))).code).toBe(0);
};

const date = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

describe.each(engines)("the example's service on %s", (_, startEngine) => {
  const place = temporary();
  let engine: Engine;
  let service: Service;

  beforeAll(async () => {
    engine = await startEngine(place.folder);
    await migrate(engine.url);
    service = Service.start({ POSTGRES_URL: engine.url });
  });
  afterAll(async () => {
    await service?.end();
    await engine?.stop();
    place.remove();
  });
  beforeEach(async () => {
    // The two that a migration wrote stay.
    await ask(engine.url, "delete from guests where id > 2");
  });

  test("is healthy, lists its guests, and lets one sign", async () => {
    expect(await service.get("/health")).toEqual({ status: 200, body: { ok: true } });
    const guests = [
      { name: "Grace", signed_at: date },
      { name: "Ada", signed_at: date },
    ];
    expect(await service.get("/")).toEqual({ status: 200, body: { entries: 2, guests } });

    const signed = { name: "Katherine Johnson", signed_at: date };
    expect(await service.post('{"name": " Katherine   Johnson\\n"}')).toEqual({ status: 201, body: signed });
    expect((await service.get("/?page=1")).body).toEqual({ entries: 3, guests: [signed, ...guests] });
  });

  test("takes what is written for text, whatever it is", async () => {
    const name = "Robert'); drop table guests;-- 🎈";
    expect((await service.post(JSON.stringify({ name }))).body).toMatchObject({ name });
    expect((await service.get("/")).body).toMatchObject({ entries: 3 });
  });

  test.each([
    ["nothing", ""],
    ["no JSON", "name=Ada"],
    ["null", "null"],
    ["a list", "[]"],
    ["no name", "{}"],
    ["a name that is no text", '{"name": 5}'],
    ["a name of blanks", '{"name": "  "}'],
    ["a name that Postgres cannot hold", '{"name": "A\\u0000"}'],
    ["a name that is too long", JSON.stringify({ name: "a".repeat(101) })],
    ["a body that is too long", JSON.stringify({ name: "a", more: "a".repeat(10_000) })],
  ])("refuses %s with 400, says why, and writes nothing", async (_name, body) => {
    const { status, body: answer } = await service.post(body);
    expect(status).toBe(400);
    expect(answer).toEqual({ error: expect.stringMatching(/^(name must be|the body is) /) });
    expect(await ask(engine.url, "select count(*)::int as entries from guests")).toEqual([{ entries: 2 }]);
    expect((await service.get("/health")).status).toBe(200);
  });

  test("knows no other paths", async () => {
    for (const path of ["/guests", "/health/more", "/constructor"])
      expect(await service.get(path)).toEqual({ status: 404, body: { error: `there is no GET ${path}` } });
  });

  test("writes a JSON line for each request but for healthy checks, and no password", async () => {
    const service = start({ POSTGRES_URL: engine.url });
    await service.get("/");
    await service.get("/health");
    await service.post("{}");
    service.child.kill("SIGTERM");
    await service.exited;
    expect(service.lines.map((line) => JSON.parse(line))).toEqual([
      { listening: expect.any(Number) },
      { method: "GET", url: "/", status: 200, ms: expect.any(Number) },
      { method: "POST", url: "/", status: 400, ms: expect.any(Number) },
      { stopping: "SIGTERM" },
      { stopped: true },
    ]);
    expect(service.lines.join()).not.toContain("local@");
  });

  test.each(["SIGTERM", "SIGINT"] as const)(
    "on %s answers what was begun, takes nothing new, and ends",
    async (signal) => {
      const service = start({ POSTGRES_URL: engine.url });
      const url = await service.url();
      const posting = request(url, {
        method: "POST",
        headers: { expect: "100-continue", connection: "keep-alive" },
      });
      const answer = new Promise<{ status?: number; connection?: string }>((resolve, reject) => {
        posting.once("error", reject);
        posting.once("response", (response) => {
          response.resume();
          resolve({ status: response.statusCode, connection: response.headers.connection });
        });
      });
      // It says "go on" when it has begun with the request, and waits for the rest.
      await new Promise((resolve) => {
        posting.once("continue", resolve);
        posting.flushHeaders();
      });
      service.child.kill(signal);
      expect(await service.said("stopping")).toBe(signal);
      await expect(fetch(url)).rejects.toThrow("fetch failed");
      posting.end('{"name": "Radia"}');
      expect(await answer).toEqual({ status: 201, connection: "close" });
      expect(await service.exited).toBe(0);
      expect(await ask(engine.url, "select name from guests where name = 'Radia'")).toHaveLength(1);
    },
  );
});

describe("without its database", () => {
  const place = temporary();
  afterAll(place.remove);

  test("it goes on, says 503, and the log says why", async () => {
    const engine = await anyEngine(place.folder);
    await migrate(engine.url);
    const service = start({ POSTGRES_URL: engine.url });
    expect((await service.get("/health")).status).toBe(200);
    await engine.stop();

    const began = performance.now();
    for (const path of ["/health", "/"])
      expect(await service.get(path)).toEqual({ status: 503, body: { error: "not at the moment" } });
    // The load balancer waits for 4 seconds.
    expect(performance.now() - began).toBeLessThan(4000);
    const failed = () => service.lines.map((line) => JSON.parse(line)).filter(({ status }) => status === 503);
    await expect.poll(() => failed().map(({ url }) => url)).toEqual(["/health", "/"]);
    for (const { error } of failed()) expect(error).toMatch(/ECONNREFUSED|terminated|closed|shut/i);

    service.child.kill("SIGTERM");
    expect(await service.exited).toBe(0);
  });

  test("it does not wait for one that is silent, either", async () => {
    const open: Socket[] = [];
    const silent = createServer((socket) => open.push(socket)).listen(0, "127.0.0.1");
    await once(silent, "listening");
    const { port } = silent.address() as AddressInfo;
    const service = start({ POSTGRES_URL: `postgres://app:local@127.0.0.1:${port}/app?sslmode=disable` });
    await service.url();
    const began = performance.now();
    expect((await service.get("/health")).status).toBe(503);
    expect(performance.now() - began).toBeLessThan(4000);
    expect(open).toHaveLength(1);
    for (const socket of open) socket.destroy();
    silent.close();
  });

  test("it does not start without being told of one", async () => {
    const service = start({});
    expect(await service.exited).toBe(1);
    expect(service.lines).toEqual([
      "POSTGRES_URL is not set: give postgres://user:password@host:5432/database.",
    ]);
  });
});

import { chownSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { makeCertificate } from "../../demo/move/certificate";
import { anyEngine, ask, type Engine, hasPostgres, temporary } from "./support/engines";
import { goose, variables } from "./support/goose";
import { Service } from "./support/service";

/** RDS speaks TLS, with a certificate that an authority of its own has signed: so does this database. */
describe.skipIf(!hasPostgres)("a database that speaks TLS", () => {
  const place = temporary();
  const authority = join(place.folder, "authority.pem");
  let engine: Engine;
  let service: Service | undefined;

  beforeAll(async () => {
    engine = await anyEngine(place.folder);
    await goose(["-dir", "migrations", "up"], variables(engine.url));
    await useCertificate(engine.url, place.folder);
  });
  afterEach(async () => await service?.end());
  afterAll(async () => {
    await engine?.stop();
    place.remove();
  });

  /** The URL as Terraform writes it: sslmode=require, and a host by name. */
  const url = (host = "localhost") =>
    engine.url.replace("127.0.0.1", host).replace("sslmode=disable", "sslmode=require");

  const health = async (env: Record<string, string>) => {
    service = Service.start(env);
    const { status } = await service.get("/health");
    if (status !== 200) await service.said("error");
    return { status, lines: service.lines };
  };

  test("is trusted with the authority in NODE_EXTRA_CA_CERTS, and the connection is encrypted", async () => {
    const { status, lines } = await health({ POSTGRES_URL: url(), NODE_EXTRA_CA_CERTS: authority });
    expect(status).toBe(200);
    // Node would warn here if pg had to guess what sslmode means.
    expect(lines).toHaveLength(1);
    const connections =
      "select ssl from pg_stat_ssl join pg_stat_activity using (pid) where query = 'select 1'";
    expect(await ask(engine.url, connections)).toEqual([{ ssl: true }]);
  });

  test("is not trusted without", async () => {
    const { status, lines } = await health({ POSTGRES_URL: url() });
    expect(status).toBe(503);
    expect(lines.join()).toMatch(/self-signed certificate|unable to (verify|get)/);
  });

  test("is not trusted under another name than the certificate's", async () => {
    const { status, lines } = await health({
      POSTGRES_URL: url("127.0.0.1"),
      NODE_EXTRA_CA_CERTS: authority,
    });
    expect(status).toBe(503);
    expect(lines.join()).toContain("IP: 127.0.0.1 is not in the cert's list");
  });

  test("is good enough for goose without an authority, as pgx reads sslmode=require", async () => {
    const { code, lines } = await goose(["-dir", "migrations", "up"], variables(url()));
    expect({ code, lines }).toEqual({
      code: 0,
      lines: ["goose: no migrations to run. current version: 2"],
    });
  });
});

test("a URL that requires TLS never goes without", async () => {
  const place = temporary();
  const engine = await anyEngine(place.folder);
  const url = engine.url.replace("=disable", "=require");
  expect(await goose(["-dir", "migrations", "up"], variables(url))).toEqual({
    code: 1,
    lines: ["goose run: failed to connect: The server does not support SSL connections"],
  });
  const service = Service.start({ POSTGRES_URL: url });
  expect((await service.get("/health")).status).toBe(503);
  expect(await service.said("error")).toBe("The server does not support SSL connections");
  await service.end();
  await engine.stop();
  place.remove();
});

/** Makes an authority and a certificate for localhost, and has the running Postgres use them. */
async function useCertificate(url: string, folder: string): Promise<void> {
  const { authority, certificate, key } = makeCertificate("localhost");
  writeFileSync(join(folder, "authority.pem"), authority);
  const [data] = await ask<{ data_directory: string }>(url, "show data_directory");
  const { uid, gid } = statSync(data?.data_directory as string);
  for (const [file, text] of [
    ["server.key", key],
    ["server.pem", certificate],
  ] as const) {
    const path = join(data?.data_directory as string, file);
    writeFileSync(path, text, { mode: 0o600 });
    chownSync(path, uid, gid);
  }
  await ask(url, "alter system set ssl_cert_file = 'server.pem'");
  await ask(url, "alter system set ssl_key_file = 'server.key'");
  await ask(url, "alter system set ssl = on");
  await ask(url, "select pg_reload_conf()");
  // The postmaster reads its configuration again in its own time.
  await vi.waitFor(async () => expect(await ask(url, "show ssl")).toEqual([{ ssl: "on" }]));
}

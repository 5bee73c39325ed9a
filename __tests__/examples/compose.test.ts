import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { resolve } from "../../modules/environment/resolve";
import { engineLike } from "../../postgres/engine";
import { shipped } from "../support/shipped";
import { EXAMPLE } from "./support/goose";

const read = (file: string) => readFileSync(join(EXAMPLE, file), "utf8");
const compose = parse(read("compose.yaml"));
const { postgres, app } = compose.services;
const { configuration } = resolve(shipped.staging.props, "staging");
const web = configuration?.services[0];
const database = configuration?.database;
if (!database || database.url !== undefined) throw new Error("staging has no database of its own.");
const engine = engineLike(database);

const local: Record<string, string> = Object.fromEntries(
  read(app.env_file)
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
);

describe("compose.yaml", () => {
  test("has the Postgres of staging: its image, its parameters, its database and its user", () => {
    expect(postgres.image).toBe(engine.image);
    expect(postgres.command ?? []).toEqual(
      engine.arguments.length > 0 ? ["postgres", ...engine.arguments] : [],
    );
    expect(postgres.environment).toMatchObject({
      POSTGRES_USER: engine.username,
      POSTGRES_DB: engine.database,
    });
    expect(postgres.healthcheck.test.join(" ")).toBe(
      `CMD pg_isready --host=127.0.0.1 --username=${engine.username} --dbname=${engine.database}`,
    );
  });

  test("gives the service the variables that staging gives it, no more and no fewer", () => {
    const given = [
      ...Object.keys(web?.config ?? {}),
      ...(web?.secrets ?? []),
      ...((web?.database && web.database.urls) || []),
    ];
    expect(given).toHaveLength(6);
    expect(Object.keys(local).sort()).toEqual(given.sort());
    expect(local.GOOSE_DRIVER).toBe(web?.config.GOOSE_DRIVER);
    expect(app.environment).toBeUndefined();
  });

  test("leads to that Postgres, whose password is good for nothing else", () => {
    const { POSTGRES_USER, POSTGRES_PASSWORD, POSTGRES_DB } = postgres.environment;
    const url = `postgres://${POSTGRES_USER}:${POSTGRES_PASSWORD}@127.0.0.1:5432/${POSTGRES_DB}?sslmode=disable`;
    expect([local.POSTGRES_URL, local.GOOSE_DBSTRING]).toEqual([url, url]);
    expect(POSTGRES_PASSWORD).toBe("local");
    expect([local.GOOGLE_CLIENT_ID, local.GOOGLE_CLIENT_SECRET]).toEqual(["local", "local"]);
    expect(app.network_mode).toBe("service:postgres");
    expect(app.depends_on).toEqual({ postgres: { condition: "service_healthy" } });
  });

  test("opens no port to others", () => {
    expect(postgres.ports).toEqual(["127.0.0.1:5432:5432", `127.0.0.1:${web?.port}:${web?.port}`]);
    expect(app.ports).toBeUndefined();
  });

  test("keeps the data where the image of that version does", () => {
    const folder = Number.parseInt(engine.image.split(":")[1] ?? "", 10) < 18 ? "/data" : "";
    expect(postgres.volumes).toEqual([`data:/var/lib/postgresql${folder}`]);
    expect(Object.keys(compose.volumes)).toEqual(["data"]);
  });
});

describe("the example's commands", () => {
  const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };

  test("are those that a service needs", () => {
    const names = [
      "start",
      "up",
      "down",
      "migrate",
      "migrate:status",
      "migrate:validate",
      "build",
      "login",
      "push",
      "pull",
    ];
    expect(Object.keys(scripts)).toEqual(expect.arrayContaining(names));
  });

  test.each(Object.entries(scripts))("%s names only what exists", (name, script) => {
    for (const [, called = ""] of script.matchAll(/npm run -s ([a-z:]+)/g)) {
      expect(Object.keys(scripts)).toContain(called);
      expect(called).not.toBe(name);
    }
    const [, service] = /^docker compose (?:run|up|exec)(?: --\w+)* (\w+)/.exec(script) ?? [];
    if (/docker compose (run|up|exec)/.test(script)) expect(Object.keys(compose.services)).toContain(service);
    for (const [file] of script.matchAll(/[\w-]+\.(?:js|env|yaml)\b/g))
      expect(existsSync(join(EXAMPLE, file)), file).toBe(true);
    for (const [, folder = ""] of script.matchAll(/-dir (\S+)/g))
      expect(existsSync(join(EXAMPLE, folder)), folder).toBe(true);
    if (/docker (buildx )?build/.test(script)) expect(existsSync(join(EXAMPLE, "Dockerfile"))).toBe(true);
  });

  test("migrate looks first and then migrates, with the image's own goose", () => {
    const expand = (script: string): string =>
      script.replaceAll(/npm run -s ([a-z:]+)(?: --)?/g, (_, called) => expand(scripts[called] as string));
    const goose = "docker compose run --rm --build app goose -dir migrations";
    expect(expand(scripts.migrate as string)).toBe(`${goose} status && ${goose} validate && ${goose} up`);
  });

  test("push builds for both processors that ECS has, under the commit", () => {
    expect(scripts.push).toContain("--platform linux/amd64,linux/arm64");
    expect(scripts.push).toContain(":$(git rev-parse HEAD)");
  });

  test("push names no image after a commit that it is not of", () => {
    const folder = mkdtempSync(join(tmpdir(), "slipway-push-"));
    try {
      writeFileSync(join(folder, "server.js"), "");
      execFileSync("git", ["init", "--quiet"], { cwd: folder });
      const env = { ...process.env, REPOSITORY: "registry.example/app" };
      const { status, stderr } = spawnSync("sh", ["-c", scripts.push as string], {
        cwd: folder,
        env,
        encoding: "utf8",
      });
      expect(status).toBe(1);
      expect(stderr).toBe("Commit first: the image is named after the commit.\n");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type EnvironmentProps, small } from "../../modules/environment";
import { resolve } from "../../modules/environment/resolve";
import { migrationsOf } from "../../postgres/migrations";
import { ROOT } from "./support/workflows";

const IMAGE = "registry.example/app@sha256:1";

describe("the script that tests an image's migrations", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "slipway-docker-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** Stands in for Docker and for waiting: each call is written down, and one may fail, for the first so many times. */
  const run = (props: object, fails?: { readonly call: string; readonly times: number }) => {
    const all = { preset: small, region: "us-west-2", registry: "app", distribution: false, ...props };
    const { configuration, mistakes } = resolve(all as EnvironmentProps, "staging");
    if (!configuration) throw new Error(JSON.stringify(mistakes));
    const file = join(folder, "staging.json");
    writeFileSync(file, JSON.stringify(migrationsOf(configuration), null, 2));
    const log = join(folder, "calls");
    const docker = `#!/usr/bin/env bash
      echo "$*" >> '${log}'
      if [[ "$*" == *"${fails?.call ?? "nothing fails"}"* && $(grep -c -- "${fails?.call}" '${log}') -le ${fails?.times ?? 0} ]]; then exit 3; fi`;
    for (const [name, script] of Object.entries({ docker, sleep: "#!/bin/sh\n" })) {
      writeFileSync(join(folder, name), script);
      chmodSync(join(folder, name), 0o755);
    }
    const { status, stdout, stderr } = spawnSync(".github/scripts/test-migrations", [file, "app", IMAGE], {
      cwd: ROOT,
      env: { ...process.env, PATH: `${folder}${delimiter}${process.env.PATH}` },
      encoding: "utf8",
    });
    const calls = existsSync(log) ? readFileSync(log, "utf8").trim().split("\n") : [];
    // Names hold the process, so that two on one machine do not meet.
    return { status, stdout, stderr, calls: calls.map((call) => call.replace(/migrations-\d+/g, "NETWORK")) };
  };

  const begin = [
    "network create --internal NETWORK",
    "run --detach --name NETWORK-postgres --network NETWORK --network-alias database --env POSTGRES_USER=app --env POSTGRES_DB=app --env POSTGRES_PASSWORD=throw-away postgres:17",
  ];
  const ready = "exec NETWORK-postgres pg_isready --quiet --host 127.0.0.1 --username app --dbname app";
  const schema = (name: string) =>
    `exec NETWORK-postgres psql --quiet --username app --dbname app --command CREATE SCHEMA IF NOT EXISTS "${name}"`;
  const PG = "--env PGHOST=database --env PGPORT=5432 --env PGUSER=app --env PGPASSWORD=throw-away";
  const URL = "postgres://app:throw-away@database:5432/app?sslmode=disable";
  const goose = (command: string) =>
    `run --rm --network NETWORK --env GOOSE_DRIVER=postgres ${PG} --env PGDATABASE=app --env PGSSLMODE=disable --env GOOSE_DBSTRING=${URL} ${IMAGE} goose -dir migrations ${command}`;
  const end = ["rm --force --volumes NETWORK-postgres", "network rm NETWORK"];

  const GOOSE = {
    services: {
      web: { config: { GOOSE_DRIVER: "postgres" }, database: ["GOOSE_DBSTRING"], migrations: true },
    },
  };

  it("starts a Postgres like the environment's where nothing else is reached, and takes all of it away", () => {
    const { status, stderr, calls } = run(GOOSE, { call: "pg_isready", times: 2 });
    expect(status, stderr).toBe(0);
    expect(calls).toEqual([
      ...begin,
      ...[ready, ready, ready],
      schema("public"),
      ...[goose("status"), goose("validate"), goose("up")],
      ...end,
    ]);
  });

  it.each([
    ["status", 1],
    ["validate", 2],
    ["up", 3],
  ] as const)("fails with goose's own exit code where %s does, and cleans up", (command, ran) => {
    const { status, calls } = run(GOOSE, { call: `migrations ${command}`, times: 1 });
    expect(status).toBe(3);
    expect(calls.filter((call) => call.includes("goose"))).toHaveLength(ran);
    expect(calls.slice(-2)).toEqual(end);
  });

  it("gives up on a Postgres that does not start, shows its log, and runs no migration", () => {
    const { status, stderr, calls } = run(GOOSE, { call: "pg_isready", times: 1000 });
    expect(status).toBe(1);
    expect(stderr).toContain("Postgres (postgres:17) did not start within a minute");
    expect(calls.filter((call) => call === ready)).toHaveLength(60);
    expect(calls.slice(-3)).toEqual(["logs NETWORK-postgres", ...end]);
    expect(calls.join()).not.toContain("goose");
  });

  it("runs whatever command the environment's file names, of every service that runs the repository", () => {
    const say = "echo 'it''s' $PGHOST\n# two lines";
    const services = {
      api: { database: ["DATABASE_URL"], migrations: ["npx", "prisma", "migrate", "deploy"] },
      other: { registry: "other", migrations: ["never"] },
      worker: {
        database: { schema: "jobs" },
        migrations: ["sh", "-c", say],
        config: { A: "two words", B: "$URL" },
      },
      quiet: {},
    };
    const { status, stdout, stderr, calls } = run({ services, database: { logins: true }, distribution: {} });
    expect(status, stderr).toBe(0);
    const ran = calls
      .join("\n")
      .split("\n")
      .slice(begin.length + 1, -end.length);
    const common = `${PG} --env PGDATABASE=app --env PGSSLMODE=disable`;
    expect(ran).toEqual([
      schema("public"),
      `run --rm --network NETWORK ${common} --env DATABASE_URL=${URL} ${IMAGE} npx prisma migrate deploy`,
      schema("jobs"),
      ...`run --rm --network NETWORK --env A=two words ${common} --env PGOPTIONS=-csearch_path=jobs ${IMAGE} sh -c ${say}`.split(
        "\n",
      ),
    ]);
    expect(stdout).toContain("api: npx prisma migrate deploy");
  });

  it("gives a URL the schema, too, where that is not the usual one", () => {
    const services = {
      api: { database: { schema: "jobs", urls: ["DATABASE_URL"] }, migrations: ["migrate"] },
    };
    const { calls } = run({ services, database: { logins: true } });
    expect(calls.at(-end.length - 1)).toContain(`DATABASE_URL=${URL}&options=-csearch_path%3Djobs`);
  });

  it("tries them on a Postgres of the version that is elsewhere, with the URL alone", () => {
    const services = {
      api: { database: ["DIRECT_URL"], migrations: ["migrate"], config: { MODE: "growth" } },
    };
    const { status, calls } = run({ database: { url: "external", engineVersion: "15" }, services });
    expect(status).toBe(0);
    const server = calls.find((call) => call.includes("--network-alias database")) ?? "";
    expect(server).toMatch(/ postgres:15$/);
    const migration = calls.at(-end.length - 1) ?? "";
    expect(migration).toContain("--env MODE=growth");
    expect(migration).toContain(
      "--env DIRECT_URL=postgres://app:throw-away@database:5432/app?sslmode=disable",
    );
    expect(migration).not.toMatch(/--env PG/);
  });

  it.each([
    ["no database", { database: false, services: { web: {} } }],
    [
      "a database elsewhere, of which the file says no version",
      { database: { url: "external" }, services: { web: { migrations: true } } },
    ],
    ["no migration", { services: { web: {} } }],
    ["another repository", { services: { web: { registry: "other", migrations: true } } }],
  ])("starts nothing for an environment with %s, and says so", (_, props) => {
    const { status, stdout, calls } = run(props);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^Nothing that runs app migrates a database/);
    expect(calls).toEqual([]);
  });
});

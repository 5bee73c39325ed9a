import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ROOT } from "./support/workflows";

const IMAGE = "registry.example/app@sha256:1";

describe("the script that tests an image's migrations", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "slipway-docker-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** Stands in for Docker and for waiting: each call is written down, and one may fail, for the first so many times. */
  const run = (environment: string, fails?: { readonly call: string; readonly times: number }) => {
    const log = join(folder, "calls");
    const docker = `#!/usr/bin/env bash
      echo "$*" >> '${log}'
      if [[ "$*" == *"${fails?.call ?? "nothing fails"}"* && $(grep -c -- "${fails?.call}" '${log}') -le ${fails?.times ?? 0} ]]; then exit 3; fi`;
    for (const [name, script] of Object.entries({ docker, sleep: "#!/bin/sh\n" })) {
      writeFileSync(join(folder, name), script);
      chmodSync(join(folder, name), 0o755);
    }
    const { status, stderr } = spawnSync(".github/scripts/test-migrations", [environment, IMAGE], {
      cwd: ROOT,
      env: { ...process.env, PATH: `${folder}${delimiter}${process.env.PATH}` },
      encoding: "utf8",
    });
    const calls = existsSync(log) ? readFileSync(log, "utf8").trim().split("\n") : [];
    // Names hold the process, so that two on one machine do not meet.
    return { status, stderr, calls: calls.map((call) => call.replace(/migrations-\d+/g, "NETWORK")) };
  };

  const begin = [
    "network create --internal NETWORK",
    "run --detach --name NETWORK-postgres --network NETWORK --network-alias database --env POSTGRES_USER=app --env POSTGRES_DB=app --env POSTGRES_PASSWORD=throw-away postgres:17",
  ];
  const ready = "exec NETWORK-postgres pg_isready --quiet --host 127.0.0.1 --username app --dbname app";
  const goose = (command: string) =>
    `run --rm --network NETWORK --env GOOSE_DRIVER=postgres --env GOOSE_DBSTRING=postgres://app:throw-away@database:5432/app?sslmode=disable ${IMAGE} goose -dir migrations ${command}`;
  const end = ["rm --force --volumes NETWORK-postgres", "network rm NETWORK"];

  it("starts a Postgres like the environment's where nothing else is reached, and takes all of it away", () => {
    const { status, stderr, calls } = run("staging", { call: "pg_isready", times: 2 });
    expect(status, stderr).toBe(0);
    expect(calls).toEqual([
      ...begin,
      ...[ready, ready, ready],
      ...[goose("status"), goose("validate"), goose("up")],
      ...end,
    ]);
  });

  it.each([
    ["status", 1],
    ["validate", 2],
    ["up", 3],
  ] as const)("fails with goose's own exit code where %s does, and cleans up", (command, ran) => {
    const { status, calls } = run("staging", { call: `migrations ${command}`, times: 1 });
    expect(status).toBe(3);
    expect(calls.filter((call) => call.includes("goose"))).toHaveLength(ran);
    expect(calls.slice(-2)).toEqual(end);
  });

  it("gives up on a Postgres that does not start, shows its log, and runs no migration", () => {
    const { status, stderr, calls } = run("staging", { call: "pg_isready", times: 1000 });
    expect(status).toBe(1);
    expect(stderr).toContain("Postgres (postgres:17) did not start within a minute");
    expect(calls.filter((call) => call === ready)).toHaveLength(60);
    expect(calls.slice(-3)).toEqual(["logs NETWORK-postgres", ...end]);
    expect(calls.join()).not.toContain("goose");
  });

  it("names the environments that there are, before anything is started", () => {
    const { status, stderr, calls } = run("nowhere");
    expect(status).toBe(1);
    expect(stderr).toContain('"nowhere" is no environment');
    expect(calls).toEqual([]);
  });
});

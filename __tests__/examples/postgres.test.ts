import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { type EnvironmentProps, small } from "../../modules/environment";
import { resolve } from "../../modules/environment/resolve";
import { type Engine, engineLike } from "../../postgres/engine";
import { databaseOf } from "../../postgres/environment";
import { slipwayHere } from "../support/commands-here";
import { shipped } from "../support/shipped";
import { Project } from "../terraform/support/project";

const project = new Project();
afterAll(() => project.remove());

/** The command, in a project with the environments that are shipped. */
const postgres = (...args: string[]) => slipwayHere(project.folder, ["postgres", ...args], process.env);

function engine(database: unknown): Engine {
  const props = { preset: small, region: "us-west-2", database } as EnvironmentProps;
  const { configuration, mistakes } = resolve(props, "staging");
  if (!configuration?.database || configuration.database.url !== undefined)
    throw new Error(JSON.stringify(mistakes));
  return engineLike(configuration.database);
}

describe("a Postgres like an environment's", () => {
  test.each(["17", "16.4"])("is the official image of the same version: %s", (engineVersion) => {
    expect(engine({ engineVersion })).toEqual({
      image: `postgres:${engineVersion}`,
      arguments: [],
      leftOut: [],
      database: "app",
      username: "app",
    });
  });

  test("has the environment's parameters, its database and its user", () => {
    const parameters = { max_connections: 200, "auto_explain.log_min_duration": "250", search_path: "a, b" };
    expect(engine({ parameters, name: "book", username: "clerk" })).toMatchObject({
      arguments: [
        ...["-c", "max_connections=200"],
        ...["-c", "auto_explain.log_min_duration=250"],
        ...["-c", "search_path=a, b"],
      ],
      leftOut: [],
      database: "book",
      username: "clerk",
    });
  });

  test("has none that only RDS has, or only an extension that RDS adds, and names them", () => {
    const parameters = {
      "rds.logical_replication": 1,
      "pgaudit.log": "ddl",
      shared_buffers: "{DBInstanceClassMemory/32768}",
      max_connections: "LEAST({DBInstanceClassMemory/9531392},5000)",
      shared_preload_libraries: "pg_stat_statements, pgaudit,pg_cron",
      work_mem: 8192,
    };
    const { arguments: args, leftOut } = engine({ parameters });
    expect(args).toEqual([
      ...["-c", "shared_preload_libraries=pg_stat_statements"],
      ...["-c", "work_mem=8192"],
    ]);
    expect(leftOut.map(({ name, value }) => `${name}=${value}`)).toEqual([
      "rds.logical_replication=1",
      "pgaudit.log=ddl",
      "shared_buffers={DBInstanceClassMemory/32768}",
      "max_connections=LEAST({DBInstanceClassMemory/9531392},5000)",
      "shared_preload_libraries=pgaudit",
      "shared_preload_libraries=pg_cron",
    ]);
  });

  test("preloads nothing where the image has none of the libraries", () => {
    expect(engine({ parameters: { shared_preload_libraries: "pgaudit" } }).arguments).toEqual([]);
  });
});

describe("npm run postgres", () => {
  test("answers people", async () => {
    expect(await postgres("staging")).toEqual({
      code: 0,
      stdout: "staging: postgres:17, database app, user app\n  no parameters\n",
      stderr: "",
    });
  });

  test("answers programs", async () => {
    const { code, stdout } = await postgres("prod", "--json");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual(engine(shipped.prod.props.database ?? {}));
  });

  test("refuses an environment that does not exist, in one line", async () => {
    expect(await postgres("qa")).toEqual({
      code: 1,
      stdout: "",
      stderr: '"qa" is no environment in environments/; there are: prod, staging.\n',
    });
  });

  test("refuses to guess one, and says where examples are", async () => {
    const { code, stderr } = await postgres();
    expect(code).toBe(64);
    expect(stderr).toMatch(/missing required argument 'environment'[\s\S]*--help shows examples/);
  });
});

describe("environment files", () => {
  const folders: string[] = [];
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
  });

  function folder(files: Record<string, string>): string {
    const path = mkdtempSync(join(tmpdir(), "slipway-environments-"));
    folders.push(path);
    for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
    return path;
  }
  const file = (props: object) => `exports.default = { props: ${JSON.stringify(props)} };`;

  test("one without a database is refused", () => {
    const path = folder({ "worker.js": file({ region: "us-west-2", database: false }) });
    expect(() => databaseOf(path, "worker")).toThrow(
      "worker has no database: its file says database: false.",
    );
  });

  test("one whose database is elsewhere is of the version that its file says, and refused where it says none", () => {
    const path = folder({
      "light.js": file({ region: "us-west-2", database: { url: "external" } }),
      "growth.js": file({ region: "us-west-2", database: { url: "external", engineVersion: "15.8" } }),
    });
    expect(() => databaseOf(path, "light")).toThrow(/elsewhere.*say engineVersion beside url/);
    expect(engineLike(databaseOf(path, "growth"))).toMatchObject({ image: "postgres:15.8", arguments: [] });
  });

  test("mistakes are told of the one that is asked for, and of no other", () => {
    const path = folder({
      "qa.js": file({ region: "us-west-2", database: { engineVersion: "9" } }),
      "broken.js": "not JavaScript",
      "staging.js": file({ region: "us-west-2", database: { engineVersion: "16" } }),
      "other.js": file({ name: "renamed", region: "us-west-2", database: { engineVersion: "15" } }),
    });
    expect(() => databaseOf(path, "qa")).toThrow(/qa\.database\.engineVersion: "9" is no Postgres version/);
    expect(() => databaseOf(path, "broken")).toThrow(/broken\.js: cannot be loaded/);
    expect(databaseOf(path, "staging").engineVersion).toBe("16");
    expect(databaseOf(path, "renamed").engineVersion).toBe("15");
    expect(() => databaseOf(path, "other")).toThrow('"other" is no environment');
  });
});

import { execFileSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { release } from "../../demo/releases";
import { createCluster, findPrograms, type Server, servePostgres } from "../../sandbox/engine/postgres";
import { upload } from "./support/artifact";
import { checkout } from "./support/checkout";
import { contextsOf } from "./support/events";
import { type JobRun, runJob, sandboxed } from "./support/runner";
import { defaultsOf, type Job, ROOT, workflowOf } from "./support/workflows";

const service = workflowOf("service");

const LIGHT = `import { environment, light } from "slipway";

export default environment({
  preset: light,
  region: "us-west-2",
  registry: "app",
  database: { url: "external", engineVersion: "17" },
  services: {
    web: { port: 8080, health: "/health", config: { GOOSE_DRIVER: "postgres" }, database: ["POSTGRES_URL", "GOOSE_DBSTRING"], migrations: true },
  },
});
`;

/** The same service, in the preset that has a database of its own. */
const PROD = LIGHT.replaceAll("light", "production").replace(/database: \{ url.*\},/, 'after: "light",');

/** A team that grows: what is merged goes into a light environment whose Postgres is elsewhere, and from there into one that has its own. */
describe.sequential("the pipeline of a team that grows", () => {
  const base = realpathSync(mkdtempSync(join(tmpdir(), "slipway-growth-")));
  const [folder, world, temp] = [join(base, "platform"), join(base, "world"), join(base, "runner")];
  const workspace = join(base, "workspace");
  let hosted: Server;
  let url = "";
  let targets = "";
  let commit = "";

  beforeAll(async () => {
    const programs = findPrograms();
    if (!programs)
      throw new Error(
        "The old database is a real engine, and initdb and postgres are not on the PATH: apt-get install postgresql, then add /usr/lib/postgresql/<major>/bin to the PATH.",
      );
    chmodSync(base, 0o755);
    symlinkSync(join(ROOT, "node_modules"), join(base, "node_modules"));
    for (const one of [world, workspace]) mkdirSync(one);
    checkout(folder, world);
    rmSync(join(folder, "environments/staging.ts"));
    writeFileSync(join(folder, "environments/light.ts"), LIGHT);
    writeFileSync(join(folder, "environments/prod.ts"), PROD);
    symlinkSync(folder, join(workspace, "platform"));
    const engine = join(base, "hosted");
    await createCluster(programs, engine, { user: "app", password: "elsewhere", database: "app" });
    hosted = await servePostgres(programs, engine);
    url = `postgres://app:elsewhere@127.0.0.1:${hosted.port}/app?sslmode=disable`;
  });
  afterAll(async () => {
    await hosted?.stop();
    rmSync(base, { recursive: true });
  });

  const run = (job: string, environment: string, at = folder): Promise<JobRun> => {
    const all = contextsOf("push to main");
    return runJob(service.jobs[job] as Job, {
      folder: at,
      ...(job === "prepare" ? {} : { sandbox: ["--speed", "30"] }),
      contexts: {
        ...all,
        job: {},
        inputs: { ...defaultsOf(service), repository: "app", environments: "main: light > prod" },
        needs: { prepare: { outputs: { targets } }, deploy: { result: "success" } },
        matrix: { environment },
      },
      env: {
        GITHUB_REF: "refs/heads/main",
        GITHUB_BASE_REF: "",
        GITHUB_SHA: commit,
        GITHUB_ACTIONS: "true",
        GITHUB_WORKSPACE: workspace,
        RUNNER_TEMP: temp,
        AWS_REGION: "us-west-2",
      },
      only: ({ run: script = "" }) => !/^npm ci/.test(script),
      action: ({ uses = "" }, options) => {
        if (uses.startsWith("actions/upload-artifact@")) upload(workspace, options, join(temp, "tools"));
      },
    });
  };
  const slipway = async (script: string, options: readonly string[] = []) => {
    const { code, output } = await sandboxed(folder, options, "bash", "-c", `set -e; ${script}`);
    expect(code, output).toBe(0);
    return output;
  };
  const guests = async () => {
    const client = new Client({ connectionString: url });
    await client.connect();
    try {
      return (await client.query("select to_regclass('guests') is not null as there")).rows[0]
        .there as boolean;
    } finally {
      await client.end();
    }
  };

  it("hands on the turns, and the version of the Postgres that is elsewhere for the test of migrations", async () => {
    const { status, outputs, log } = await run("prepare", "", workspace);
    expect(status, log).toBe("success");
    targets = outputs.targets ?? "";
    expect(JSON.parse(targets)).toMatchObject({ first: ["light"], second: ["prod"] });
    const migrations = JSON.parse(readFileSync(join(temp, "tools/migrations/light.json"), "utf8"));
    expect(migrations.engine).toMatchObject({ image: "postgres:17" });
    expect(Object.keys(migrations.services[0].variables)).toEqual([
      "GOOSE_DRIVER",
      "POSTGRES_URL",
      "GOOSE_DBSTRING",
    ]);
  });

  it("ships into the light environment: the database elsewhere is migrated from within the VPC", async () => {
    const git = (...words: readonly string[]) =>
      execFileSync("git", ["-c", "user.name=Ana", "-c", "user.email=ana@example.com", ...words], {
        cwd: folder,
        encoding: "utf8",
      }).trim();
    git("init", "--quiet");
    git("add", "package.json");
    git("commit", "--quiet", "--message", "grow");
    commit = git("rev-parse", "HEAD");
    const pushed = release("v1", base).map((word) => word.replace(":v1=", `:${commit}=`));
    await slipway("npx slipway plan bootstrap || true; npx slipway apply bootstrap --auto-approve");
    await slipway("npx slipway plan light prod || true; npx slipway apply --auto-approve");
    await slipway(`printf %s '${url}' | npx slipway secret set light POSTGRES_URL`, pushed);
    expect(await guests()).toBe(false);
    const { status, log, summary } = await run("deploy", "light");
    expect(status, log).toBe("success");
    expect(summary).toMatch(/^### ✅ deploy light\n/);
    expect(log).not.toContain("elsewhere@");
    expect(await guests()).toBe(true);
  });

  it("ships the same digest into production once that is done", async () => {
    const { status, log, summary } = await run("deploy-second", "prod");
    expect(status, log).toBe("success");
    const digests = new Set([...summary.matchAll(/sha256:[0-9a-f]{12}/g)].map(([digest]) => digest));
    expect(digests.size, summary).toBe(1);
  });
});

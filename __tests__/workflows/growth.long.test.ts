import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { release } from "../../demo/releases";
import { createCluster, findPrograms, type Server, servePostgres } from "../../sandbox/engine/postgres";
import { upload } from "./support/artifact";
import { checkout, newMachines } from "./support/checkout";
import { contextsOf } from "./support/events";
import { type JobRun, runJob, sandboxed } from "./support/runner";
import { defaultsOf, type Job, workflowOf } from "./support/workflows";

const service = workflowOf("service");

/** The registry of the account that everything is in. */
const REGISTRY = "123456789012.dkr.ecr.us-west-2.amazonaws.com";

const GROWTH = `import { appRunner } from "slipway";

export default appRunner({
  region: "us-west-2",
  registry: "app",
  services: {
    web: {
      health: "/health",
      config: { GOOSE_DRIVER: "postgres" },
      database: ["POSTGRES_URL", "GOOSE_DBSTRING"],
      migrations: ["sh", "-c", 'docker run --rm -e GOOSE_DRIVER -e GOOSE_DBSTRING "$SLIPWAY_IMAGE" goose -dir migrations up'],
    },
  },
});
`;

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

interface Turn {
  /** The folder that the job begins in. */
  readonly at?: string;
  /** Beside those of the service's workflow. */
  readonly inputs?: Readonly<Record<string, string>>;
  readonly workflow?: typeof service;
}

/** Docker where nothing but images of registries that it is logged in to runs: in the image's folder, with the variables that it is told. */
const docker = (logins: string, image: string) => `#!/usr/bin/env bash
set -euo pipefail
[ "$1 $2" = "run --rm" ] && shift 2
variables=(PATH="$PATH")
while [ "$1" = -e ]; do variables+=("$2=\${!2}"); shift 2; done
grep -qxF "\${1%%/*}" '${logins}' || { echo "pull access denied: no basic auth credentials" >&2; exit 125; }
shift
cd '${image}' && exec env -i "\${variables[@]}" "bin/$@"
`;

/**
 * A team that grows: what is merged goes to App Runner, from there into a light environment, whose Postgres is elsewhere, too, and
 * from there into one that has its own.
 */
describe.sequential("the pipeline of a team that grows", () => {
  const { base, folder: workspace, world, temp } = newMachines("growth");
  const folder = join(base, "platform");
  const [logins, bin] = [join(base, "logins"), join(base, "bin")];
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
    for (const one of [workspace, bin]) mkdirSync(one);
    writeFileSync(logins, "");
    writeFileSync(join(bin, "docker"), docker(logins, join(base, "images/v1")), { mode: 0o755 });
    checkout(folder, world);
    rmSync(join(folder, "environments/staging.ts"));
    writeFileSync(join(folder, "environments/growth.ts"), GROWTH);
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

  const run = (
    job: string,
    environment: string,
    { at = folder, inputs = {}, workflow = service }: Turn = {},
  ): Promise<JobRun> => {
    const all = contextsOf("push to main");
    return runJob(workflow.jobs[job] as Job, {
      folder: at,
      ...(job === "prepare" ? {} : { sandbox: ["--speed", "30"] }),
      contexts: {
        ...all,
        job: {},
        inputs: {
          ...defaultsOf(service),
          repository: "app",
          environments: "main: growth > light > prod",
          ...inputs,
        },
        needs: {
          prepare: { outputs: { targets } },
          deploy: { result: "success" },
          "deploy-second": { result: "success" },
        },
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
        PATH: `${bin}:${join(__dirname, "support/bin")}:${process.env.PATH}`,
      },
      only: ({ run: script = "" }) => !/^npm ci/.test(script),
      action: ({ uses = "" }, options) => {
        if (uses.startsWith("actions/upload-artifact@")) upload(workspace, options, join(temp, "tools"));
        if (uses.startsWith("aws-actions/amazon-ecr-login@")) writeFileSync(logins, `${REGISTRY}\n`);
      },
    });
  };
  const slipway = async (script: string, options: readonly string[] = []) => {
    const { code, output } = await sandboxed(folder, options, "bash", "-c", `set -e; ${script}`);
    expect(code, output).toBe(0);
    return output;
  };
  const asked = async (sql: string) => {
    const client = new Client({ connectionString: url });
    await client.connect();
    try {
      return (await client.query(sql)).rows;
    } finally {
      await client.end();
    }
  };
  const guests = async () =>
    (await asked("select to_regclass('guests') is not null as there"))[0].there as boolean;

  it("hands on the turns, and the version of the Postgres that is elsewhere for the test of migrations", async () => {
    const { status, outputs, log } = await run("prepare", "", { at: workspace });
    expect(status, log).toBe("success");
    targets = outputs.targets ?? "";
    expect(JSON.parse(targets)).toMatchObject({ first: ["growth"], second: ["light"], third: ["prod"] });
    const here = JSON.parse(readFileSync(join(temp, "tools/migrations/growth.json"), "utf8"));
    expect(here).toEqual({ engine: null, services: [] });
    const migrations = JSON.parse(readFileSync(join(temp, "tools/migrations/light.json"), "utf8"));
    expect(migrations.engine).toMatchObject({ image: "postgres:17" });
    expect(Object.keys(migrations.services[0].variables)).toEqual([
      "GOOSE_DRIVER",
      "POSTGRES_URL",
      "GOOSE_DBSTRING",
    ]);
  });

  it("ships to App Runner: the job logs in to the registry, and its migration runs in the image", async () => {
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
    await slipway("npx slipway plan growth light prod || true; npx slipway apply --auto-approve");
    await slipway(
      `for one in growth light; do printf %s '${url}' | npx slipway secret set $one POSTGRES_URL; done`,
      pushed,
    );
    expect(await guests()).toBe(false);
    const first = await run("deploy", "growth");
    expect(first.status, first.log).toBe("success");
    expect(first.log).toContain("nothing runs yet");
    expect(readFileSync(logins, "utf8")).toBe(`${REGISTRY}\n`);
    expect(await guests()).toBe(true);
    await slipway("npx slipway plan growth || true; npx slipway apply growth --auto-approve");
    const { status, log, summary } = await run("deploy", "growth");
    expect(status, log).toBe("success");
    expect(log).not.toContain("elsewhere@");
    expect(summary).toContain("App Runner's operation succeeded");
  });

  it("ships to App Runner by the button, too", async () => {
    writeFileSync(logins, "");
    const inputs = { command: "deploy", environment: "growth", image: `app:${commit}`, service: "", run: "" };
    const { status, log } = await run("release", "growth", { workflow: workflowOf("release"), inputs });
    expect(status, log).toBe("success");
    expect(readFileSync(logins, "utf8")).toBe(`${REGISTRY}\n`);
  });

  it("ships into the light environment: the database elsewhere is migrated from within the VPC", async () => {
    writeFileSync(logins, "");
    await asked("drop schema public cascade; create schema public");
    expect(await guests()).toBe(false);
    const { status, log, summary } = await run("deploy-second", "light");
    expect(status, log).toBe("success");
    expect(summary).toMatch(/^### ✅ deploy light\n/);
    expect(log).not.toContain("elsewhere@");
    expect(await guests()).toBe(true);
    expect(readFileSync(logins, "utf8")).toBe("");
  });

  it("ships the same digest into production once that is done", async () => {
    const { status, log, summary } = await run("deploy-third", "prod");
    expect(status, log).toBe("success");
    const digests = new Set([...summary.matchAll(/sha256:[0-9a-f]{12}/g)].map(([digest]) => digest));
    expect(digests.size, summary).toBe(1);
  });
});

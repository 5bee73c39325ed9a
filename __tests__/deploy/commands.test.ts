import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, expect, test } from "vitest";
import { contract as sample } from "./support/contract";
import type { Phase } from "./support/scripts";
import { World } from "./support/world";

afterEach(() => {
  for (const name of ["GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT", "GITHUB_RUN_ID"])
    delete process.env[name];
});

test("status tells what runs, since when, which tags, and the last deployments", async () => {
  const world = await World.open();
  await world.deploy();
  const { exitCode, events } = await world.status();
  expect(exitCode).toBe(0);
  expect(events.find(({ type }) => type === "status")).toMatchObject({
    services: [
      {
        name: "web",
        state: "COMPLETED, 2 of 2 running",
        running: [
          { digest: world.digest("v2"), tags: ["v2", "staging-candidate", "staging"].sort(), tasks: 2 },
        ],
        deployments: [
          { status: "SUCCESSFUL", digest: world.digest("v2") },
          { status: "SUCCESSFUL", digest: world.digest("v1") },
        ],
      },
    ],
  });
});

test("run starts the command in the service's task definition and answers with its exit code", async () => {
  const world = await World.open();
  world.ecs.taskScripts.push({ exitCode: 42, log: ["pending: 0008"] });
  const { exitCode, events } = await world.run(["goose", "-dir", "migrations", "status"]);
  expect(exitCode).toBe(42);
  expect(events.filter(({ type }) => type === "log")).toMatchObject([{ text: "pending: 0008" }]);
  expect(world.made("RunTask")[0]?.input).toMatchObject({
    taskDefinition: sample().services[0]?.taskDefinition,
    overrides: { containerOverrides: [{ name: "app", command: ["goose", "-dir", "migrations", "status"] }] },
    startedBy: expect.stringMatching(/^[A-Za-z0-9/_-]{1,128}$/),
  });
});

test("run: exit code 0, a command that never started, a wrong account, and Ctrl-C", async () => {
  expect((await (await World.open()).run(["true"])).exitCode).toBe(0);

  const dead = await World.open();
  dead.ecs.taskScripts.push({
    exitCode: null,
    end: { stopCode: "TaskFailedToStart", stoppedReason: "CannotPull" },
  });
  expect((await dead.run(["true"])).exitCode).toBe(1);

  const wrong = await World.open();
  wrong.account = "999999999999";
  expect((await wrong.run(["true"])).exitCode).toBe(1);
  expect(wrong.made("RunTask")).toEqual([]);

  const stopped = await World.open();
  stopped.ecs.taskScripts.push({ running: 600_000 });
  stopped.clock.at(10_000, () => stopped.interrupt());
  expect((await stopped.run(["sleep", "600"])).exitCode).toBe(130);
  expect(stopped.ecs.tasks[0]?.stoppedAt).toBeDefined();
});

test("a migration that takes too long is stopped, and fails", async () => {
  const world = await World.open();
  world.ecs.taskScripts.push({ running: 7_200_000 });
  const { exitCode, result } = await world.deploy();
  expect(exitCode).toBe(2);
  expect(result.text).toMatch(/after 1800 seconds it did not end.*was told to stop/);
  expect(world.ecs.tasks[0]?.stoppedAt).toBeDefined();
});

test("a migration that ends by itself while it is told to stop has succeeded", async () => {
  const world = await World.open();
  world.ecs.taskScripts.push({ pending: 3_000, running: 1_801_000 });
  const { exitCode } = await world.deploy();
  expect(world.made("StopTask")).toHaveLength(1);
  expect(exitCode).toBe(0);
});

test("outputs are read from what cdktf and terraform write", async () => {
  const world = await World.open();
  world.parameters.delete("/staging/deploy");
  const contract = sample();
  const forms = [
    { staging: { deploy: contract } },
    { staging: { deploy: JSON.stringify(contract) } },
    { deploy: { sensitive: false, type: "string", value: JSON.stringify(contract) } },
  ];
  for (const form of forms) {
    const outputs = join(mkdtempSync(join(tmpdir(), "deploy-")), "outputs.json");
    writeFileSync(outputs, JSON.stringify(form));
    expect((await world.deploy("v2", { outputs, dryRun: true })).exitCode).toBe(0);
  }
  expect(world.made("GetParameter")).toEqual([]);
});

test("outputs that are missing, no JSON, or another environment's are refused by name", async () => {
  const world = await World.open();
  const outputs = join(mkdtempSync(join(tmpdir(), "deploy-")), "outputs.json");
  expect((await world.deploy("v2", { outputs })).result.text).toMatch(
    /--outputs .*outputs.json cannot be read/,
  );
  writeFileSync(outputs, "{");
  expect((await world.deploy("v2", { outputs })).result.text).toMatch(/outputs.json is not JSON/);
  writeFileSync(outputs, JSON.stringify({ prod: { deploy: {} } }));
  expect((await world.deploy("v2", { outputs })).result.text).toMatch(/holds no output "deploy" of staging/);
});

test("in GitHub Actions: annotations, a job summary and step outputs", async () => {
  const folder = mkdtempSync(join(tmpdir(), "deploy-"));
  process.env.GITHUB_ACTIONS = "true";
  process.env.GITHUB_RUN_ID = "777";
  process.env.GITHUB_STEP_SUMMARY = join(folder, "summary.md");
  process.env.GITHUB_OUTPUT = join(folder, "output");
  const world = await World.open();
  const failing: Phase[] = [
    {
      at: 30_000,
      rolloutState: "FAILED",
      status: "ROLLBACK_SUCCESSFUL",
      stopped: [{ stopCode: "TaskFailedToStart" }],
    },
  ];
  world.ecs.rolloutScripts.push(failing);
  world.logs.set("web-103-stopped-0", ["::error::not a command", "50% done"]);
  const printed = await world.deployPlainly("v2");
  expect(printed).toMatch(
    /^::error title=deploy staging::The roll-out of web was rolled back.*%0A.*50%25 done$/m,
  );
  expect(printed.match(/^::error::not a command/m)).toBeNull();
  expect(readFileSync(join(folder, "summary.md"), "utf8")).toMatch(
    /### ❌ deploy staging[\s\S]*\| service web \| rolled back/,
  );
  expect(readFileSync(join(folder, "output"), "utf8")).toMatch(
    /^exit-code<<(end-\S+)\n3\n\1\ndigest<<(\S+)\nsha256:\w{64}\n\2\nprevious-digest<<(\S+)\nsha256:\w{64}\n\3\nurl<<(\S+)\nhttps:.*\n\4\n$/,
  );
  expect(world.made("RunTask")[0]?.input.startedBy).toMatch(/\/github-run-777$/);
});

test("a contract whose text would reach a line's start or a step's outputs is refused, and shown as it is", async () => {
  const url = "https://x\n::error::injected\ndigest=sha256:evil";
  const world = await World.open(sample({ url, roles: ["*"] }));
  process.env.GITHUB_ACTIONS = "true";
  const printed = await world.deployPlainly("v2");
  const own =
    /^(?:\d\d:\d\d:\d\d |::[0-9a-f-]{36}::$|::stop-commands::[0-9a-f-]{36}$|::error title=deploy staging::the SSM)/;
  for (const line of printed.trim().split("\n")) expect(line).toMatch(own);
  expect(printed).toContain(`url: ${JSON.stringify(url)} is no address`);
  expect(printed).toContain('roles.0: "*" is no ARN');
});

test("nothing secret is printed: passwords in the migration's log are masked everywhere", async () => {
  const world = await World.open();
  const log = [
    "dial postgres://app:hunter2@db:5432/app failed",
    "GOOSE_DBSTRING user=app password=hunter2 dbname=app",
  ];
  world.ecs.taskScripts.push({ exitCode: 1, log });
  const { printed, result } = await world.deploy();
  expect(printed).not.toContain("hunter2");
  expect(printed).not.toContain("secret-value");
  expect(result.lastLines).toEqual([
    "dial postgres://app:***@db:5432/app failed",
    "GOOSE_DBSTRING user=app password=*** dbname=app",
  ]);
  // No call that could carry a value was made for a secret.
  expect(world.made("GetParameter").map(({ input }) => input.Name)).toEqual(["/staging/deploy"]);
});

const main = (...args: string[]) =>
  promisify(execFile)(process.execPath, ["--require", "slipway/typescript", "deploy/main.ts", ...args], {
    env: { PATH: process.env.PATH },
  }).then(
    ({ stdout, stderr }) => ({ code: 0, text: stdout + stderr }),
    (error: { code: number; stdout: string; stderr: string }) => ({
      code: error.code,
      text: error.stdout + error.stderr,
    }),
  );

test("the command line: help with examples and exit codes, one clear error per mistake", async () => {
  const help = await main("--help");
  expect(help.code).toBe(0);
  for (const text of [
    "--image <tag or digest>",
    "rollback staging",
    "Exit codes:",
    "--rollout-timeout",
    "(default: 20m)",
  ]) {
    expect(help.text).toContain(text);
  }
  const mistakes = await Promise.all([
    main("staging"),
    main("staging", "--image", "v2", "--rollout-timeout", "soon"),
    main("nowhere", "--image", "v2"),
  ]);
  expect(mistakes.map(({ code }) => code)).toEqual([64, 64, 1]);
  expect(mistakes[0]?.text).toContain("--image <tag or digest>' not specified");
  expect(mistakes[1]?.text).toContain("90s, 15m, 1h");
  expect(mistakes[2]?.text).toContain("No AWS region is configured");
});

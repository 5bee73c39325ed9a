import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, test } from "vitest";
import { makeClients } from "../../deploy/aws/clients";
import { slipwayHere } from "../support/commands-here";
import { contract } from "./support/contract";
import { Refusal } from "./support/wire";
import { World } from "./support/world";

const REPLACED = [
  "AWS_REGION",
  "AWS_DEFAULT_REGION",
  "AWS_CONFIG_FILE",
  "GITHUB_ACTIONS",
  "GITHUB_STEP_SUMMARY",
  "GITHUB_OUTPUT",
];
const before = Object.fromEntries(REPLACED.map((name) => [name, process.env[name]]));

afterEach(() => {
  for (const [name, value] of Object.entries(before)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
});

const folder = () => mkdtempSync(join(tmpdir(), "deploy-"));

test.each([
  ["stdout", "check"],
  ["stderr", "policy"],
] as const)("the real process: a closed %s changes nothing (%s)", async (stream, command) => {
  await World.open();
  const args = ["--require", "slipway/typescript", "deploy/main.ts", command, "staging"];
  const child = spawn(process.execPath, args, { env: process.env });
  child[stream].destroy();
  child[stream === "stdout" ? "stderr" : "stdout"].resume();
  const [code] = await once(child, "close");
  expect(code).toBe(0);
});

test.each([0, 1, 5])("a screen that breaks after %d lines: the deploy goes on to its end", async (lines) => {
  const world = await World.open();
  expect(await world.deployUnseen("v2", lines)).toBe(0);
  expect(world.digest("staging")).toBe(world.digest("v2"));
  expect(world.made("UpdateService")).toHaveLength(1);
});

test("GitHub's files cannot be written: a warning each, and the deployment's own exit code", async () => {
  Object.assign(process.env, {
    GITHUB_ACTIONS: "true",
    GITHUB_STEP_SUMMARY: folder(),
    GITHUB_OUTPUT: join(folder(), "missing", "output"),
  });
  const world = await World.open();
  const printed = await world.deployPlainly("v2");
  expect(printed).toMatch(/^::warning title=deploy::GITHUB_STEP_SUMMARY was not written: EISDIR/m);
  expect(printed).toMatch(/^::warning title=deploy::GITHUB_OUTPUT was not written: ENOENT/m);
  expect(printed).toMatch(/✓ web deployed: .*exit code 0/);
});

const nested = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;

test.each([
  ["nested", () => nested],
  ["nested within", () => JSON.stringify(`{"version":${nested}}`)],
  [
    "that unpacks to 2 MB",
    () => JSON.stringify(gzipSync(`${JSON.stringify(contract())}${" ".repeat(2e6)}`).toString("base64")),
  ],
])("an output %s is refused as no contract, and is no defect of the deploy", async (_, output) => {
  const world = await World.open();
  const file = join(folder(), "outputs.json");
  writeFileSync(file, `{"deploy":{"value":${output()}}}`);
  const { exitCode, result } = await world.deploy("v2", { outputs: file });
  expect(exitCode).toBe(1);
  expect(result.text).toContain(`the output "deploy" in ${file}`);
});

test("an environment's name with a line break is refused in one line, before any call", async () => {
  const world = await World.open();
  const { exitCode, result } = await world.checkOf("staging\n::error::injected");
  expect(exitCode).toBe(1);
  expect(result.text).toBe(
    `"staging\\n::error::injected" is no environment's name: letters, digits and hyphens.`,
  );
  expect(world.calls).toEqual([]);
});

const region = async (fallback?: string) => (await makeClients(undefined, () => fallback)).region;

test("the region: AWS_REGION, then AWS_DEFAULT_REGION, then the profile's, then the contract's", async () => {
  process.env.AWS_CONFIG_FILE = join(folder(), "config");
  Object.assign(process.env, { AWS_REGION: "eu-west-1", AWS_DEFAULT_REGION: "us-west-2" });
  expect(await region("eu-north-1")).toBe("eu-west-1");
  delete process.env.AWS_REGION;
  expect(await region("eu-north-1")).toBe("us-west-2");
  delete process.env.AWS_DEFAULT_REGION;
  expect(await region("eu-north-1")).toBe("eu-north-1");
  await expect(region()).rejects.toThrow("No AWS region is configured.");
  // The SDK reads a file once.
  process.env.AWS_CONFIG_FILE = join(folder(), "config");
  writeFileSync(process.env.AWS_CONFIG_FILE, "[default]\nregion = ap-south-1\n");
  expect(await region("eu-north-1")).toBe("ap-south-1");
});

/** What `check staging` prints beside a file of that environment. */
async function checkBeside(
  env: NodeJS.ProcessEnv,
  exit = 1,
  { props = 'region: "us-west-2"', context = {} } = {},
): Promise<string> {
  const cwd = folder();
  mkdirSync(join(cwd, "environments"));
  writeFileSync(join(cwd, "environments", "staging.ts"), `export default { props: { ${props} } };`);
  writeFileSync(join(cwd, "cdktf.json"), JSON.stringify({ context }));
  const { code, stdout } = await slipwayHere(cwd, ["check", "staging"], env);
  expect(code, stdout).toBe(exit);
  return stdout;
}

test("the command, whatever region is set: the one that environments/staging.ts names, and it says so", async () => {
  await World.open();
  const env: NodeJS.ProcessEnv = { ...process.env, AWS_CONFIG_FILE: join(folder(), "config") };
  delete env.AWS_REGION;
  expect(await checkBeside(env, 0)).toContain("us-west-2, as environments/staging.ts says");
  expect(await checkBeside({ ...env, AWS_REGION: "eu-west-1" }, 0)).toContain("us-west-2, as environments/");
});

test("the command, beside a file that is not the applied one's: the file is named", async () => {
  await World.open();
  expect(await checkBeside(process.env, 1, { props: 'region: "eu-west-1"' })).toContain(
    "environments/staging.ts says eu-west-1, the environment is in us-west-2: this file is not the one that was",
  );
});

test("the command, where the environment is not: the region is its file's, so the account must be another", async () => {
  const world = await World.open();
  world.parameters.delete("/staging/deploy");
  expect(await checkBeside(process.env)).toContain(
    "If it was: AWS_PROFILE names another account. The region is that of environments/staging.ts.",
  );
});

describe("the command, beside a file that names an account", () => {
  const other = 'region: "us-west-2", account: "210987654321"';

  test.each([
    ["its own", { props: other }],
    ["that of its preset", { props: 'region: "us-west-2", preset: { account: "210987654321" }' }],
    ["that of cdktf.json", { context: { account: "210987654321" } }],
  ])("%s: credentials of another are refused before anything is read", async (_, files) => {
    const world = await World.open();
    const printed = await checkBeside(process.env, 1, files);
    expect(printed).toContain(
      "environments/staging.ts says account 210987654321, and the credentials are of 123456789012 (arn:",
    );
    expect(printed).toContain(
      "Sign in to 210987654321: set AWS_PROFILE or AWS_PROFILE_210987654321, or the job's role.",
    );
    expect(world.calls.map(({ operation }) => operation)).toEqual(["sts:GetCallerIdentity"]);
  });

  test("credentials of this one are taken, and its own goes before that of cdktf.json", async () => {
    await World.open();
    const props = 'region: "us-west-2", account: "123456789012"';
    await checkBeside(process.env, 0, { props, context: { account: "210987654321" } });
  });
});

test("a clock that cannot be corrected: the advice is to set it, not to sign in", async () => {
  const world = await World.open();
  world.faults.push(() => {
    throw new Refusal(
      "InvalidSignatureException",
      "Signature expired: 20261120T120000Z is now earlier than 20261120T121500Z",
    );
  });
  const { exitCode, result } = await world.check();
  expect(exitCode).toBe(1);
  expect(result.text).toMatch(/set this machine's clock/);
  expect(result.text).not.toContain("Sign in");
});

/** Somebody's roll-out of web, such as an apply's, which began a minute ago and ends that many seconds from now. */
const underWay = (world: World, seconds: number) =>
  world.ecs.deployed(
    "staging-web",
    [
      { at: 0, rolloutState: "IN_PROGRESS", status: "IN_PROGRESS", running: 1 },
      { at: 60_000 + seconds * 1_000, rolloutState: "COMPLETED", status: "SUCCESSFUL", running: 2 },
    ],
    60_000,
  );

test("--wait: an apply's own roll-out is waited for, then everything is read anew", async () => {
  const world = await World.open();
  underWay(world, 100);
  const { exitCode, events } = await world.deploy("v2", { wait: true });
  expect(exitCode).toBe(0);
  const waiting = events.filter((event) => event.type === "progress" && event.text.startsWith("waiting for"));
  expect(waiting).toMatchObject([
    { text: expect.stringMatching(/^waiting for deployment ecs-svc\/\d+ of web to end$/) },
  ]);
  for (const change of [...world.made("PutImage"), ...world.made("RunTask")])
    expect(change.at).toBeGreaterThanOrEqual(100_000);
  expect(world.clock.elapsed()).toBeLessThan(100_000 + 90_000);
});

test("--wait is bounded: a roll-out that does not end is somebody else's work after all", async () => {
  const world = await World.open();
  underWay(world, 36_000);
  const { exitCode } = await world.deploy("v2", { wait: true });
  expect(exitCode).toBe(5);
  expect(world.clock.elapsed()).toBeGreaterThanOrEqual(20 * 60_000);
  expect(world.clock.elapsed()).toBeLessThan(21 * 60_000);
  expect(world.made("PutImage")).toEqual([]);
});

test.each([
  ["without --wait", {}, () => {}],
  ["with another check that fails", { wait: true }, (world: World) => world.registry.tags.delete("v2")],
] as const)("a roll-out in progress %s: the end at once", async (_, options, also) => {
  const world = await World.open();
  underWay(world, 100);
  also(world);
  const { exitCode } = await world.deploy("v2", options);
  expect(exitCode).toBe("wait" in options ? 1 : 5);
  expect(world.clock.elapsed()).toBeLessThan(1_000);
});

test.each([
  ["true", [], 0],
  ["false", [], 5],
  ["true", ["--no-wait"], 5],
  ["", ["--wait"], 0],
])("the command with CI=%s and %j: exit %d", async (CI, options, expected) => {
  const world = await World.open();
  underWay(world, 30);
  world.faults.push((operation) => {
    if (operation === "ecs:DescribeServices") world.clock.advance(25_000);
    return undefined;
  });
  const words = ["deploy", "staging", "--image", "v2", "--dry-run", ...options];
  expect(await slipwayHere(process.cwd(), words, { ...process.env, CI })).toMatchObject({ code: expected });
});

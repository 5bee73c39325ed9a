import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, expect, test } from "vitest";
import { makeClients } from "../../deploy/aws/clients";
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
  const args = ["--require", "tsx/cjs", "deploy/main.ts", command, "staging"];
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

const region = async (fallback?: string) => (await makeClients(() => fallback)).region;

test("the region: AWS_REGION, then AWS_DEFAULT_REGION, then the profile's, then the environment file's", async () => {
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

test("the real process, with no region set: the one that environments/staging.ts names", async () => {
  await World.open();
  const env: NodeJS.ProcessEnv = { ...process.env, AWS_CONFIG_FILE: join(folder(), "config") };
  delete env.AWS_REGION;
  delete env.AWS_DEFAULT_REGION;
  const args = ["--require", "tsx/cjs", "deploy/main.ts", "check", "staging"];
  const child = spawn(process.execPath, args, { env });
  let printed = "";
  child.stdout.on("data", (text) => {
    printed += text;
  });
  expect(await once(child, "close")).toEqual([1, null]);
  expect(printed).toContain("the configured region is us-west-2, the environment is in eu-west-1");
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

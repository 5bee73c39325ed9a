import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { buildDeployFile } from "../../build/deploy-file";
import { COMMANDS } from "../../cli/commands";
import { contractParameter } from "../../modules/contract";
import { SAMPLE, sampleWorld } from "../../sandbox/api/sample";
import { Sandbox } from "../../sandbox/api/sandbox";
import { contractOf, putParameter } from "../deploy-sandbox/support/contract";

const ROOT = join(__dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "slipway-deploy-file-"));
const built = join(folder, "package");
const file = join(built, "slipway-deploy.js");
let sandbox: Sandbox;

beforeAll(async () => {
  await buildDeployFile(built);
  const world = await sampleWorld({}, join(folder, "world"));
  await putParameter(world, contractParameter("staging"), JSON.stringify(contractOf()), 1);
  sandbox = await Sandbox.start({ world });
});
afterAll(async () => {
  await sandbox?.close();
  rmSync(folder, { recursive: true, force: true });
});

const environment = () => ({
  PATH: process.env.PATH,
  HOME: folder,
  AWS_ENDPOINT_URL: sandbox.endpoint,
  AWS_REGION: SAMPLE.region,
  AWS_ACCESS_KEY_ID: sandbox.accessKey,
  AWS_SECRET_ACCESS_KEY: "example-secret-key",
});

/** A program in a folder where there is nothing else, against the stand-in for AWS. */
async function run(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const cwd = join(folder, "elsewhere");
  mkdirSync(cwd, { recursive: true });
  const child = spawn(program, args, { cwd, env: { ...environment(), ...env } });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk) => {
      said += String(chunk);
    });
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { code, said };
}

describe("slipway-deploy", () => {
  it("is one file of at most 6 MiB, its licences beside it, with no dependency and nothing to run at an install", () => {
    expect(readdirSync(built).sort()).toEqual([
      ...["LICENSE", "LICENSES.txt", "README.md", "package.json", "slipway-deploy.js"],
    ]);
    expect(statSync(file).size).toBeLessThan(6 * 2 ** 20);
    const page = readFileSync(join(built, "README.md"), "utf8").replaceAll("\n", " ");
    const names = COMMANDS.filter(({ group }) => ["Releases:", "Every day:"].includes(group));
    for (const { name } of names) expect(page).toMatch(new RegExp(`[( ]${name}[,)]`));
    const manifest = JSON.parse(readFileSync(join(built, "package.json"), "utf8"));
    expect(Object.keys(manifest).filter((key) => /dependencies|scripts/i.test(key))).toEqual([]);
    expect(manifest.bin).toEqual({ "slipway-deploy": "slipway-deploy.js" });
    expect(readFileSync(join(built, "LICENSES.txt"), "utf8")).toMatch(
      /^@aws-sdk\/client-ecs [\d.]+: Apache-2\.0$/m,
    );
  });

  it("asks for no module that Node does not bring", () => {
    const code = readFileSync(file, "utf8");
    expect(code).not.toMatch(/[^\n\t -~]/);
    const { builtinModules } = require("node:module") as typeof import("node:module");
    const asked = [...code.matchAll(/\brequire\([`"']([^`"']+)[`"']\)/g)]
      .map(([, name = ""]) => name)
      // The SDK's messages tell how to sign for several regions at once, which nothing here does.
      .filter((name) => !name.startsWith("@aws-sdk/signature-v4"));
    expect(asked.length).toBeGreaterThan(5);
    expect(asked.filter((name) => !builtinModules.includes(name.replace(/^node:/, "")))).toEqual([]);
  });

  it("checks an environment as the sources do", async () => {
    const { code, said } = await run(process.execPath, [file, "check", "staging"]);
    const sources = await run(process.execPath, [
      ...[
        "--require",
        require.resolve("slipway/typescript"),
        join(ROOT, "deploy/main.ts"),
        "check",
        "staging",
      ],
    ]);
    const timeless = (text: string) => text.replaceAll(/\d\d:\d\d:\d\d|\d+ s\b/g, "…");
    expect(said).toContain("staging");
    expect(timeless(said)).toBe(timeless(sources.said));
    expect(code).toBe(sources.code);
  });

  it("ends a mistake in the command line as slipway does", async () => {
    const { code, said } = await run(process.execPath, [file, "rollback", "staging", "--dry"]);
    expect({ code, said }).toMatchObject({
      code: 64,
      said: expect.stringContaining("unknown option '--dry'"),
    });
  });
});

describe("the action", () => {
  const action = parse(readFileSync(join(ROOT, "deploy/action.yml"), "utf8"));
  const steps: { run: string; env: Record<string, string>; shell: string }[] = action.runs.steps;

  it("takes what it hands on, by environment variables alone", () => {
    const used = steps.flatMap(({ env }) =>
      Object.values(env).map((value) => /^\$\{\{ inputs\.(\w+) \}\}$/.exec(value)?.[1]),
    );
    expect(used.sort()).toEqual(Object.keys(action.inputs).sort());
    for (const { run, shell } of steps) expect([run.includes("${{"), shell]).toEqual([false, "bash"]);
  });

  it("has the outputs that slipway deploy writes", () => {
    const screen = readFileSync(join(ROOT, "deploy/screen/github.ts"), "utf8");
    const names = [...screen.matchAll(/stepOutput\("([\w-]+)"/g)].map(([, name = ""]) => name);
    expect(names.length).toBeGreaterThan(3);
    const values = names.map((name) => [name, `\${{ steps.deploy.outputs.${name} }}`]);
    const outputs = Object.entries<{ value: string }>(action.outputs ?? {});
    expect(outputs.map(([name, { value }]) => [name, value])).toEqual(values);
  });

  it("fetches the package, and runs it with the inputs", async () => {
    const packed = join(folder, "packed");
    mkdirSync(packed, { recursive: true });
    execFileSync("npm", ["pack", "--silent", "--pack-destination", packed], { cwd: built });
    const [archive = ""] = readdirSync(packed);
    const given = {
      RUNNER_TEMP: join(folder, "runner"),
      GITHUB_ACTION_PATH: join(ROOT, "deploy"),
      PACKAGE: join(packed, archive),
      ENVIRONMENT: "staging",
      IMAGE: "no-such-tag",
      SERVICE: "web",
    };
    const bash = (script: string) =>
      run("bash", ["--noprofile", "--norc", "-eo", "pipefail", "-c", script], given);
    const [fetch, deploy] = steps.map((step) => step.run);
    expect(await bash(fetch ?? "")).toMatchObject({ code: 0 });
    const { code, said } = await bash(deploy ?? "");
    expect(said).toMatch(/no-such-tag/);
    expect(code).toBe(1);
  });

  it("asks for the version that it is of, where no other package is named", () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
    const asked = join(folder, "asked");
    mkdirSync(asked, { recursive: true });
    const script = `npm() { echo "$@" >&2; exit 9; }\n${steps[0]?.run}`;
    const { status, stderr } = spawnSync("bash", ["-eo", "pipefail", "-c", script], {
      env: { ...process.env, RUNNER_TEMP: asked, GITHUB_ACTION_PATH: join(ROOT, "deploy"), PACKAGE: "" },
      encoding: "utf8",
    });
    expect(stderr).toContain(`slipway-deploy@${version}`);
    expect(status).toBe(9);
  });
});

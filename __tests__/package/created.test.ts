import { spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dependencies } from "../../package.json";
import { contextsOf } from "../workflows/support/events";
import { runJob } from "../workflows/support/runner";
import { type Job, ROOT, workflowOf } from "../workflows/support/workflows";
import { linkInstalled } from "./support/installed";
import { pack, type Tarballs } from "./support/packed";

/**
 * What a team does from its first command on, with what is published alone: nothing of what runs leads to this checkout, and each
 * test goes on from the one before. Third parties' packages are those that are installed here.
 */
describe.sequential("a project that npm create slipway made", () => {
  const base = realpathSync(mkdtempSync(join(tmpdir(), "slipway-created-")));
  const [project, service] = [join(base, "my-platform"), join(base, "guest-book")];
  let tarballs: Tarballs;

  const run = (command: string, words: readonly string[], cwd = project) => {
    const env = { ...process.env, NO_COLOR: "1", AWS_REGION: "us-west-2" };
    const { status, stdout, stderr } = spawnSync(command, words, { cwd, env, encoding: "utf8" });
    return {
      status,
      stdout: stripVTControlCharacters(stdout),
      said: stripVTControlCharacters(stdout + stderr),
    };
  };
  const slipway = (...words: readonly string[]) => run("npx", ["slipway", ...words]);

  beforeAll(() => {
    // Postgres runs as a user of its own, and must get there.
    chmodSync(base, 0o755);
    tarballs = pack(join(base, "packed"));
  });
  afterAll(() => rmSync(base, { recursive: true, force: true }));

  it("is written whole, with a service's repository beside it, each a repository of git", () => {
    const creating = join(base, "creating");
    mkdirSync(creating);
    run("tar", ["-xzf", tarballs.create, "--strip-components=1"], creating);
    const create = join(creating, "create-slipway.js");
    const words = ["my-platform", "--service", "guest-book", "--slipway", tarballs.slipway, "--yes"];
    const { status, said } = run(process.execPath, [create, ...words], base);
    expect(status, said).toBe(0);
    for (const folder of [project, service]) expect(existsSync(join(folder, ".git")), folder).toBe(true);
    const lines = ["main.ts", "environments", "modules", "__tests__"].flatMap((part) =>
      linesIn(join(project, part)),
    );
    expect(lines.length).toBeLessThan(140);
  });

  it("installs what its package.json names, exactly", () => {
    const { dependencies: own, devDependencies } = JSON.parse(
      readFileSync(join(project, "package.json"), "utf8"),
    );
    const versions: string[] = Object.values({ ...own, ...devDependencies });
    expect(versions.filter((version) => !/^(\d+\.\d+\.\d+|file:.*\.tgz)$/.test(version))).toEqual([]);
    linkInstalled(project, Object.keys({ ...own, ...devDependencies, ...dependencies }));
    const install = ["install", "--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund"];
    const { status, said } = run("npm", install);
    expect(status, said).toBe(0);
    expect(existsSync(join(project, "node_modules/slipway/dist/cli/main.js"))).toBe(true);
  });

  it("writes its lists of addresses with its first tests, and holds to them", () => {
    const lists = join(project, "__tests__/environments/addresses");
    expect(existsSync(lists)).toBe(false);
    const { status, said } = run("npm", ["test"]);
    expect(status, said).toBe(0);
    expect(readdirSync(lists).sort()).toEqual(["bootstrap.txt", "prod.txt", "staging.txt"]);
    expect(readFileSync(join(lists, "prod.txt"), "utf8")).toContain(
      "\naws_cloudwatch_metric_alarm.errors_alarm\n",
    );
  });

  it("passes the check of a pull request: types, guardrails, offline plan and tests, by the workflow that its own calls", async () => {
    const { status, ran, outputs, log, summary } = await runJob(workflowOf("terraform").jobs.check as Job, {
      folder: project,
      contexts: { ...contextsOf("pull request"), inputs: { tests: "test" } },
      env: { GITHUB_ACTIONS: "true" },
      only: ({ run: script = "" }) => !script.startsWith("npm ci"),
    });
    expect(status, log).toBe("success");
    expect(Object.keys(ran)).toEqual([
      ...["npm run typecheck", "Synthesize", "Guardrails", "Plan offline", 'npm run "$TESTS"'],
    ]);
    expect(outputs.stacks).toBe('["bootstrap","prod","staging"]');
    expect(summary).toMatch(/### staging: \d+ to add, 0 to change, 0 to replace, 0 to destroy/);
  });

  it("is applied without an account, and planned by cdktf with nothing left to do", () => {
    const applied = slipway("apply", "--offline", "staging", "--auto-approve");
    expect(applied.status, applied.said).toBe(0);
    const planned = slipway("sandbox", "npx", "cdktf", "plan", "staging");
    expect(planned.status, planned.said).toBe(0);
    expect(planned.said).toContain("No changes. Your infrastructure matches the configuration.");
  });

  it("runs a release of the service's repository", () => {
    linkInstalled(service, ["pg"]);
    // The image brings goose itself; a folder has the stand-in, which the sandbox finds in bin/.
    cpSync(join(ROOT, "demo/goose"), join(service, "goose"), { recursive: true });
    mkdirSync(join(service, "bin"));
    symlinkSync(join(service, "goose/goose.mjs"), join(service, "bin/goose"));
    const deploy = ["deploy", "staging", "--image", "v1"];
    const { status, said } = slipway("sandbox", "--image", `app:v1=${service}`, "npx", "slipway", ...deploy);
    expect(status, said).toBe(0);
    expect(said).toMatch(/migrate web: succeeded[\s\S]*✓ web deployed/);
  });
});

function linesIn(path: string): string[] {
  if (/\.ts$/.test(path)) return readFileSync(path, "utf8").trim().split("\n");
  return existsSync(path) && !/\.txt$/.test(path)
    ? readdirSync(path).flatMap((name) => linesIn(join(path, name)))
    : [];
}

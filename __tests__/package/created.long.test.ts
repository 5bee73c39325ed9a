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
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { dependencies, version } from "../../package.json";
import { contextsOf } from "../workflows/support/events";
import { runJob } from "../workflows/support/runner";
import { defaultsOf, type Job, ROOT, workflowOf } from "../workflows/support/workflows";
import { linkInstalled } from "./support/installed";
import { packHere, packPrevious, type Tarballs } from "./support/packed";

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
  const slipway = (...words: readonly string[]) => run(join(project, "node_modules/.bin/slipway"), words);

  beforeAll(async () => {
    // Postgres runs as a user of its own, and must get there.
    chmodSync(base, 0o755);
    tarballs = await packHere();
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

  it("is what the service's workflow tries migrations for, by what create wrote there", async () => {
    const workspace = join(base, "workspace");
    mkdirSync(workspace);
    symlinkSync(ROOT, join(workspace, "platform"));
    symlinkSync(project, join(workspace, "infrastructure"));
    // One that Slipway's own repository has not.
    const qa = join(project, "environments/qa.ts");
    cpSync(join(project, "environments/staging.ts"), qa);
    const written = parse(readFileSync(join(service, ".github/workflows/deploy.yaml"), "utf8"));
    const workflow = workflowOf("service");
    const { status, log } = await runJob(workflow.jobs.prepare as Job, {
      folder: workspace,
      contexts: {
        ...contextsOf("push to main"),
        inputs: { ...defaultsOf(workflow), ...written.jobs.web.with, environments: "main: qa" },
        job: {},
      },
      env: { GITHUB_REF: "refs/heads/main", GITHUB_BASE_REF: "", GITHUB_WORKSPACE: workspace },
      only: ({ name = "" }) => /^What /.test(name),
    });
    rmSync(qa);
    expect(status, log).toBe("success");
    const { services } = JSON.parse(readFileSync(join(workspace, "tools/migrations/qa.json"), "utf8"));
    expect(services).toHaveLength(1);
    expect(services[0].variables.GOOSE_DBSTRING).toMatch(/^postgres/);
  });

  it("passes its tests with its production in an account of its own", () => {
    const files = ["cdktf.json", "environments/prod.ts"].map((file) => {
      const path = join(project, file);
      return { path, text: readFileSync(path, "utf8") };
    });
    const [settings = "", prod = ""] = files.map(({ text }) => text);
    const { context, ...rest } = JSON.parse(settings);
    const first = { ...rest, context: { ...context, account: "123456789012" } };
    writeFileSync(join(project, "cdktf.json"), JSON.stringify(first));
    writeFileSync(
      join(project, "environments/prod.ts"),
      prod.replace("    region:", '    account: "210987654321",\n    region:'),
    );
    const { status, said } = run("npm", ["test", "--", "__tests__/modules"]);
    for (const { path, text } of files) writeFileSync(path, text);
    expect(status, said).toBe(0);
    expect(said).toMatch(/Tests +2 passed/);
  });

  it("is applied without an account, and planned by cdktf with nothing left to do", () => {
    const applied = slipway("apply", "--offline", "bootstrap", "staging", "--auto-approve");
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

  it("is upgraded from the build of the commit before, and shown what that changes", () => {
    // One environment is enough.
    rmSync(join(project, "environments/prod.ts"));
    const previous = packPrevious(join(base, "previous"), tarballs);
    const installed = run("npm", [
      "install",
      "--prefer-offline",
      "--ignore-scripts",
      "--save-exact",
      previous,
    ]);
    expect(installed.status, installed.said).toBe(0);
    expect(slipway("--version").stdout).toMatch(/-previous\n$/);
    const { status, said } = slipway("upgrade", tarballs.slipway, "--auto-approve");
    expect(status, said).toBe(0);
    for (const name of ["bootstrap", "staging"]) expect(said).toMatch(new RegExp(`^${name}: `, "m"));
    expect(slipway("--version").stdout).toBe(`${version}\n`);
  });

  it("says in a sentence what is wrong with its files and packages, and writes nothing", () => {
    const output = join(project, "cdktf.out");
    rmSync(output, { recursive: true });
    const broken = (file: string, text: string) => {
      const [path, before] = [join(project, file), readIfThere(join(project, file))];
      // Anew: packages are hard links.
      rmSync(path, { force: true });
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
      return () =>
        before === undefined ? rmSync(dirname(path), { recursive: true }) : writeFileSync(path, before);
    };
    const refused = (...files: readonly (readonly [string, string])[]) => {
      const back = files.map(([file, text]) => broken(file, text));
      const { status, said } = slipway("synth");
      for (const restore of back) restore();
      expect([status, existsSync(join(output, "manifest.json"))]).toEqual([1, false]);
      return said;
    };
    expect(refused(["modules/error-alarm.ts", "export const x = ;"])).toMatch(
      /1 mistake .*nothing was written:\n\n {2}staging\.ts: cannot be loaded: .*\(modules\/error-alarm\.ts:1:17\)/,
    );
    expect(refused(["main.ts", "import {"])).toMatch(/^main\.ts:1:8: .*\. Nothing was written\.$/m);
    const copy = ["node_modules/slipway/node_modules/cdktf/package.json", '{ "version": "0.21.0" }'] as const;
    const said = refused(copy, ["node_modules/constructs/package.json", '{ "version": "11.0.0" }']);
    expect(said).toMatch(/2 mistakes in the configuration, nothing was written:/);
    expect(said).toMatch(/dependencies\.cdktf: is there in two copies, 0\.21\.0 in .*: npm dedupe/);
    expect(said).toMatch(
      /dependencies\.constructs: 11\.0\.0 is installed, and goes not with this Slipway: npm install/,
    );
  });

  it("says that Terraform is missing, where it is", () => {
    const env = { PATH: dirname(process.execPath), AWS_REGION: "us-west-2" };
    const bin = join(project, "node_modules/slipway/bin/slipway.js");
    const { status, stderr } = spawnSync(process.execPath, [bin, "plan", "--offline"], {
      cwd: project,
      env: { ...env, TERRAFORM_BINARY_NAME: "no-terraform" },
      encoding: "utf8",
    });
    expect(stderr).toMatch(/no-terraform is not .*: install Terraform or OpenTofu 1\.11 or later/);
    expect(status).toBeGreaterThan(0);
  });
});

const readIfThere = (file: string) => (existsSync(file) ? readFileSync(file, "utf8") : undefined);

function linesIn(path: string): string[] {
  if (/\.ts$/.test(path)) return readFileSync(path, "utf8").trim().split("\n");
  return existsSync(path) && !/\.txt$/.test(path)
    ? readdirSync(path).flatMap((name) => linesIn(join(path, name)))
    : [];
}

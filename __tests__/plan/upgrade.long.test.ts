import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ResourceSummary } from "../../plan/summary";
import { Dependency } from "../../plan/upgrade/dependency";
import { Children } from "../../plan/children";
import type { UpgradeReport } from "../../plan/upgrade/report";
import { run } from "./support/run";
import { Versions } from "./support/versions";

const ROOT = join(__dirname, "../..");
const FILE = `
import { environment, small } from "slipway";
export default environment({
  preset: small,
  region: "us-west-2",
  registry: "app",
  database: false,
  cluster: { capacity: {} },
  services: { web: { port: 80 } },
});
`;

const versions = new Versions();
const project = join(versions.folder, "platform");
const environment: NodeJS.ProcessEnv = {
  NODE_PATH: join(ROOT, "node_modules"),
  TMPDIR: join(versions.folder, "tmp"),
};

const calling = (workflow: string) =>
  `jobs:\n  terraform:\n    uses: OWNER/slipway/.github/workflows/${workflow}\n`;

let npmrc: string;

beforeAll(async () => {
  versions.pack("1.4.0");
  versions.pack("1.4.1", [
    { file: "modules/environment/presets.ts", from: "logDays: 7 }", to: "logDays: 14 }" },
  ]);
  versions.pack("1.5.0", [
    {
      file: "modules/bastion/bastion.ts",
      from: 'new Instance(this, "instance"',
      to: 'new Instance(this, "host"',
    },
    // Nothing of it runs before somebody takes the version.
    { file: "package.json", from: '{"name"', to: '{"scripts":{"install":"exit 7"},"name"' },
  ]);
  versions.pack("2.0.0", [{ file: "modules/environment/props.ts", from: "  registry:", to: "  images:" }]);
  mkdirSync(join(versions.folder, "tmp"));
  mkdirSync(join(project, "environments"), { recursive: true });
  const app = `"${process.execPath}" --require "${join(ROOT, "node_modules/tsx/dist/cjs/index.cjs")}" main.ts`;
  write("cdktf.json", JSON.stringify({ language: "typescript", app, context: { project: "app" } }));
  write("main.ts", readFileSync(join(ROOT, "main.ts"), "utf8"));
  write("environments/staging.ts", FILE);
  const registry = await versions.serve();
  npmrc = ["fund=false", "audit=false", "fetch-retries=0", `cache=${join(versions.folder, "cache")}`].join(
    "\n",
  );
  write(".npmrc", `${npmrc}\nregistry=${registry}\n`);
  write("package.json", '{ "name": "platform", "private": true, "dependencies": { "slipway": "~1.4.0" } }\n');
  // Not at once: the registry is this process's.
  await promisify(execFile)("npm", ["install", "slipway@1.4.0", "--no-save-exact", "--save-prefix=~"], {
    cwd: project,
  });
  installHere("beside", "1.0.0");
});
afterAll(() => versions.remove());

const write = (file: string, text: string) => writeFileSync(join(project, file), text);
const read = (file: string) => readFileSync(join(project, file), "utf8");
/** Installs what no registry has: a trial takes it from here. */
function installHere(name: string, version: string): void {
  mkdirSync(join(project, "node_modules", name));
  write(`node_modules/${name}/package.json`, JSON.stringify({ name, version }));
  const [manifest, lock] = [JSON.parse(read("package.json")), JSON.parse(read("package-lock.json"))];
  for (const { dependencies } of [manifest, lock.packages[""]]) dependencies[name] = version;
  lock.packages[`node_modules/${name}`] = { version };
  write("package.json", JSON.stringify(manifest, null, 2));
  write("package-lock.json", JSON.stringify(lock, null, 2));
}

const upgrade = (...words: readonly string[]) => run(project, ["upgrade", ...words], environment);

/** A digest over every file of the project. */
function digest(): string {
  const files = readdirSync(project, { recursive: true, encoding: "utf8" }).sort();
  const hash = createHash("sha256");
  for (const file of files)
    if (statSync(join(project, file)).isFile()) hash.update(file).update(readFileSync(join(project, file)));
  return hash.digest("hex");
}

describe.sequential("slipway upgrade", () => {
  it("shows what a tarball changes, and writes nothing", async () => {
    const before = digest();
    const { code, stdout, stderr } = await upgrade(join("..", "slipway-1.5.0.tgz"), "--json");
    expect(code, stderr).toBe(2);
    const report: UpgradeReport = JSON.parse(stdout);
    expect(report).toMatchObject({ version: 1, exitCode: 2, written: false, options: {} });
    expect([report.from.label, report.to.label]).toEqual(["1.4.0", "1.5.0 (slipway-1.5.0.tgz)"]);
    const [staging, ...others] = report.stacks;
    expect(others).toEqual([]);
    const fates = (staging?.summary?.resources ?? []).map(({ kind, address }: ResourceSummary) => [
      kind,
      address,
    ]);
    expect(fates).toContainEqual(["destroy", "aws_instance.bastion_instance"]);
    expect(fates).toContainEqual(["create", "aws_instance.bastion_host"]);
    expect(staging?.summary?.counts).toMatchObject({ create: 1, replace: 0, destroy: 1 });
    expect(staging?.summary?.drift).toEqual([]);
    expect(digest()).toBe(before);
    expect(readdirSync(join(versions.folder, "tmp")).filter((name) => name.startsWith("slipway-"))).toEqual(
      [],
    );
  });

  it("says in words which option has another value, and takes the version where it may, as freely as it was asked for", async () => {
    mkdirSync(join(project, ".github/workflows"), { recursive: true });
    write(".github/workflows/terraform.yaml", calling("terraform.yaml@v1.4.0"));
    write(".github/workflows/other.yml", calling("terraform.yaml@v1.4.01"));
    const { code, stdout, stderr } = await upgrade("1.4.1", "--auto-approve");
    expect(code, stderr).toBe(0);
    // Roles trust what the tag says: which one a workflow calls is a person's to change.
    expect(stdout).toMatch(
      /\nv1\.4\.0 is still called by \.github\/workflows\/terraform\.yaml: put v1\.4\.1 there\.\n/,
    );
    expect(stdout).toContain("staging: options that have another value, though the file is the same");
    expect(stdout).toContain("\n  ~ services.web.logDays: 7 → 14\n");
    expect(stdout).toMatch(/~ aws_cloudwatch_log_group\.service_web_logs\n {8}retention_in_days: 7 → 14\n/);
    expect(stdout).toContain("package.json has slipway 1.4.1, and it is installed.");
    expect(JSON.parse(read("package.json")).dependencies).toEqual({ beside: "1.0.0", slipway: "~1.4.1" });
    expect(JSON.parse(read("package-lock.json")).packages["node_modules/slipway"].version).toBe("1.4.1");
    expect(JSON.parse(read("node_modules/slipway/package.json")).version).toBe("1.4.1");
  });

  it("has nothing to do for the version that is installed", async () => {
    const { code, stdout } = await upgrade("1.4.1");
    expect([code, stdout]).toEqual([0, "slipway 1.4.1 is what is installed: there is nothing to upgrade.\n"]);
  });

  it("shows the new version's own report where it does not take the files", async () => {
    const before = digest();
    const { code, stdout, stderr } = await upgrade("2.0.0", "--auto-approve");
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toContain(
      "slipway 2.0.0 does not take the files of this project as they are. Nothing was written.",
    );
    expect(stderr).toMatch(/staging: has no option "registry"; there are .*images.*\n/);
    expect(stderr).not.toMatch(/\n {4}at /);
    expect(digest()).toBe(before);
  });

  it.each([
    ["9.9.9", "", /^The registry has no slipway@9\.9\.9 \(E\w+\): npm view slipway versions/],
    ["1.5.0", "http://127.0.0.1:1/", /^npm cannot reach the registry \(ECONNREFUSED\)/],
  ])("says in one sentence why %s cannot be had", async (version, registry, said) => {
    const before = digest();
    const kept = read(".npmrc");
    if (registry) write(".npmrc", `${npmrc}\nregistry=${registry}\n`);
    const { code, stdout, stderr } = await upgrade(version);
    write(".npmrc", kept);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(said);
    expect(stderr).toMatch(/Nothing was written\.\n$/);
    expect(digest()).toBe(before);
  });

  it("takes no other package for slipway", async () => {
    const { code, stderr } = await upgrade(versions.pack("1.0.0", [], "slopway"));
    expect([code, stderr.split("\n").at(-2)]).toEqual([1, "This is the package slopway, and not slipway."]);
  });

  it.each([
    ["no-such.tgz", "There is no file no-such.tgz."],
    ["git@github.com:me", "Give a version, a tag, or the path of a tarball."],
  ])("refuses %s as a mistake in the command line", async (target, said) => {
    const { code, stderr } = await upgrade(target);
    expect([code, stderr]).toEqual([64, expect.stringContaining(said)]);
  });

  it("puts both files back where npm fails to install what it has written there", async () => {
    const before = [read("package.json"), read("package-lock.json")];
    const dependency = new Dependency(project, new Children());
    const { number } = dependency.current;
    await expect(dependency.write(await dependency.find("1.5.0"))).rejects.toThrow(
      /^npm could not install slipway@1\.5\.0\. Nothing was written\./,
    );
    expect([read("package.json"), read("package-lock.json")]).toEqual(before);
    expect(dependency.current.number).toBe(number);
  });
});

import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { buildCreatePackage } from "../../build/create-package";
import { complete, missing } from "../../create/answers";
import { Dialog, Interrupted } from "../../create/dialog";
import { PLACEHOLDER, projectFiles, serviceFiles } from "../../create/project";
import packageJson from "../../package.json";

const base = mkdtempSync(join(tmpdir(), "slipway-create-"));
const built = join(base, "package");
const program = join(built, "create-slipway.js");
/** Where a person stands; empty before each test. */
const here = join(base, "here");

beforeAll(() => buildCreatePackage(built));
beforeEach(() => {
  rmSync(here, { recursive: true, force: true });
  mkdirSync(here);
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

interface Surroundings {
  readonly env?: NodeJS.ProcessEnv;
  readonly node?: readonly string[];
}

function create(words: readonly string[], { env = {}, node = [] }: Surroundings = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...node, program, ...words], {
    cwd: here,
    env: { PATH: process.env.PATH, HOME: base, NO_COLOR: "1", ...env },
    encoding: "utf8",
  });
  return { status, said: stdout + stderr };
}

const read = (file: string) => readFileSync(join(here, file), "utf8");

describe("create-slipway", () => {
  it("is one file with what it writes beside it, with no dependency and nothing to run at an install", () => {
    expect(readdirSync(built).sort()).toEqual([
      ...["LICENSE", "LICENSES.txt", "README.md", "create-slipway.js", "create.js", "package.json"],
      "templates.json",
    ]);
    expect(statSync(join(built, "create.js")).size).toBeLessThan(2 ** 19);
    const manifest = JSON.parse(readFileSync(join(built, "package.json"), "utf8"));
    expect(Object.keys(manifest).filter((key) => /dependencies|scripts/i.test(key))).toEqual([]);
    expect(manifest).toMatchObject({ name: "create-slipway", version: packageJson.version });
  });

  it("writes what it is told", () => {
    const words = ["shop", "--region", "eu-central-1", "--port", "3000", "--health", "/up", "--no-postgres"];
    const { status, said } = create(words);
    expect(said).toContain("Written: shop.");
    expect(status).toBe(0);
    for (const name of ["staging", "prod"]) {
      const file = read(`shop/environments/${name}.ts`);
      for (const line of ['region: "eu-central-1",', "port: 3000,", 'health: "/up",', "database: false,"])
        expect(file.split(line), line).toHaveLength(2);
      expect(file).not.toContain("DATABASE_URL");
    }
    const { context, projectId } = JSON.parse(read("shop/cdktf.json"));
    expect(context).toMatchObject({ project: "shop", bootstrap: { region: "eu-central-1", github: false } });
    expect(projectId).toMatch(/^[0-9a-f-]{36}$/);
    expect(read("shop/README.md")).toMatch(/^# shop\n/);
    expect(readdirSync(here)).toEqual(["shop"]);
  });

  it("names the versions that were tested with it", () => {
    create(["shop", "--yes"]);
    const { dependencies, devDependencies, engines, name } = JSON.parse(read("shop/package.json"));
    const { peerDependencies, dependencies: ours, devDependencies: here, version } = packageJson;
    expect({ name, engines }).toEqual({ name: "shop", engines: packageJson.engines });
    expect(Object.keys(dependencies).sort()).toEqual([...Object.keys(peerDependencies), "slipway"].sort());
    expect({ ...ours, ...here, slipway: version }).toMatchObject({ ...dependencies, ...devDependencies });
  });

  it("writes workflows that call Slipway's, of the same version, with all that they ask for", () => {
    create(["shop", "--service", "guest-book", "--yes"]);
    const own = parse(read("shop/.github/workflows/terraform.yaml"));
    const ours = parse(readFileSync(join(__dirname, "../../.github/workflows/terraform.yaml"), "utf8"));
    const { uses, permissions, with: given } = own.jobs.terraform;
    expect(uses).toMatch(
      new RegExp(`^[\\w-]+/[\\w.-]+/.github/workflows/terraform.yaml@v${packageJson.version}$`),
    );
    const { workflow_call: called, ...events } = ours.on;
    expect(own.on).toEqual(events);
    expect(Object.keys(given)).toEqual(Object.keys(called.inputs).filter((name) => name !== "tests"));
    const asked = Object.values<{ permissions: object }>(ours.jobs).map((job) => job.permissions);
    expect(permissions).toEqual(Object.assign({}, ...asked));
    // What a rule for main has to ask for: of a called workflow GitHub names the calling job, too.
    const guide = readFileSync(join(__dirname, "../../docs/pipeline.md"), "utf8");
    for (const job of Object.keys(own.jobs)) expect(guide).toContain(`\`${job} / check\``);
    const deploy = parse(read("guest-book/.github/workflows/deploy.yaml"));
    for (const job of Object.keys(deploy.jobs)) expect(guide).toContain(`\`${job} / pull-request app\``);
    expect(deploy.jobs.web.uses).toMatch(new RegExp(`/build-and-deploy.yaml@v${packageJson.version}$`));
    // The repository of the called workflow has environments of its own, which are not this service's.
    expect(deploy.jobs.web.with.infrastructure).toBe("ORGANIZATION/shop");
    expect(read("guest-book/.github/workflows/deploy.yaml")).not.toContain(
      "OWNER/slipway is the repository with your",
    );
  });

  it("names Slipway's repository by what the build knows of it alone, and says where that is nothing", () => {
    const { repository, ...unknown } = JSON.parse(readFileSync(join(built, "templates.json"), "utf8"));
    const answers = { folder: "shop", region: "us-west-2", port: 80, health: "/", postgres: true };
    const written = (templates: typeof unknown) => [
      ...Object.values(projectFiles(templates, answers, {})),
      ...Object.values(serviceFiles(templates, "shop")),
    ];
    const naming = (name: string, texts: readonly string[]) => texts.filter((text) => text.includes(name));
    const named = written({ ...unknown, repository: "octo/ship" });
    expect(naming(PLACEHOLDER, named)).toEqual([]);
    expect(naming("octo/ship/.github/workflows/", named)).toHaveLength(3);
    expect(naming('"workflows": "octo/ship"', named)).toHaveLength(1);
    // npm publishes nothing that is private.
    const manifest = JSON.parse(readFileSync(join(built, "package.json"), "utf8"));
    expect(manifest.private).toBe(repository === undefined ? true : undefined);
    expect(create(["shop", "--yes"]).said.includes(PLACEHOLDER)).toBe(repository === undefined);
  });

  it("writes a service that asks for what its environments have", () => {
    create(["shop", "--service", "guest-book", "--yes"]);
    const names = [...read("guest-book/local.env").matchAll(/^(\w+)=/gm)].map(([, name]) => name);
    expect(names).toEqual(["POSTGRES_URL", "GOOSE_DRIVER", "GOOSE_DBSTRING"]);
    for (const name of names) expect(read("shop/environments/prod.ts")).toContain(name);
    expect(read("shop/environments/prod.ts")).toContain("migrations: true");
    // It needs goose, which its image brings.
    expect(read("shop/README.md")).not.toContain("npx slipway deploy staging --image v1    #");
    create(["other", "--yes"]);
    expect(read("other/README.md")).toContain("npx slipway deploy staging --image v1    #");
    expect(readdirSync(join(here, "guest-book"))).toEqual(
      expect.arrayContaining([".gitignore", "Dockerfile"]),
    );
  });

  it("names scripts that the repository has in which they stand", () => {
    create(["shop", "--service", "guest-book", "--yes"]);
    for (const folder of ["shop", "guest-book"]) {
      const { scripts } = JSON.parse(read(`${folder}/package.json`));
      const texts = ["README.md", "compose.yaml", "local.env"].map((file) => join(folder, file));
      const named = texts
        .filter((file) => existsSync(join(here, file)))
        .flatMap((file) =>
          [...read(file).matchAll(/npm run (?:-s )?([\w:]+)/g)].map(([, name = ""]) => name),
        );
      expect(
        named.filter((name) => !Object.keys(scripts).includes(name)),
        folder,
      ).toEqual([]);
    }
  });

  it("does without git, and makes no repository within another", () => {
    expect(create(["shop", "--yes"], { env: { PATH: base } }).status).toBe(0);
    expect(existsSync(join(here, "shop/.git"))).toBe(false);
    spawnSync("git", ["init", "--quiet"], { cwd: here });
    expect(create(["other", "--yes"]).status).toBe(0);
    expect(existsSync(join(here, "other/.git"))).toBe(false);
  });

  it("says that the project is whole where its packages cannot be had", () => {
    const npm = join(base, "npm");
    writeFileSync(npm, "#!/bin/sh\necho no network >&2\nexit 1\n");
    chmodSync(npm, 0o755);
    const { status, said } = create(["shop", "--yes", "--install"], {
      env: { PATH: `${base}:${process.env.PATH}` },
    });
    rmSync(npm);
    expect(said).toMatch(/no network\nnpm install failed\. shop is whole: run npm install there again/);
    expect(status).toBe(1);
    expect(existsSync(join(here, "shop/main.ts"))).toBe(true);
  });
});

describe("bad input", () => {
  it.each<[string, readonly string[], RegExp, number?, Surroundings?]>([
    ["an illegal name", ["My_Shop", "--yes"], /^<folder>: "My_Shop" must start with a letter and hold a-z/],
    [
      "several mistakes at once",
      ["shop", "--region", "us", "--port", "99999", "--health", "up", "--yes"],
      /^--region: "us" is no region[^\n]*\n--port: 99999 is above the most[^\n]*\n--health: "up" must start/,
      1,
    ],
    ["a port in words", ["shop", "--port", "http", "--yes"], /^--port: "http" is not a number/],
    [
      "no terminal",
      ["shop", "--port", "80"],
      /nobody can be asked here.*--region, --health, --postgres, or --yes/,
      64,
    ],
    ["an unknown option", ["shop", "--prot", "80"], /unknown option '--prot'\n\(Did you mean --port\?\)/, 64],
    ["a folder that is nowhere", ["a/shop", "--yes"], /there is no folder .*\/a\. Make it first/],
    ["one folder for both", ["shop", "--service", "./shop", "--yes"], /are two folders/],
    [
      "a service that would not fit",
      ["shop", "--service", "web", "--port", "80", "--no-postgres", "--yes"],
      /leave out --port, --postgres\./,
    ],
    [
      "a tarball that is not there",
      ["shop", "--slipway", "x.tgz", "--yes"],
      /^--slipway: there is no file x\.tgz/,
    ],
    [
      "an old Node",
      ["shop", "--yes"],
      /^Node 20\.8\.1 is too old: Slipway takes 20\.9 or later/,
      1,
      {
        node: ["--require", join(base, "old.js")],
      },
    ],
    [
      "options that npm kept",
      ["shop", "eu-central-1"],
      /npm kept --region for itself.*\n\n {2}npm create slipway@latest -- /,
      64,
      { env: { npm_lifecycle_event: "npx", npm_config_region: "true" } },
    ],
  ])("%s is refused in a sentence, and nothing is written", (_, words, sentence, code = 1, around = {}) => {
    writeFileSync(
      join(base, "old.js"),
      'Object.defineProperty(process.versions, "node", { value: "20.8.1" });',
    );
    const { status, said } = create(words, around);
    expect(said).toMatch(sentence);
    expect(status).toBe(code);
    expect(readdirSync(here)).toEqual([]);
  });

  it("a folder that is there stays as it is, also where the service's is the one", () => {
    mkdirSync(join(here, "shop"));
    const there = "shop is there already: give another name, or move it away first.";
    for (const words of [["shop"], ["other", "--service", "shop"]]) {
      const { status, said } = create([...words, "--yes"]);
      expect({ status, said }).toEqual({ status: 1, said: `${there}\n` });
      expect(readdirSync(here)).toEqual(["shop"]);
      expect(readdirSync(join(here, "shop"))).toEqual([]);
    }
  });

  it("a second create over a first is told of upgrades", () => {
    create(["shop", "--yes", "--region", "eu-west-1"]);
    const { status, said } = create(["shop", "--yes"]);
    expect(said).toMatch(
      /^shop is a project of Slipway's already: `npx slipway upgrade` there brings a newer version/,
    );
    expect(status).toBe(1);
    expect(read("shop/cdktf.json")).toContain("eu-west-1");
    expect(readdirSync(here)).toEqual(["shop"]);
  });

  it("a template that fails halfway leaves nothing", () => {
    // As a disk that is full: the second repository cannot be written.
    const script = `const fs = require("node:fs"), write = fs.writeFileSync;
      fs.writeFileSync = (file, ...rest) => { if (/Dockerfile$/.test(file)) throw new Error("ENOSPC: no space left"); return write(file, ...rest); };`;
    writeFileSync(join(base, "full.js"), script);
    const { status, said } = create(["shop", "--service", "web", "--yes"], {
      node: ["--require", join(base, "full.js")],
    });
    expect(said).toBe("Nothing was made: ENOSPC: no space left\n");
    expect(status).toBe(1);
    expect(readdirSync(here)).toEqual([]);
  });
});

describe("questions", () => {
  /** A terminal on which these lines are typed. */
  function terminal(...lines: readonly string[]) {
    const [input, output] = [new PassThrough(), new PassThrough()];
    let shown = "";
    output.on("data", (text) => {
      shown += text;
    });
    input.end(lines.map((line) => `${line}\n`).join(""));
    return { dialog: new Dialog(input, output), shown: () => shown };
  }

  it("are five, for what is not given", async () => {
    expect(missing({})).toHaveLength(5);
    const { dialog, shown } = terminal("", "", "", "");
    const answers = await complete({ port: "3000" }, dialog);
    expect(answers).toEqual({
      folder: "my-platform",
      region: "us-west-2",
      port: 3000,
      health: "/health",
      postgres: true,
    });
    expect(shown().match(/\?/g)?.length).toBe(4);
  });

  it("are asked again until the answer can be taken", async () => {
    const { dialog, shown } = terminal("shop", "nowhere", "eu-west-1", "80", "up", "/up", "maybe", "no");
    const answers = await complete({}, dialog);
    expect(answers).toEqual({
      folder: "shop",
      region: "eu-west-1",
      port: 80,
      health: "/up",
      postgres: false,
    });
    for (const mistake of [
      '"nowhere" is no region',
      '"up" must start with "/"',
      '"maybe" is neither "yes" nor "no"',
    ])
      expect(shown()).toContain(mistake);
  });

  it("end with who asks for nothing", async () => {
    const { dialog } = terminal("shop");
    await expect(complete({}, dialog)).rejects.toThrow(Interrupted);
  });
});

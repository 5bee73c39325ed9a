import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { synthesizeStacks } from "slipway/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exports, license } from "../../package.json";
import { compilerOptions } from "../../tsconfig.json";
import { compile } from "./support/compile";
import { Consumer } from "./support/consumer";
import { packHere } from "./support/packed";

const ROOT = join(__dirname, "../..");
let consumer: Consumer;
beforeAll(async () => {
  consumer = new Consumer(await packHere());
});
afterAll(() => consumer.remove());

const { "./package.json": manifest, "./typescript": loader, ...entries } = exports;

const MOVING = `
import { environment, small } from "slipway";
export default environment({
  preset: small,
  region: "us-west-2",
  registry: "app",
  distribution: { domain: { names: ["app.example.com"], zone: "example.com" } },
  services: { web: { port: 80, database: ["DATABASE_URL"] } },
  move: { from: { origin: "https://old.example.net", domain: "app.example.com" }, database: true },
});
`;

describe("the package", () => {
  it("holds its JavaScript, its declarations, its documentation, a licence and a README, and nothing else", () => {
    const sources = [
      ...[
        "aws",
        "cli",
        "deploy",
        "dns",
        "github",
        "guardrails",
        "import",
        "modules",
        "move",
        "npm",
        "plan",
        "postgres",
      ],
      ...["sandbox", "terminal", "terraform", "testing"],
    ];
    // What commands and declarations name: they are of this version, and lie beside it.
    const pages = readdirSync(join(ROOT, "docs"), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".md"))
      .map((file) => `docs/${file}`)
      .sort();
    const dist = new RegExp(`^dist/(app|(${[...sources, "shared"].join("|")})/[\\w./-]+)\\.(js|d\\.ts)$`);
    const others = consumer.files.filter((file) => !dist.test(file));
    expect(others).toEqual([
      ...["LICENSE", "README.md"],
      ...["check-node", "package-cache-file", "package-cache", "slipway", "typescript"].map(
        (file) => `bin/${file}.js`,
      ),
      "dist/LICENSES.txt",
      // The program of the task that moves a database: it runs in an image of Postgres.
      ...readdirSync(join(ROOT, "modules/move/mover"))
        .sort()
        .map((file) => `dist/modules/move/mover/${file}`)
        .filter((file) => !dist.test(file)),
      ...["engine/postgres-image/bin/psql", "iam/actions.json", "wire/provider.proto"].map(
        (file) => `dist/sandbox/${file}`,
      ),
      ...pages,
      "package.json",
    ]);
    const folders = new Set(consumer.files.map((file) => /^dist\/(\w+)\//.exec(file)?.[1]));
    expect([...folders].filter((one) => one !== undefined).sort()).toEqual([...sources, "shared"].sort());
  });

  it("declares what its exports lead to, and not what only commands run", () => {
    const declared = consumer.files.filter((file) => file.endsWith(".d.ts"));
    const folders = new Set(declared.map((file) => file.split("/")[1]));
    expect([...folders].sort()).toEqual(["app.d.ts", "aws", "guardrails", "modules", "testing"]);
  });

  it("has the licence that package.json names", () => {
    expect(license).toBe("Apache-2.0");
    expect(readFileSync(join(consumer.installed, "LICENSE"), "utf8")).toMatch(
      /Apache License\s+Version 2\.0/,
    );
  });

  it.each(Object.entries(entries))("leads from %s to files that are there", (_, { types, default: code }) => {
    for (const file of [types, code]) expect(existsSync(join(consumer.installed, file)), file).toBe(true);
  });

  it("leads to what loads a project's TypeScript", () => {
    expect(existsSync(join(consumer.installed, loader))).toBe(true);
  });

  it("leads to the same sources, here where it is not built", () => {
    const toSource = ({ default: code }: { default: string }) =>
      code.replace("./dist/", "./").replace(/js$/, "ts");
    const paths = Object.entries(entries).map(([entry, to]) => [
      entry.replace(/^\./, "slipway"),
      [toSource(to)],
    ]);
    expect(compilerOptions.paths).toEqual(Object.fromEntries(paths));
    expect(manifest).toBe("./package.json");
  });

  it("loads nothing of cdktf with what environment files import: deploy reads them, too", () => {
    const script = 'require("slipway"); process.stdout.write(Object.keys(require.cache).join("\\n"))';
    const { stdout } = spawnSync(process.execPath, ["-e", script], {
      cwd: consumer.folder,
      encoding: "utf8",
    });
    const loaded = stdout.split("\n");
    expect(loaded.filter((file) => /node_modules\/(cdktf|constructs|@cdktf)\//.test(file))).toEqual([]);
    expect(loaded.length).toBeGreaterThan(2);
  });

  it("is found by import as by require, with the same names", () => {
    const script = `
      import { createRequire } from "node:module";
      const require = createRequire(process.cwd() + "/");
      for (const entry of ${JSON.stringify(Object.keys(entries).map((one) => one.replace(".", "slipway")))}) {
        const names = Object.keys(require(entry));
        const missing = names.filter((name) => !(name in imported[entry]));
        if (names.length === 0 || missing.length > 0) throw new Error(entry + ": " + missing);
      }`;
    const imports = Object.keys(entries).map((one) => one.replace(".", "slipway"));
    const head = imports.map((entry, index) => `import * as m${index} from "${entry}";`).join("\n");
    const imported = `const imported = { ${imports.map((entry, index) => `"${entry}": m${index}`).join(", ")} };`;
    const { status, stderr } = spawnSync(
      process.execPath,
      ["--input-type=module", "-e", `${head}\n${imported}\n${script}`],
      { cwd: consumer.folder, encoding: "utf8" },
    );
    expect(status, stderr).toBe(0);
  });
});

describe("a project that depends on the package", () => {
  it("compiles as strictly as can be", () => {
    expect(compile(consumer, "typescript", "nodenext", "nodenext")).toEqual({ status: 0, stdout: "" });
  });

  it("synthesizes from it what this project does from its sources", () => {
    const here = synthesizeStacks(ROOT);
    const there = synthesizeStacks(consumer.folder);
    expect(Object.keys(there)).toEqual(
      ["bootstrap", ...readdirSync(join(ROOT, "environments")).map((file) => file.replace(".ts", ""))].sort(),
    );
    for (const [name, { json }] of Object.entries(here)) expect(there[name]?.json, name).toEqual(json);
  });

  it("finds the files that lie beside its sources: what a move runs", () => {
    consumer.write("environments/moving.ts", MOVING);
    const { moving } = synthesizeStacks(consumer.folder);
    rmSync(join(consumer.folder, "environments/moving.ts"));
    const { code } = moving?.one("aws_cloudfront_function", "distribution_front") ?? {};
    expect(code).toContain('const OLD_HOST = "old.example.net"');
  });

  it("plans and applies with nothing but what is installed, offline", () => {
    const slipway = (...words: readonly string[]) => {
      const env = { ...process.env, CI: "true", NO_COLOR: "1" };
      const bin = join(consumer.installed, "bin/slipway.js");
      return spawnSync(process.execPath, [bin, ...words], { cwd: consumer.folder, env, encoding: "utf8" });
    };
    const planned = slipway("plan", "staging", "--offline");
    expect(planned.stdout).toContain("To apply exactly this: npx slipway apply --offline staging");
    expect(planned.status, planned.stderr).toBe(2);
    const applied = slipway("apply", "staging", "--offline", "--auto-approve");
    expect(applied.status, applied.stderr).toBe(0);
    const again = slipway("plan", "staging", "--offline");
    expect(again.status, again.stdout).toBe(0);
    expect(slipway("postgres", "staging").stdout).toMatch(/^staging: postgres:\d+, database app/);
  });
});

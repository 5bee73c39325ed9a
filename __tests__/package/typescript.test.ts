import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";

const LOADER = join(__dirname, "../../bin/typescript.js");
const folder = mkdtempSync(join(tmpdir(), "slipway-typescript-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

const imported = (name: string, from: string) => `import { ${name} } from ${JSON.stringify(from)};`;

function run(file: string) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--require", LOADER, file], {
    cwd: folder,
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

describe("an old Node", () => {
  it.each([
    ["slipway", [join(__dirname, "../../bin/slipway.js"), "--version"]],
    ["what cdktf.json runs", ["--require", LOADER, "main.ts"]],
  ])("gets a sentence from %s, and nothing is loaded", (_, words) => {
    write({
      "old.js": 'Object.defineProperty(process.versions, "node", { value: "18.20.8" });',
      "main.ts": "console.log(1);",
    });
    const { status, stdout, stderr } = spawnSync(process.execPath, ["--require", "./old.js", ...words], {
      cwd: folder,
      encoding: "utf8",
    });
    const said = "Node 18.20.8 is too old: Slipway takes 20.9 or later. Nothing was done.\n";
    expect({ status, stdout, stderr }).toEqual({ status: 1, stdout: "", stderr: said });
  });
});

describe("slipway/typescript", () => {
  it("runs TypeScript beside packages of either kind, whichever loads which", () => {
    write({
      "package.json": '{ "name": "own" }',
      "main.ts": `${imported("plain", "plain")}
${imported("modern", "modern")}
${imported("helper", "./helper.js")}
${imported("type Missing", "./nowhere")}
interface Said { readonly words: readonly string[] }
const said: Said = { words: [plain(__dirname), modern, helper satisfies string] };
console.log(said.words.join(" "));`,
      "helper.ts": 'export const helper: string = "helped";',
      "environments/staging.ts": 'enum Kind { Own = "own" }\nexport default Kind.Own;',
      "node_modules/plain/package.json": '{ "name": "plain", "main": "index" }',
      // A package that loads a file of the project's, as slipway does.
      "node_modules/plain/index.js":
        'exports.plain = (folder) => require(require("node:path").join(folder, "environments/staging.ts")).default;',
      "node_modules/modern/package.json": '{ "name": "modern", "type": "module", "exports": "./index.js" }',
      "node_modules/modern/index.js": 'export { modern } from "./word.js";',
      "node_modules/modern/word.js": 'export const modern = "modern";',
    });
    expect(run("main.ts")).toEqual({ status: 0, stdout: "own modern helped\n", stderr: "" });
  });

  it.each(["main.ts", "main.mts"])("runs %s of a package of ES modules as one of any other", (main) => {
    write({
      "package.json": '{ "name": "own", "type": "module" }',
      [main]: `${imported("plain", "plain")}
${imported("helper", "./helper.js")}
console.log([plain(__dirname), plain(import.meta.dirname), helper satisfies string].join(" "));`,
      "helper.ts": 'export const helper: string = "helped";',
      "environments/staging.ts": 'export default "own";',
      "node_modules/plain/package.json": '{ "name": "plain", "main": "index" }',
      "node_modules/plain/index.js":
        'exports.plain = (folder) => require(require("node:path").join(folder, "environments/staging.ts")).default;',
    });
    expect(run(main)).toEqual({ status: 0, stdout: "own own helped\n", stderr: "" });
  });

  it("says where in a file's source an error is, though a package had it loaded", () => {
    write({
      "package.json": '{ "name": "own" }',
      "throws.ts": `${imported("call", "calls")}
interface Long {
  readonly name: string;
}
call(() => { throw new Error("no luck"); });`,
      "node_modules/calls/package.json": '{ "name": "calls" }',
      "node_modules/calls/index.js": "exports.call = (work) => work();",
    });
    const { status, stderr } = run("throws.ts");
    expect(status).toBe(1);
    expect(stderr).toMatch(/throws\.ts:5:\d+/);
  });

  it("compiles packages without the source maps in them, and leaves alone what only looks like one", () => {
    const map = "\n//# sourceMappingURL=data:application/json;base64,eyJ2ZXJzaW9uIjoz";
    write({
      "package.json": '{ "name": "own" }',
      "maps.ts": `${imported("Session", "node:inspector")}
${imported("built", "built")}
${imported("writes", "writes")}
const maps: Record<string, string> = {};
const session = new Session();
session.connect();
session.on("Debugger.scriptParsed", ({ params: { url, sourceMapURL } }) => {
  const name = /node_modules.(\\w+)/.exec(url)?.[1];
  if (name === "built" || name === "writes") maps[name] = sourceMapURL ?? "";
});
session.post("Debugger.enable");
console.log(JSON.stringify({ maps, said: [built, writes] }));`,
      "node_modules/built/package.json": '{ "name": "built" }',
      "node_modules/built/index.js": `exports.built = "built";${map}In0=\n`,
      "node_modules/writes/package.json": '{ "name": "writes" }',
      "node_modules/writes/index.js": `exports.writes = \`${map}\`;\nexports.more = 1;`,
    });
    const { stdout, stderr } = run("maps.ts");
    expect({ ...JSON.parse(stdout), stderr }).toEqual({
      maps: { built: "", writes: "" },
      said: ["built", map],
      stderr: "",
    });
  });

  it("loads nothing of cdktf's archiver, and cdktf archives an asset all the same", () => {
    const cdktf = JSON.stringify(join(__dirname, "../../node_modules/cdktf"));
    write({
      "package.json": '{ "name": "own" }',
      "cdktf.json": "{}",
      "asset/file.txt": "text",
      "archive.ts": `import { readFileSync } from "node:fs";
const { App, AssetType, TerraformAsset, TerraformOutput, TerraformStack } = require(${cdktf});
const app = new App({ outdir: "out", skipValidation: true });
const stack = new TerraformStack(app, "one");
const asset = new TerraformAsset(stack, "asset", { path: "asset", type: AssetType.ARCHIVE });
new TerraformOutput(stack, "path", { value: asset.path });
app.synth();
const { output } = JSON.parse(readFileSync("out/stacks/one/cdk.tf.json", "utf8"));
const archive = readFileSync(\`out/stacks/one/\${output.path.value}\`, "latin1");
const loaded = Object.keys(require.cache).filter((file) => /.archiver.index/.test(file));
console.log(JSON.stringify({ loaded, begins: archive.slice(0, 2) }));`,
    });
    const { stdout, stderr } = run("archive.ts");
    expect({ ...JSON.parse(stdout || "{}"), stderr }).toEqual({ loaded: [], begins: "PK", stderr: "" });
  });
});

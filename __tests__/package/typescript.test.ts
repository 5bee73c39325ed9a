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
});

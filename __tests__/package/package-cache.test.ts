import { spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const ROOT = join(__dirname, "../..");
/** Says which files of packages Node itself read. */
const SPY = `const fs = require("node:fs");
const { readFileSync } = fs;
const read = [];
fs.readFileSync = (file, ...rest) => {
  const [, found] = /node_modules.(spoken.*js)$/.exec(String(file)) ?? [];
  if (found) read.push(found);
  return readFileSync(file, ...rest);
};
process.once("exit", () => console.error(read.sort().join(" ")));`;
const SPOKEN = `exports.word = (name) => "word of " + name;
exports.unspoken = () => "never " + "called";
exports.fail = () => { throw new Error("no luck"); };
exports.again = require("./again").again;`;

let project = "";
beforeEach(() => {
  project = realpathSync(mkdtempSync(join(tmpdir(), "slipway-cache-")));
  // The loader as npm puts it there, and what it needs around the project.
  for (const name of ["bin", "package.json"])
    cpSync(join(ROOT, name), join(project, "node_modules/slipway", name), { recursive: true });
  for (const name of ["tsx", "esbuild", "@esbuild"])
    symlinkSync(join(ROOT, "node_modules", name), join(project, "node_modules", name));
  write({
    "spy.cjs": SPY,
    "main.ts": `import { again, word } from "spoken";
const mine: string = "a value of the project";
console.log(word("main"), again, mine.length);`,
    "node_modules/spoken/package.json": '{ "name": "spoken", "main": "index" }',
    "node_modules/spoken/index.js": SPOKEN,
    "node_modules/spoken/again.js": 'exports.again = "again";',
    "node_modules/spoken/other.mjs": 'export const other = "other";',
  });
});
afterEach(() => {
  chmodSync(join(project, "node_modules"), 0o755);
  rmSync(project, { recursive: true, force: true });
});

function write(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(project, name)), { recursive: true });
    writeFileSync(join(project, name), text);
  }
}

const argumentsOf = (file: string) => [
  ...["--require", join(project, "spy.cjs")],
  ...["--require", join(project, "node_modules/slipway/bin/typescript.js"), file],
];

const imported = (name: string, from: string) => `import { ${name} } from ${JSON.stringify(from)};`;

function run(file = "main.ts", environment: NodeJS.ProcessEnv = {}, node = process.execPath) {
  const { status, stdout, stderr } = spawnSync(node, argumentsOf(file), {
    cwd: project,
    env: { ...process.env, NODE_V8_COVERAGE: "", ...environment },
    encoding: "utf8",
  });
  return { status, said: stdout.trim(), read: stderr.trim() };
}

/** Stands where a script asks for what no package of this project's is: imports.test.ts reads these texts, too. */
const REQUIRE = "require";

const BOTH = "spoken/again.js spoken/index.js";
const said = "word of main again 22";
const folder = () => join(project, "node_modules/.cache/slipway");
const cacheOf = (program: string) => join(folder(), program);
const caches = () => readdirSync(folder());

describe("the cache of packages", () => {
  it("has what they hold from the second run on, with the functions that were called", () => {
    expect([run(), run(), run()]).toEqual([
      { status: 0, said, read: BOTH },
      { status: 0, said, read: "" },
      { status: 0, said, read: "" },
    ]);
    expect(caches()).toEqual(["main.ts"]);
    const kept = readFileSync(cacheOf("main.ts"), "latin1");
    // Once in the text; the second time in what V8 made of a function.
    expect(kept.split("word of ")).toHaveLength(3);
    expect(kept.split("never ")).toHaveLength(2);
  });

  it("holds nothing of a project's own files", () => {
    run();
    const kept = readFileSync(cacheOf("main.ts"), "latin1");
    expect(kept).toContain("spoken/index.js");
    expect(kept).not.toContain("a value of the project");
    expect(kept).not.toContain(`${project}/main.ts`);
  });

  it("lets go of a file that changed, be it as long and as old as before", () => {
    run();
    const file = join(project, "node_modules/spoken/again.js");
    const { atime, mtime } = statSync(file);
    writeFileSync(file, 'exports.again = "other";');
    utimesSync(file, atime, mtime);
    expect([run(), run()]).toEqual([
      { status: 0, said: "word of main other 22", read: "spoken/again.js" },
      { status: 0, said: "word of main other 22", read: "" },
    ]);
  });

  it("finds a file elsewhere once it is gone from where it was", () => {
    run();
    rmSync(join(project, "node_modules/spoken/again.js"));
    write({ "node_modules/spoken/again/index.js": 'exports.again = "moved";' });
    expect(run()).toEqual({ status: 0, said: "word of main moved 22", read: "spoken/again/index.js" });
  });

  it("finds what each file asks for from that file's folder, or from where it says", () => {
    write({
      "asks.ts": `import asks from "spoken/asks";\nconsole.log(JSON.stringify(asks));`,
      "here.js": "",
      "node_modules/spoken/asks.js": `const paths = (at) => ({ paths: [at] });
module.exports = [require("./one/deep/above"), require("./two/deep/above"), require("./one/beside"), require("./two/beside"),
  require.resolve("./here", paths(process.cwd())), require("./here"),
  ${REQUIRE}.resolve("lies", paths(process.cwd())), ${REQUIRE}.resolve("lies", paths(__dirname + "/one")),
  ${REQUIRE}("constructor")];`,
      "node_modules/spoken/here.js": "module.exports = __filename;",
      "node_modules/lies/index.js": "",
      "node_modules/constructor/index.js": 'module.exports = "a package";',
      "node_modules/spoken/one/node_modules/lies/index.js": "",
      ...Object.fromEntries(
        ["one", "two"].flatMap((name) => [
          [`node_modules/spoken/${name}/index.js`, `module.exports = "${name}";`],
          [`node_modules/spoken/${name}/beside.js`, 'module.exports = require(".");'],
          [`node_modules/spoken/${name}/deep/above.js`, 'module.exports = require("..");'],
        ]),
      ),
    });
    const asked = JSON.stringify([
      ...["one", "two", "one", "two"],
      ...["here.js", "node_modules/spoken/here.js"].map((file) => join(project, file)),
      ...["lies", "spoken/one/node_modules/lies"].map((it) => join(project, "node_modules", it, "index.js")),
      "a package",
    ]);
    expect([run("asks.ts"), run("asks.ts")].map(({ said }) => said)).toEqual([asked, asked]);
  });

  it("finds what a package imports of itself as the conditions say", () => {
    write({
      "imports.ts": `${imported("kind", "spoken/imports")}\nconsole.log(kind);`,
      "node_modules/spoken/package.json":
        '{ "name": "spoken", "imports": { "#kind": { "special": "./special.js", "default": "./plain.js" } } }',
      "node_modules/spoken/imports.js": `exports.kind = ${REQUIRE}("#kind");`,
      "node_modules/spoken/special.js": 'module.exports = "special";',
      "node_modules/spoken/plain.js": 'module.exports = "plain";',
    });
    const special = { NODE_OPTIONS: "--conditions=special" };
    const runs = [
      run("imports.ts"),
      run("imports.ts", special),
      run("imports.ts"),
      run("imports.ts", special),
    ];
    expect(runs.map(({ said }) => said)).toEqual(["plain", "special", "plain", "special"]);
  });

  it("reads anew what the process itself wrote meanwhile", () => {
    write({
      "writes.ts": `import { writeFileSync } from "node:fs";
const file = ${REQUIRE}.resolve("spoken/again");
const load = () => {
  delete require.cache[file];
  return require(file).again;
};
const before = load();
writeFileSync(file, "exports.again = '" + before + "+';");
console.log(before, load());`,
    });
    expect([run("writes.ts"), run("writes.ts")].map(({ said }) => said)).toEqual([
      "again again+",
      "again+ again++",
    ]);
  });

  it("lets go of a file where a folder was", () => {
    write({
      "node_modules/spoken/other/deep.js": "",
      "node_modules/spoken/again.js": 'require("./other/deep");\nexports.again = "again";',
    });
    run();
    rmSync(join(project, "node_modules/spoken/other"), { recursive: true });
    write({ "node_modules/spoken/other": "", "node_modules/spoken/again.js": 'exports.again = "again";' });
    expect(run()).toEqual({ status: 0, said, read: "spoken/again.js" });
  });

  it("is written anew where it is torn", () => {
    run();
    const whole = readFileSync(cacheOf("main.ts"));
    for (const torn of [whole.subarray(0, whole.length / 2), Buffer.alloc(0), flipped(whole)]) {
      writeFileSync(cacheOf("main.ts"), torn);
      expect([run(), run()]).toEqual([
        { status: 0, said, read: BOTH },
        { status: 0, said, read: "" },
      ]);
    }
  });

  it("is for the Node that ran last, and for that build of it", () => {
    const node = join(project, "node");
    cpSync(process.execPath, node);
    expect(
      [run(), run("main.ts", {}, node), run("main.ts", {}, node), run()].map(({ read }) => read),
    ).toEqual([BOTH, BOTH, "", BOTH]);
    // What another Node left takes no place for ever.
    expect(caches()).toEqual(["main.ts"]);
  });

  it("is done without where it cannot be written", () => {
    // A file where its folder would be: root writes to folders that are read-only.
    write({ "node_modules/.cache": "" });
    chmodSync(join(project, "node_modules"), 0o555);
    expect([run(), run()]).toEqual([
      { status: 0, said, read: BOTH },
      { status: 0, said, read: BOTH },
    ]);
  });

  it("is whole after many wrote at once", async () => {
    const codes = await Promise.all(
      Array.from(
        { length: 4 },
        () =>
          new Promise((done) =>
            spawn(process.execPath, argumentsOf("main.ts"), { cwd: project, stdio: "ignore" }).once(
              "exit",
              done,
            ),
          ),
      ),
    );
    expect(codes).toEqual([0, 0, 0, 0]);
    expect(caches()).toEqual(["main.ts"]);
    expect(run()).toEqual({ status: 0, said, read: "" });
  });

  it("is none where NODE_DISABLE_COMPILE_CACHE says so, or what is covered is counted", () => {
    for (const environment of [
      { NODE_DISABLE_COMPILE_CACHE: "1" },
      { NODE_V8_COVERAGE: join(project, "coverage") },
    ])
      expect(run("main.ts", environment).said).toBe(said);
    expect(readdirSync(join(project, "node_modules"))).not.toContain(".cache");
  });

  it("is none for a program of another folder", () => {
    const other = mkdtempSync(join(tmpdir(), "slipway-cache-other-"));
    writeFileSync(join(other, "main.ts"), 'console.log("other" as string);');
    expect(run(join(other, "main.ts")).said).toBe("other");
    expect(readdirSync(join(project, "node_modules"))).not.toContain(".cache");
    rmSync(other, { recursive: true });
  });

  it("keeps places in errors, and what modules may import and require", () => {
    write({
      "places.ts": `import { fail } from "spoken";
${imported("other", "spoken/imports")}
${imported("resolves", "spoken/resolves")}
${imported("first", "spoken/first")}
interface Long {
  readonly name: string;
}
void other().then((word: string) => {
  console.log(word, resolves, first());
  fail();
});`,
      "node_modules/spoken/first.js": "exports.first = () => new Error().stack.match(/first.js:[\\d:]+/)[0];",
      "node_modules/spoken/imports.js":
        'exports.other = () => import("./other.mjs").then(({ other }) => other);',
      "node_modules/spoken/resolves.js":
        'exports.resolves = [require.resolve("./again"), require.main.filename, module.parent.filename, __filename].map((file) => require("node:path").basename(file)).join(" ");',
    });
    const runs = [run("places.ts"), run("places.ts")];
    for (const { status, said, read } of runs) {
      expect({ status, said }).toEqual({
        status: 1,
        said: "other again.js places.ts places.ts resolves.js first.js:1:23",
      });
      expect(read).toMatch(
        /no luck\n\s+at exports\.fail \(.*spoken.index\.js:3:30\)\n\s+at .*places\.ts:10:3/,
      );
    }
  });
});

/** The same with another byte in the middle, in what V8 does not look at. */
function flipped(whole: Buffer): Buffer {
  const other = Buffer.from(whole);
  const at = other.length - 200;
  other.writeUInt8(other.readUInt8(at) ^ 0xff, at);
  return other;
}

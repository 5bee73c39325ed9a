// `node --require slipway/typescript main.ts` runs TypeScript: tsx compiles what is such, and all that packages hold is loaded by
// Node itself, which is twice as quick: tsx reads each of their files for what it might have to change, and every source map.
require("./check-node");
const Module = require("node:module");
const { join, sep } = require("node:path");
const { openPackageCache } = require("./package-cache");

const PACKAGES = `${sep}node_modules${sep}`;
// As the compiler writes it: {"version":3 in base64.
const MAP = "\n//# sourceMappingURL=data:application/json;base64,eyJ2ZXJzaW9uIjoz";
const TYPESCRIPT = /\.[cm]?tsx?$/;
const cache = openPackageCache();
const { _extensions: loaders } = Module;
const [load, resolve] = [loaders[".js"], Module._resolveFilename];
// tsx itself is a package, too.
let mapped = false;
loaders[".js"] = loadPackage;
const { register } = require("tsx/cjs/api");
loaders[".js"] = load;
register();
mapped = true;
const [loadAny, resolveAny] = [loaders[".js"], Module._resolveFilename];

loaders[".js"] = (module, file) =>
  file.includes(PACKAGES) ? loadPackage(module, file) : loadAny(module, file);
// What a package loads in turn may be TypeScript, whose places in errors are its source's.
for (const extension of [".ts", ".tsx"]) {
  const compile = loaders[extension];
  loaders[extension] = (module, file) => withSourceMaps(true, () => compile(module, file));
}
Module._resolveFilename = (request, parent, isMain, options) => {
  if (request === "archiver" && isIdle(parent)) return __filename;
  if (!parent?.filename?.includes(PACKAGES)) return resolveAny(request, parent, isMain, options);
  const search = () => resolve(request, parent, isMain, options);
  // With options, it is looked for elsewhere than beside the file that asks.
  return cache === undefined || options !== undefined ? search() : cache.resolve(request, parent, search);
};

// Node hands a main that is an ES module (.mts, or "type": "module" in package.json) to another loader, past all of this.
const { runMain } = Module;
Module.runMain = (main = process.argv[1]) =>
  TYPESCRIPT.test(main) ? Module._load(main, null, true) : runMain(main);

// cdktf writes an asset's archive in a process of its own, in which this file is the main one; in all others it loads the two
// hundred files of `archiver`, a third of what it loads, and never calls them. They get this module, which is empty, instead.
// Source: cdktf/lib/private/fs.js, archiveSync.
function isIdle(parent) {
  return parent?.id !== "." && parent?.filename?.endsWith(join("cdktf", "lib", "private", "fs.js"));
}

function loadPackage(module, file) {
  if (cache?.load(module, file)) return;
  try {
    withSourceMaps(false, () => load(prepared(module), file));
  } catch (error) {
    // Before 20.19 Node requires no ES module.
    if (error.code !== "ERR_REQUIRE_ESM") throw error;
    loadAny(module, file);
  }
}

// The same module, which compiles its script without the source map in its last line, and keeps it: two thirds of the bindings are maps.
function prepared(module) {
  const { _compile: compile } = module;
  module._compile = (script, file, format) => {
    const end = script.indexOf(MAP);
    const next = script.indexOf("\n", end + 1);
    const isLast = end >= 0 && (next < 0 || next === script.length - 1);
    const text = isLast ? script.slice(0, end) : script;
    if (format !== "module" && cache?.compile(module, text, file)) return;
    compile.call(module, text, file, format);
  };
  return module;
}

function withSourceMaps(wanted, work) {
  const before = mapped;
  set(wanted);
  try {
    return work();
  } finally {
    set(before);
  }
}

function set(wanted) {
  if (wanted !== mapped) process.setSourceMapsEnabled(wanted);
  mapped = wanted;
}

// `node --require slipway/typescript main.ts` runs TypeScript: tsx compiles what is such, and all that packages hold is loaded by
// Node itself, which is twice as quick: tsx reads each of their files for what it might have to change, and every source map.
require("./node");
const Module = require("node:module");
const { join, sep } = require("node:path");

// Since Node 22.1; NODE_COMPILE_CACHE says where it lies, NODE_DISABLE_COMPILE_CACHE=1 does without it.
Module.enableCompileCache?.();

const PACKAGES = `${sep}node_modules${sep}`;
// As the compiler writes it: {"version":3 in base64.
const MAP = "\n//# sourceMappingURL=data:application/json;base64,eyJ2ZXJzaW9uIjoz";
const TYPESCRIPT = /\.[cm]?tsx?$/;
const { _extensions: loaders } = Module;
const [load, resolve] = [loaders[".js"], Module._resolveFilename];
require("tsx/cjs");
const [loadAny, resolveAny] = [loaders[".js"], Module._resolveFilename];

let mapped = true;
loaders[".js"] = (module, file) => {
  if (!file.includes(PACKAGES)) return loadAny(module, file);
  try {
    return withSourceMaps(false, () => load(withoutMap(module), file));
  } catch (error) {
    // Before 20.19 Node requires no ES module.
    if (error.code !== "ERR_REQUIRE_ESM") throw error;
    return loadAny(module, file);
  }
};
// What a package loads in turn may be TypeScript, whose places in errors are its source's.
for (const extension of [".ts", ".tsx"]) {
  const compile = loaders[extension];
  loaders[extension] = (module, file) => withSourceMaps(true, () => compile(module, file));
}
Module._resolveFilename = (request, parent, ...rest) => {
  if (request === "archiver" && isIdle(parent)) return __filename;
  return (parent?.filename?.includes(PACKAGES) ? resolve : resolveAny)(request, parent, ...rest);
};

// Node gives a .mts, and what a package.json calls "type": "module", to a loader of its own, past all of this.
const { runMain } = Module;
Module.runMain = (main = process.argv[1]) =>
  TYPESCRIPT.test(main) ? Module._load(main, null, true) : runMain(main);

// cdktf writes an asset's archive in a process of its own, in which this file is the main one; in all others it loads the two
// hundred files of `archiver`, a third of what it loads, and never calls them. They get this module, which is empty, instead.
// Source: cdktf/lib/private/fs.js, archiveSync.
function isIdle(parent) {
  return parent?.id !== "." && parent?.filename?.endsWith(join("cdktf", "lib", "private", "fs.js"));
}

// The module, whose script is compiled without the source map that is its last line: the bindings are maps by two thirds.
function withoutMap(module) {
  const { _compile: compile } = module;
  module._compile = (script, ...rest) => {
    const end = script.indexOf(MAP);
    const next = script.indexOf("\n", end + 1);
    const isLast = end >= 0 && (next < 0 || next === script.length - 1);
    return compile.call(module, isLast ? script.slice(0, end) : script, ...rest);
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

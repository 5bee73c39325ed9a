// `node --require slipway/typescript main.ts` runs TypeScript: tsx compiles what is such, and all that packages hold is loaded by
// Node itself, which is twice as quick: tsx reads each of their files for what it might have to change, and every source map.
const Module = require("node:module");
const { sep } = require("node:path");

// Since Node 22.1; NODE_COMPILE_CACHE says where it lies, NODE_DISABLE_COMPILE_CACHE=1 does without it.
Module.enableCompileCache?.();

const PACKAGES = `${sep}node_modules${sep}`;
const { _extensions: loaders } = Module;
const [load, resolve] = [loaders[".js"], Module._resolveFilename];
require("tsx/cjs");
const [loadAny, resolveAny] = [loaders[".js"], Module._resolveFilename];

let mapped = true;
loaders[".js"] = (module, file) => {
  if (!file.includes(PACKAGES)) return loadAny(module, file);
  try {
    return withSourceMaps(false, () => load(module, file));
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
Module._resolveFilename = (request, parent, ...rest) =>
  (parent?.filename?.includes(PACKAGES) ? resolve : resolveAny)(request, parent, ...rest);

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

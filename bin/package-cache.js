// What a process found, read and compiled of packages, for the next one: in node_modules/.cache/slipway, a file for each program,
// which is of the Node that ran it last. A synthesis spends a quarter of its time on compiling the same files again, and a tenth on
// finding and reading them. They are kept as the process ends, so that the functions which it called are compiled in them, too; of a
// project's own files nothing is kept. NODE_DISABLE_COMPILE_CACHE=1 does without it. Node's own, module.enableCompileCache() since
// 22.1, compiles and does nothing else, keeps no function that was called, and does keep a project's files, in a folder of all.
const Module = require("node:module");
const { dirname, isAbsolute, join, relative, resolve, sep } = require("node:path");
const { Script } = require("node:vm");
const { isFresh, readCache, stateOf, writeCache } = require("./package-cache-file");

const PACKAGES = `${sep}node_modules${sep}`;
// Texts that are not kept: those with letters of two bytes, as all texts lie in one string of single bytes; and those that call
// import() (comments on types aside), which Node 20 refuses to a script from a cache.
const UNFIT = /[^\0-\xff]|(?<!@type \{(?:typeof )?)\bimport\s*\(/;

/** The cache of the program that runs; none where none is wanted, and for programs that are not the project's. */
exports.openPackageCache = () => {
  // What comes from a cache is not counted as covered.
  const { NODE_DISABLE_COMPILE_CACHE, NODE_V8_COVERAGE } = process.env;
  const file = placeOf(process.argv[1]);
  if (NODE_DISABLE_COMPILE_CACHE || NODE_V8_COVERAGE || !file) return undefined;
  const kept = readCache(file);
  const [states, fresh, used, packages] = [new Map(), new Map(), new Map(), new Map()];
  let isNew = false;
  process.once("exit", () => {
    if (isNew) writeCache(file, new Map([...[...kept].filter(isFresh), ...used]));
  });

  const find = (name) => {
    const entry = kept.get(name);
    if (entry === undefined) return undefined;
    if (!fresh.has(name)) fresh.set(name, isFresh([name, entry]));
    return fresh.get(name) ? entry : undefined;
  };
  const packageOf = (name) => {
    const [folder] = /^.*[\\/]node_modules[\\/](@[^\\/]+[\\/])?[^\\/]+/.exec(name);
    if (!packages.has(folder)) packages.set(folder, { found: Object.create(null) });
    return packages.get(folder);
  };
  const run = (module, name, entry, script) => {
    isNew ||= entry.code === undefined || script.cachedDataRejected;
    used.set(name, { ...entry, script });
    const { exports } = module;
    script.runInThisContext().call(exports, exports, requireOf(module), module, name, dirname(name));
    return true;
  };
  return {
    /** Runs a module from the cache. Returns false where its file is not in it, or has changed. */
    load(module, name) {
      // Since it was found, the process may have written it.
      fresh.delete(name);
      const entry = find(name);
      if (entry !== undefined) return run(module, name, entry, scriptOf(name, entry));
      // Taken before the file is read: a change in between makes the entry stale, not wrong.
      states.set(name, stateOf(name));
      return false;
    },
    /** Compiles, runs and keeps a CommonJS module. Returns false where its text cannot be kept. */
    compile(module, text, name) {
      if (UNFIT.test(text)) return false;
      const entry = { ...states.get(name), text: Module.wrap(text), found: {} };
      let script;
      try {
        script = scriptOf(name, entry);
      } catch {
        return false;
      }
      return run(module, name, entry, script);
    },
    /**
     * The file that a module of a package requires. One of the same package is looked for again only where it has changed. One of
     * another package is looked for once for all modules of a package: npm puts packages beside or below each other's folders,
     * never between a package's own files. A name with # is always looked for: it depends on Node's conditions.
     */
    resolve(request, { filename }, search) {
      if (request.startsWith("#")) return search();
      const isOwn = /^\.\.?(\/|$)/.test(request);
      const { found } = (isOwn ? used.get(filename) : packageOf(filename)) ?? {};
      if (found === undefined) return search();
      if (isOwn && find(found[request]) === undefined) found[request] = search();
      else found[request] ??= search();
      return found[request];
    },
  };
};

/** The file of a program's cache: below node_modules of the project that has Slipway installed. */
function placeOf(program = sep) {
  const at = __filename.indexOf(PACKAGES);
  const project = at < 0 ? join(__dirname, "..") : __filename.slice(0, at);
  const name = relative(project, resolve(program));
  if (name === "" || name.startsWith("..") || isAbsolute(name)) return undefined;
  return join(project, "node_modules", ".cache", "slipway", encodeURIComponent(name));
}

const scriptOf = (filename, { text, code }) =>
  new Script(text, { filename, columnOffset: -Module.wrapper[0].length, cachedData: code });

/** The `require` that Node gives a module. Source: makeRequireFunction in node/lib/internal/modules/helpers.js. */
function requireOf(module) {
  const require = (id) => module.require(id);
  require.resolve = (request, options) => Module._resolveFilename(request, module, false, options);
  require.resolve.paths = (request) => Module._resolveLookupPaths(request, module);
  return Object.assign(require, {
    main: process.mainModule,
    extensions: Module._extensions,
    cache: Module._cache,
  });
}

import { writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { type Plugin, rolldown } from "rolldown";
import { exports, peerDependencies } from "../package.json";
import { ascii, licences, ROOT } from "./bundle";

/** Packages that a project has one of, its own. */
const PEERS = Object.keys(peerDependencies);

/** The entry that looks at the peers before anything loads them: it stays as it is compiled, and what it loads is joined instead. */
const FIRST = "app";
const LOADED_BY_FIRST = ["modules/app", "modules/mistakes", "modules/peers"];

/** Lets a source find what lies beside it: what reads that stands in another folder than the source did, and its data where it was. */
const folders: Plugin = {
  name: "folders",
  transform(code, id) {
    if (!id.startsWith(ROOT) || id.includes("node_modules") || !code.includes("__dirname")) return null;
    return code.replaceAll("__dirname", `__folder(${JSON.stringify(relative(ROOT, dirname(id)))})`);
  },
  renderChunk(code, { fileName }) {
    if (!code.includes("__folder(")) return null;
    return code.replaceAll(
      /__folder\(["']([^"']*)["']\)/g,
      (_, folder: string) =>
        `require("node:path").join(__dirname, ${JSON.stringify(relative(dirname(fileName), folder))})`,
    );
  },
};

/** Has a class of resources loaded when the first of them is made: no environment has all, and some are of ten thousand lines. */
const laterResources: Plugin = {
  name: "later resources",
  renderChunk: (code) =>
    code.replaceAll(
      /^let (\w+) = require\("(@cdktf\/provider-aws\/lib\/[^"]+)"\);$/gm,
      (_, name: string, path: string) => {
        const used = [...code.matchAll(new RegExp(`\\b${name}\\.(\\w+)`, "g"))].map(([, one]) => one);
        const getters = [...new Set(used)].map((one) => `get ${one}() { return require("${path}").${one}; }`);
        return `const ${name} = { ${getters.join(", ")} };`;
      },
    ),
};

const asciiAlone: Plugin = { name: "ascii alone", renderChunk: ascii };

/**
 * Writes each entry of the package anew: with all that it uses, dependencies included, in few files instead of two hundred and
 * fifty, which Node would look for and read one by one; a synthesis spends a sixth of its time there. What two entries use
 * stands once, in `dist/shared/`, so that they know each other's classes. Declarations and commands stay as they are compiled.
 *
 * @param dist the folder that is compiled already
 */
export async function joinEntries(dist: string): Promise<void> {
  const files = Object.values(exports).flatMap((entry) => (typeof entry === "string" ? [] : [entry.default]));
  const names = files.map((file) => file.replace("./dist/", "").replace(/\.js$/, ""));
  const joined = [...names.filter((name) => name !== FIRST), ...LOADED_BY_FIRST];
  const whole = await rolldown({
    cwd: ROOT,
    input: Object.fromEntries(joined.map((name) => [name, join(ROOT, `${name}.ts`)])),
    platform: "node",
    plugins: [folders, laterResources, asciiAlone],
    external: (id) => PEERS.some((peer) => id === peer || id.startsWith(`${peer}/`)),
    onLog: (level, log, handle) => handle(level === "warn" ? "error" : level, log),
  });
  const { output } = await whole.write({
    dir: dist,
    format: "cjs",
    entryFileNames: "[name].js",
    chunkFileNames: "shared/[name].js",
  });
  const sources = output.flatMap((file) => (file.type === "chunk" ? file.moduleIds : []));
  writeFileSync(join(dist, "LICENSES.txt"), licences(sources));
}

import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";

const ROOT = join(__dirname, "..");

/**
 * The same app the way of cdktf's own TypeScript template: every import from the provider package's index, run by
 * ts-node, which checks types as it goes. Returns the arguments for Node.
 */
export function stockApp(folder: string): string[] {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const name of [
    "aws",
    "modules",
    "guardrails",
    "environments",
    "app.ts",
    "main.ts",
    "cdktf.json",
    "package.json",
  ]) {
    cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  }
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  // The template's compiler options, with what this app's sources need beside them.
  const compilerOptions = {
    target: "ES2022",
    lib: ["ES2023"],
    module: "CommonJS",
    moduleResolution: "node10",
    strict: true,
    esModuleInterop: true,
    resolveJsonModule: true,
    skipLibCheck: true,
    types: ["node"],
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions }));
  for (const file of sources(folder)) writeFileSync(file, throughTheIndex(byPath(file, folder)));
  return [
    join(ROOT, "node_modules/ts-node/dist/bin.js"),
    "--compiler",
    "typescript-stock",
    join(folder, "main.ts"),
  ];
}

function sources(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (name === "node_modules") return [];
    if (statSync(path).isDirectory()) return sources(path);
    return name.endsWith(".ts") ? [path] : [];
  });
}

/** A source that finds this package's entries by their paths: ts-node knows no others. */
function byPath(file: string, folder: string): string {
  const to = (entry: string) => `from "./${relative(dirname(file), join(folder, entry))}"`;
  return readFileSync(file, "utf8")
    .replace(/from "slipway"/g, to("modules/index"))
    .replace(/from "slipway\/app"/g, to("app"));
}

/** `import { Vpc } from ".../lib/vpc"` as the index has it: `vpc.Vpc`. */
function throughTheIndex(source: string): string {
  const pattern = /^import (?:type )?\{ (.+) \} from "@cdktf\/provider-aws\/lib\/([\w-]+)";$/gm;
  return source.replace(pattern, (_, names: string, module: string) => {
    const namespace = module.replace(/-(\w)/g, (_match, letter: string) => letter.toUpperCase());
    const aliases = names
      .split(", ")
      .map((name) => name.replace(/^type /, ""))
      .map((name) => `import ${name} = ${namespace}_.${name};`);
    return `import { ${namespace} as ${namespace}_ } from "@cdktf/provider-aws"; ${aliases.join(" ")}`;
  });
}

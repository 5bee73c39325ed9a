import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import type { Templates } from "../create/project";
import { dependencies, devDependencies, version } from "../package.json";
import { ROOT, writeBundle } from "./bundle";
import { REPOSITORY } from "./repository";

const README = `# create-slipway

\`npm create slipway@latest my-platform\` writes a project whose environments are those of
[slipway](https://www.npmjs.com/package/slipway): two environments, a construct of their own, tests, a workflow. It asks five questions, or takes
flags behind \`--\`: \`npm create slipway@latest -- --help\`.
`;

/** Writes the package create-slipway to a folder: create/ in one file, and beside it the repositories that it writes. */
export const buildCreatePackage = (folder: string): Promise<void> =>
  writeBundle(folder, {
    name: "create-slipway",
    description: "Writes a project whose environments are slipway's.",
    readme: README,
    input: "create/main.ts",
    file: "create.js",
    beside: {
      "create-slipway.js": readFileSync(join(ROOT, "create/bin.js"), "utf8"),
      "templates.json": `${JSON.stringify(templates())}\n`,
    },
    bin: "create-slipway.js",
  });

/** What create-slipway writes, with the versions that are used here. */
function templates(): Templates {
  const project = filesIn(join(ROOT, "create/template"));
  const manifest = project["package.json"] ?? "";
  const versions: Readonly<Record<string, string>> = {
    ...devDependencies,
    ...dependencies,
    slipway: version,
  };
  const exact = manifest.replaceAll(/"([^"]+)": "\*"/g, (_, name) => `"${name}": "${versions[name]}"`);
  const service = filesIn(join(ROOT, "examples/service"));
  return {
    ...{ project: { ...project, "package.json": exact }, service, version },
    ...(REPOSITORY && { repository: REPOSITORY }),
  };
}

/** Every file below a folder, but for what git keeps none of. */
function filesIn(folder: string): Record<string, string> {
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .filter((path) => !/(^|\/)(node_modules|cdktf\.out|\.sandbox)\//.test(path))
    .sort();
  return Object.fromEntries(paths.map((path) => [path, readFileSync(join(folder, path), "utf8")]));
}

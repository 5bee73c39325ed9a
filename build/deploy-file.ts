import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { rolldown } from "rolldown";
import { engines, license, version } from "../package.json";

const ROOT = join(__dirname, "..");

/** The package's name, and its one file's. */
const NAME = "slipway-deploy";

const README = `# slipway-deploy

The commands of [slipway](https://www.npmjs.com/package/slipway) that need an applied environment alone (deploy, rollback, status, check,
run, policy, image, logs, exec, psql, secret, open), in one file without dependencies: \`npx slipway-deploy deploy staging --image v42\`.
`;

/** Writes the package slipway-deploy to a folder: deploy/ and all that it uses in one file, which runs on Node with nothing beside it. */
export async function buildDeployFile(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const bundle = await rolldown({
    cwd: ROOT,
    input: join(ROOT, "deploy/main.ts"),
    platform: "node",
    onLog: (level, log, handle) => handle(level === "warn" ? "error" : level, log),
  });
  const { output } = await bundle.generate({
    format: "cjs",
    minify: true,
    codeSplitting: false,
    banner: "#!/usr/bin/env node",
  });
  const [{ code, moduleIds }] = output;
  const file = `${NAME}.js`;
  writeFileSync(join(folder, file), ascii(code), { mode: 0o755 });
  writeFileSync(join(folder, "LICENSES.txt"), licences(moduleIds));
  writeFileSync(join(folder, "README.md"), README);
  cpSync(join(ROOT, "LICENSE"), join(folder, "LICENSE"));
  const description = "Ships a release into an environment of slipway's, from one file.";
  const bin = { [NAME]: file };
  const manifest = { name: NAME, version, description, license, bin, engines, files: [file, "LICENSES.txt"] };
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** The same script in ASCII, which Node reads in half the memory. Without comments, other letters stand in literals alone. */
const ascii = (code: string) =>
  code.replaceAll(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** The licences of the packages that these files are of. */
function licences(files: readonly string[]): string {
  const folders = files.flatMap((file) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? []);
  const texts = [...new Set(folders)].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const found = readdirSync(folder).find((file) => /^licen[cs]e(\.|$)/i.test(file));
    const text = found ? readFileSync(join(folder, found), "utf8") : "";
    return `${name} ${version}: ${license}\n\n${text.trim()}\n`;
  });
  return texts.join(`\n${"-".repeat(80)}\n\n`);
}

import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { rolldown } from "rolldown";
import { engines, license, version } from "../package.json";
import { REPOSITORY } from "./repository";

export const ROOT = join(__dirname, "..");

/** A package of one program, without dependencies. */
export interface Bundle {
  readonly name: string;
  readonly description: string;
  /** What its page on npm says. */
  readonly readme: string;
  /** The source that the program begins with, within this repository. */
  readonly input: string;
  /** The file that all of it becomes. */
  readonly file: string;
  /** What is written before it. */
  readonly banner?: string;
  /** Further files, by name: those that the program reads, or begins with. */
  readonly beside?: Readonly<Record<string, string>>;
  /** The file that the command is. */
  readonly bin: string;
}

/** Writes such a package to a folder: a source and all that it uses in one file, which runs on Node with nothing beside it. */
export async function writeBundle(folder: string, bundle: Bundle): Promise<void> {
  const { name, description, readme, input, file, banner, beside = {}, bin } = bundle;
  mkdirSync(folder, { recursive: true });
  const whole = await rolldown({
    cwd: ROOT,
    input: join(ROOT, input),
    platform: "node",
    onLog: (level, log, handle) => handle(level === "warn" ? "error" : level, log),
  });
  const { output } = await whole.generate({
    format: "cjs",
    minify: true,
    codeSplitting: false,
    ...(banner && { banner }),
  });
  const [{ code, moduleIds }] = output;
  const files = { [file]: ascii(code), ...beside, "LICENSES.txt": licences(moduleIds) };
  for (const [path, text] of Object.entries(files))
    writeFileSync(join(folder, path), text, { mode: path === bin ? 0o755 : 0o644 });
  writeFileSync(join(folder, "README.md"), readme);
  cpSync(join(ROOT, "LICENSE"), join(folder, "LICENSE"));
  const manifest = {
    ...{ name, version, description, license, engines },
    // npm publishes nothing that is private: by hand, too, it gets no package that does not say whose it is.
    ...(REPOSITORY
      ? { repository: { type: "git", url: `git+https://github.com/${REPOSITORY}.git` } }
      : { private: true }),
    ...{ bin: { [name]: bin }, files: Object.keys(files) },
  };
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** The same script in ASCII, which Node reads in half the memory. Outside of comments, other letters stand in literals alone. */
export const ascii = (code: string) =>
  code.replaceAll(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** The licences of the packages that these files are of. */
export function licences(files: readonly string[]): string {
  const folders = files.flatMap((file) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? []);
  const texts = [...new Set(folders)].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const found = readdirSync(folder).find((file) => /^licen[cs]e(\.|$)/i.test(file));
    const text = found ? readFileSync(join(folder, found), "utf8") : "";
    return `${name} ${version}: ${license}\n\n${text.trim()}\n`;
  });
  return texts.join(`\n${"-".repeat(80)}\n\n`);
}

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const WORKFLOWS = ".github/workflows";

/** Files of a project whose workflows call another repository's at a version. */
export function callersOf(project: string, version: string): string[] {
  const folder = join(project, WORKFLOWS);
  const files = existsSync(folder) ? readdirSync(folder).filter((file) => /\.ya?ml$/.test(file)) : [];
  const called = files.filter((file) =>
    readFileSync(join(folder, file), "utf8")
      .split("\n")
      .some(
        (line) =>
          /^\s*uses: \S+\/\.github\/workflows\//.test(line) && line.trimEnd().endsWith(`@v${version}`),
      ),
  );
  return called.sort().map((file) => `${WORKFLOWS}/${file}`);
}

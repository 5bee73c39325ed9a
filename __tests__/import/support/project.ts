import { spawnSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Outcome, slipwayHere } from "../../support/commands-here";

const ROOT = join(__dirname, "../../..");
const AUTOMATED = { CI: "true", NO_COLOR: "1" };

/** A team's project whose package `slipway` is these sources, without an environment yet. */
export class Project {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), "slipway-import-")));

  constructor() {
    const modules = join(this.folder, "node_modules");
    mkdirSync(modules);
    for (const name of readdirSync(join(ROOT, "node_modules")))
      symlinkSync(join(ROOT, "node_modules", name), join(modules, name));
    symlinkSync(ROOT, join(modules, "slipway"));
    for (const file of ["cdktf.json", "main.ts", "biome.json"])
      cpSync(join(ROOT, file), join(this.folder, file));
    const paths = { slipway: [join(ROOT, "modules/index.ts")], "slipway/app": [join(ROOT, "app.ts")] };
    this.write(
      "tsconfig.json",
      JSON.stringify({
        extends: join(ROOT, "tsconfig.json"),
        compilerOptions: { paths, noEmit: true },
        include: ["environments"],
      }),
    );
  }

  write(file: string, text: string): void {
    writeFileSync(join(this.folder, file), text);
  }

  /** The command there, in this process. */
  slipway(words: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Outcome> {
    return slipwayHere(this.folder, words, { ...process.env, ...AUTOMATED, ...env });
  }

  /** The same as a person types it, into a pipe whose reader is gone before anything is written. */
  piped(words: readonly string[]) {
    const script = 'set -o pipefail; "$@" | true';
    return this.run("bash", ["-c", script, "-", process.execPath, join(ROOT, "bin/slipway.js"), ...words]);
  }

  /** Types and format of the files that were written, as the project's own tools see them. */
  check() {
    const bin = (name: string) => join(ROOT, "node_modules", name);
    return [
      this.run(process.execPath, [bin("typescript/bin/tsc"), "--project", "."]),
      this.run(process.execPath, [
        bin("@biomejs/biome/bin/biome"),
        "format",
        "--vcs-enabled=false",
        "environments",
      ]),
    ];
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  private run(command: string, words: readonly string[]) {
    const env = { ...process.env, ...AUTOMATED };
    return spawnSync(command, words, { cwd: this.folder, env, encoding: "utf8" });
  }
}

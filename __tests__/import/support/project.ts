import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
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

const ROOT = join(__dirname, "../../..");

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

  /** The command, as a person types it there. */
  slipway(words: readonly string[], env: NodeJS.ProcessEnv = {}) {
    return this.run(process.execPath, [join(ROOT, "bin/slipway.js"), ...words], env);
  }

  /** The same into a pipe whose reader is gone before anything is written. */
  piped(words: readonly string[]) {
    const script = 'set -o pipefail; "$@" | true';
    return this.run("bash", ["-c", script, "-", process.execPath, join(ROOT, "bin/slipway.js"), ...words]);
  }

  /** The same while this process goes on answering. */
  async slipwayAsync(words: readonly string[], env: NodeJS.ProcessEnv) {
    const child = spawn(process.execPath, [join(ROOT, "bin/slipway.js"), ...words], {
      cwd: this.folder,
      env: { ...process.env, CI: "true", NO_COLOR: "1", ...env },
    });
    const said = { stdout: "", stderr: "" };
    for (const stream of ["stdout", "stderr"] as const)
      child[stream].setEncoding("utf8").on("data", (text: string) => {
        said[stream] += text;
      });
    const [status] = (await once(child, "close")) as [number | null];
    return { status, ...said };
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

  private run(command: string, words: readonly string[], env: NodeJS.ProcessEnv = {}) {
    const whole = { ...process.env, CI: "true", NO_COLOR: "1", ...env };
    return spawnSync(command, words, { cwd: this.folder, env: whole, encoding: "utf8" });
  }
}

import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { dependencies, name, peerDependencies } from "../../../package.json";
import type { Tarballs } from "./packed";

const ROOT = join(__dirname, "../../..");

/** Everything that npm would install beside the package, and the types of Node. */
const BESIDE = [...Object.keys({ ...dependencies, ...peerDependencies }), "@types/node"];

/**
 * A project of somebody's in a folder of its own, with this package unpacked from its tarball, and beside it
 * only what package.json asks for: what is missing there is missing for everybody.
 */
export class Consumer {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), "slipway-consumer-")));
  /** Paths of the tarball's files, sorted. */
  readonly files: readonly string[];
  /** The package, as it is installed. */
  readonly installed = join(this.folder, "node_modules", name);

  constructor({ slipway }: Tarballs) {
    const tar = (...words: string[]) => execFileSync("tar", words, { encoding: "utf8" });
    const entries = tar("-tzf", slipway).trim().split("\n");
    this.files = entries.map((entry) => entry.replace("package/", "")).sort();
    mkdirSync(this.installed, { recursive: true });
    tar("-xzf", slipway, "--strip-components=1", "-C", this.installed);
    for (const one of BESIDE) {
      const link = join(this.folder, "node_modules", one);
      mkdirSync(dirname(link), { recursive: true });
      symlinkSync(join(ROOT, "node_modules", one), link);
    }
    for (const file of ["environments", "main.ts", "cdktf.json"])
      cpSync(join(ROOT, file), join(this.folder, file), { recursive: true });
    this.write("package.json", '{ "name": "platform", "private": true }\n');
  }

  write(file: string, text: string): void {
    writeFileSync(join(this.folder, file), text);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

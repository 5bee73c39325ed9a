import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { dependencies, name, peerDependencies } from "../../../package.json";

const ROOT = join(__dirname, "../../..");

/** Everything that npm would install beside the package, and the types of Node. */
const BESIDE = [...Object.keys({ ...dependencies, ...peerDependencies }), "@types/node"];

/** A file of the tarball, as `npm pack` lists it. */
interface Packed {
  readonly path: string;
}

/**
 * A project of somebody's in a folder of its own, with this package unpacked from the tarball that `npm pack` makes, and beside it
 * only what package.json asks for: what is missing there is missing for everybody.
 */
export class Consumer {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), "slipway-consumer-")));
  /** Paths of the tarball's files, sorted. */
  readonly files: readonly string[];
  /** The package, as it is installed. */
  readonly installed = join(this.folder, "node_modules", name);

  constructor() {
    const [packed] = JSON.parse(this.npm("pack", "--json", "--pack-destination", this.folder)) as [
      { readonly filename: string; readonly files: readonly Packed[] },
    ];
    this.files = packed.files.map(({ path }) => path).sort();
    mkdirSync(this.installed, { recursive: true });
    const archive = join(this.folder, packed.filename);
    execFileSync("tar", ["-xzf", archive, "--strip-components=1", "-C", this.installed]);
    rmSync(archive);
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

  /** Packs the project whose tests these are; the build that comes first says nothing on standard output. */
  private npm(...args: readonly string[]): string {
    return execFileSync("npm", ["--silent", ...args], { cwd: ROOT, encoding: "utf8" });
  }
}

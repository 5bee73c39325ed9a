import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { bin, engines, exports } from "../../../package.json";

const ROOT = join(__dirname, "../../..");
const SOURCES = [
  ...["bin", "app.ts", "aws", "cli", "deploy", "dns", "github", "guardrails", "modules", "npm", "plan"],
  ...["postgres", "sandbox", "terminal", "terraform", "testing"],
];

/** A text in one file of the package, and the one that a version has in its place, wherever it stands there. */
export interface Edit {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/** Tarballs of the package in a folder of their own: its sources as they are, which need no build, and what a version has otherwise. */
export class Versions {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), "slipway-versions-")));
  /** Paths of the tarballs, by version. */
  readonly tarballs = new Map<string, string>();
  private readonly manifests = new Map<string, object>();
  private readonly servers: Server[] = [];

  /** Packs a version, and returns its tarball. */
  pack(version: string, edits: readonly Edit[] = [], name = "slipway"): string {
    const content = join(this.folder, "package");
    rmSync(content, { recursive: true, force: true });
    mkdirSync(content);
    for (const source of SOURCES) cpSync(join(ROOT, source), join(content, source), { recursive: true });
    // Whatever it depends on is found through NODE_PATH: nothing is fetched from anywhere.
    const sources = JSON.parse(
      JSON.stringify(exports).replaceAll(/\.\/dist\/([\w/-]+)(?:\.d\.ts|\.js)/g, "./$1.ts"),
    );
    writeFileSync(
      join(content, "package.json"),
      JSON.stringify({ name, version, bin, engines, exports: sources }),
    );
    for (const { file, from, to } of edits) {
      const path = join(content, file);
      const text = readFileSync(path, "utf8");
      if (!text.includes(from)) throw new Error(`${file} does not have ${from}`);
      writeFileSync(path, text.replaceAll(from, to));
    }
    const tarball = join(this.folder, `${name}-${version}.tgz`);
    execFileSync("tar", ["-czf", tarball, "-C", this.folder, "package"]);
    this.tarballs.set(version, tarball);
    this.manifests.set(version, JSON.parse(readFileSync(join(content, "package.json"), "utf8")));
    return tarball;
  }

  /** Starts a registry on this machine that has every version that was packed. Returns its address. */
  async serve(): Promise<string> {
    const server = createServer(({ url = "" }, response) => {
      const file = [...this.tarballs.values()].find((path) => url === `/${basename(path)}`);
      if (file) response.end(readFileSync(file));
      else if (url === "/slipway") response.end(JSON.stringify(this.document(addressOf(server))));
      else response.writeHead(404).end("{}");
    });
    this.servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return addressOf(server);
  }

  /** What a registry says of the package. */
  private document(address: string) {
    const versions = [...this.tarballs].map(([version, path]) => {
      const integrity = `sha512-${createHash("sha512").update(readFileSync(path)).digest("base64")}`;
      const dist = { tarball: `${address}${basename(path)}`, integrity };
      const manifest = this.manifests.get(version) ?? {};
      // As registries say it of a package with scripts: npm asks for no other sign.
      return [version, { ...manifest, hasInstallScript: "scripts" in manifest, dist }];
    });
    return {
      name: "slipway",
      "dist-tags": { latest: [...this.tarballs.keys()].at(-1) },
      versions: Object.fromEntries(versions),
    };
  }

  async remove(): Promise<void> {
    for (const server of this.servers) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const addressOf = (server: Server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;

import { readdirSync, statSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** Where Terraform may take the real AWS provider from. */
export interface Source {
  readonly version: string;
  /** The filesystem mirror that holds it; without one it comes from the registry. */
  readonly mirror?: string;
}

/** Where Terraform itself looks, and where machines keep their mirrors. Source: Terraform documentation, CLI configuration. */
const PLACES = [
  join(homedir(), ".terraform.d"),
  join(homedir(), ".local/share/terraform"),
  "/usr/local/share/terraform",
  "/usr/share/terraform",
  "/opt",
];

/** host/namespace/type/version/target/file, or packed as host/namespace/type/file. */
const IN_MIRROR =
  /^(.*)\/registry\.terraform\.io\/hashicorp\/aws\/(?:(\d+\.\d+\.\d+)\/[^/]+\/)?terraform-provider-aws_v?(\d+\.\d+\.\d+)[^/]*$/;
const DEPTH = 8;

/** The newest AWS provider in these folders, by its file's name. */
export function findMirror(places: readonly string[] = PLACES): Source | undefined {
  const found = places
    .flatMap((place) => filesIn(place, DEPTH))
    .flatMap((file): Source[] => {
      const [, mirror, , version] = IN_MIRROR.exec(file) ?? [];
      return mirror === undefined || version === undefined ? [] : [{ mirror, version }];
    });
  return found.sort((a, b) => compareVersions(b.version, a.version))[0];
}

function filesIn(folder: string, depth: number): string[] {
  if (depth === 0 || !statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === "node_modules" ? [] : filesIn(path, depth - 1);
    return entry.name.startsWith("terraform-provider-aws_") ? [path] : [];
  });
}

/** By number, part by part. */
const compareVersions = (a: string, b: string): number => a.localeCompare(b, "en", { numeric: true });

/** Writes Terraform's CLI configuration for a source: its mirror and nothing else, or the registry. */
export function writeCliConfiguration(file: string, { mirror }: Source): void {
  const method =
    mirror === undefined ? "direct {}" : `filesystem_mirror {\n    path = ${JSON.stringify(mirror)}\n  }`;
  writeFileSync(file, `provider_installation {\n  ${method}\n}\n`);
}

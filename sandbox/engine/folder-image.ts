import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, readlinkSync, realpathSync } from "node:fs";
import { join, relative } from "node:path";

/** What is not part of an image: version control, and packages that the folder's lock file stands for. */
const LEFT_OUT = new Set([".git", "node_modules", ".sandbox"]);

/** A digest over names and contents of a folder's files: equal folders are equal images. */
export function folderContent(folder: string): string {
  const root = realpathSync(folder);
  const hash = createHash("sha256");
  for (const file of filesOf(root, root)) {
    hash.update(`${file}\0`);
    hash.update(
      createHash("sha256")
        .update(readFileSync(join(root, file)))
        .digest(),
    );
  }
  return hash.digest("hex");
}

function filesOf(root: string, folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => !LEFT_OUT.has(name))
    .sort((one, other) => (one.name < other.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return filesOf(root, path);
      if (entry.isSymbolicLink() && !existsSync(path))
        throw new Error(`${path} is a link to ${readlinkSync(path)}, which does not exist`);
      return entry.isFile() ? [relative(root, path)] : [];
    });
}

/** The ENTRYPOINT and CMD of a folder's Dockerfile: the last of each counts. */
function dockerfileCommand(folder: string): { entrypoint: string[]; cmd: string[] } {
  const file = join(folder, "Dockerfile");
  const command = { entrypoint: [] as string[], cmd: [] as string[] };
  if (!existsSync(file)) return command;
  const lines = readFileSync(file, "utf8")
    .replace(/\\\r?\n/g, " ")
    .split("\n");
  for (const line of lines) {
    const match = /^\s*(ENTRYPOINT|CMD)\s+(.*\S)\s*$/i.exec(line);
    if (match) command[match[1]?.toUpperCase() === "CMD" ? "cmd" : "entrypoint"] = words(match[2] as string);
  }
  return command;
}

/** The exec form is a JSON list; everything else is the shell form, even a list with a mistake in it (as in docker). */
function words(text: string): string[] {
  try {
    const parsed: unknown = JSON.parse(text);
    if (Array.isArray(parsed)) return parsed.map(String);
  } catch {}
  return ["/bin/sh", "-c", text];
}

/** The command line of a container in a folder; empty when neither the definition nor the Dockerfile names one. */
export function commandLine(
  folder: string,
  entryPoint: readonly string[] | undefined,
  command: readonly string[],
): string[] {
  const image = dockerfileCommand(folder);
  const entry = entryPoint ?? image.entrypoint;
  // As docker does: another entry point than the image's drops the image's CMD.
  const rest = command.length > 0 ? command : entryPoint ? [] : image.cmd;
  return [...entry, ...rest];
}

import { join } from "node:path";

/** Arguments for Node that run a program of the sandbox: from its source, or as it is built, where Node needs nothing for it. */
export const program = (file: string): readonly string[] =>
  file.endsWith(".ts") ? ["--require", join(__dirname, "..", "bin", "typescript.js"), file] : [file];

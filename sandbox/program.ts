/** Arguments for Node that run a program of the sandbox: from its source, or as it is built, where Node needs nothing for it. */
export const program = (file: string): readonly string[] =>
  file.endsWith(".ts") ? ["--require", require.resolve("slipway/typescript"), file] : [file];

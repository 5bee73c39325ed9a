import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The commands of docs/cdktf.md, as they stand there: the change to the continuation, and the way back. */
export interface Commands {
  readonly there: string;
  readonly back: string;
}

const INSTALL =
  /^npm pkg set devDependencies\.cdktf=\S+ devDependencies\.@cdktf\/provider-aws=\S+ && npm install$/gm;

/**
 * Reads the commands out of the document.
 * @throws Error where it does not show these two
 */
export function readCommands(root: string): Commands {
  const document = readFileSync(join(root, "docs", "cdktf.md"), "utf8");
  const [there, back, ...others] = [...document.matchAll(INSTALL)].map(([line]) => line);
  if (there === undefined || back === undefined || others.length > 0)
    throw new Error(
      "docs/cdktf.md shows not two lines `npm pkg set devDependencies.cdktf=… devDependencies.@cdktf/provider-aws=… && npm install`.",
    );
  return { there, back };
}

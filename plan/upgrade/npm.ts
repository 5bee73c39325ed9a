import type { Children } from "../children";
import { CommandError } from "../error";

/** How npm ended: what it printed as JSON, and its error where it failed. */
export interface NpmOutcome {
  readonly result: unknown;
  readonly error: NpmError | undefined;
}

interface NpmError {
  /** The exit code of a script that failed. */
  readonly code?: string | number;
  readonly summary?: string;
  readonly detail?: string;
}

/** Codes of a registry that cannot be reached: Node's own of a socket, and npm's of a cache that is asked alone. */
const UNREACHABLE = new Set([
  ...["ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH"],
  ...["ERR_SOCKET_TIMEOUT", "ENOTCACHED", "FETCH_ERROR"],
]);

/** Codes of a name, a version or a tag that the registry does not have. */
const UNKNOWN = new Set(["E404", "ETARGET", "EINVALIDTAGNAME", "EINVALIDPACKAGENAME"]);

/** Runs npm in a folder, whose .npmrc says where packages come from. */
export async function npm(
  folder: string,
  children: Children,
  ...words: readonly string[]
): Promise<NpmOutcome> {
  const { code, stdout, stderr } = await children
    .run("npm", [...words, "--json", "--no-audit", "--no-fund"], { cwd: folder })
    .catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") throw error;
      throw new CommandError("npm is not there: it comes with Node, and installs the version that is tried.");
    });
  children.check();
  const result = parsed(stdout);
  if (code === 0) return { result, error: undefined };
  const { error } = (result ?? {}) as { readonly error?: NpmError };
  return { result, error: error ?? { summary: stderr.trim() } };
}

/**
 * What a failure of npm means for whoever wants a version.
 * @param wanted as it was asked for: `slipway@1.5.0`
 */
export function refusalOf({ code = "", summary = "", detail = "" }: NpmError, wanted: string): CommandError {
  if (UNREACHABLE.has(String(code)))
    return new CommandError(
      `npm cannot reach the registry (${code}), so that ${wanted} cannot be had: try again once there is a network, or name a tarball that is here. Nothing was written.`,
    );
  if (UNKNOWN.has(String(code)))
    return new CommandError(
      `The registry has no ${wanted} (${code}): npm view slipway versions lists those there are. Nothing was written.`,
    );
  const said = [summary, detail].filter((text) => text !== "").join("\n");
  if (code === "ERESOLVE")
    return new CommandError(
      `${wanted} does not go with what package.json asks for beside it. Bring those up first, then run this again. Nothing was written.\n${said}`,
    );
  return new CommandError(`npm could not install ${wanted}. Nothing was written.\n${said}`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

import { execFile, spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import type { SessionAddress } from "../aws/daily";
import { refused } from "../errors";

const PLUGIN = "session-manager-plugin";
/** From here on the plugin reads the session's token from the environment, where no list of processes shows it. */
const TAKES_ENVIRONMENT = [1, 2, 498];
const VARIABLE = "AWS_SSM_START_SESSION_RESPONSE";

/** The program's file on the PATH. */
export function find(program: string, env: NodeJS.ProcessEnv): string | undefined {
  for (const folder of (env.PATH ?? "").split(delimiter).filter(Boolean)) {
    const file = join(folder, program);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {}
  }
  return undefined;
}

/** The Session Manager plugin. @throws DeployError with how to get it. */
export function findPlugin(env: NodeJS.ProcessEnv): string {
  const file = find(PLUGIN, env);
  if (file) return file;
  throw refused(
    `${PLUGIN} is not installed: AWS's own program that sessions run through.`,
    "macOS: brew install --cask session-manager-plugin",
    "Linux, Windows: https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-install-plugin.html",
  );
}

/** One session, as the AWS CLI hands it to the plugin. */
export interface SessionCall {
  session: SessionAddress;
  region: string;
  /** What StartSession was asked, or would have been. */
  request: { Target: string; DocumentName?: string; Parameters?: Record<string, string[]> };
}

/** Starts the plugin on a session, with its own or this terminal. */
export async function startPlugin(
  plugin: string,
  { session, region, request }: SessionCall,
  env: NodeJS.ProcessEnv,
  terminal: boolean,
) {
  const { sessionId: SessionId, streamUrl: StreamUrl, tokenValue: TokenValue } = session;
  const response = JSON.stringify({ SessionId, StreamUrl, TokenValue });
  const byEnvironment = await takesEnvironment(plugin, env);
  const endpoint =
    env.AWS_ENDPOINT_URL ?? `https://ssm.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}`;
  const words = [
    byEnvironment ? VARIABLE : response,
    region,
    "StartSession",
    env.AWS_PROFILE ?? "",
    JSON.stringify(request),
    endpoint,
  ];
  return spawn(plugin, words, {
    env: byEnvironment ? { ...env, [VARIABLE]: response } : env,
    stdio: terminal ? "inherit" : ["ignore", "pipe", "pipe"],
    // A tunnel of its own group: Ctrl-C in psql ends a query, not the tunnel.
    detached: !terminal,
  });
}

async function takesEnvironment(plugin: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  const { stdout } = await promisify(execFile)(plugin, ["--version"], { env, timeout: 10_000 }).catch(() => ({
    stdout: "",
  }));
  const version = stdout.trim().split(".").map(Number);
  for (const [index, least] of TAKES_ENVIRONMENT.entries()) {
    const part = version[index] ?? 0;
    if (part !== least) return part > least;
  }
  return true;
}

/** The exit code of a child, as shells count; 127 when it could not be started. */
export const exitCodeOf = (child: ReturnType<typeof spawn>): Promise<number> =>
  new Promise((resolve) => {
    child.once("error", () => resolve(127));
    child.once("exit", (code, signal) => resolve(code ?? (signal ? 143 : 1)));
  });

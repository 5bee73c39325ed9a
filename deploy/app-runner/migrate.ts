import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { AppRunnerServiceContract } from "../../modules/contract/app-runner";
import { DeployError, type Interrupted, refused } from "../errors";
import { EXIT } from "../exit-code";
import { type RegistryImage, shortDigest } from "../image";
import { StreamMask } from "../mask";
import type { AppRunnerContext } from "./context";

/** A migration that runs where deploy does. */
export interface MigrationHere {
  service: AppRunnerServiceContract;
  migration: NonNullable<AppRunnerServiceContract["migration"]>;
  image: RegistryImage;
}

/** Milliseconds from SIGTERM to SIGKILL. */
const PATIENCE = 10_000;
/** Lines that a failure shows. */
const LAST_LINES = 20;

/** How the command ended. */
type End = { code: number } | { by: "time" | "interrupt" } | { error: NodeJS.ErrnoException };

/**
 * Runs a migration here: App Runner starts nothing beside its service. The URL is in the command's environment alone; of what it
 * writes neither the URL nor its password is shown.
 * @throws DeployError 2 when it failed; Interrupted once it has ended after Ctrl-C.
 */
export async function migrateHere(context: AppRunnerContext, plan: MigrationHere): Promise<void> {
  const { aws, contract, events, limits, signal } = context;
  const { service, migration, image } = plan;
  const subject = service.name;
  const say = (state: "started" | "succeeded" | "failed", text: string) =>
    events.emit({ type: "stage", stage: "migrate", subject, state, text });
  const url = await aws.secret(migration.url);
  if (url === undefined) throw refused(`${migration.url} is not set any more. Nothing was changed.`);
  say("started", migration.command.join(" "));
  const lines: string[] = [];
  const hide = hiding(url);
  const show = (text: string) => {
    const hidden = hide(text);
    lines.push(hidden);
    if (lines.length > LAST_LINES) lines.shift();
    events.emit({ type: "log", subject, text: hidden });
  };
  const reference = `${contract.account}.dkr.ecr.${contract.region}.amazonaws.com/${service.image.repository}@${image.digest}`;
  const environment = {
    ...process.env,
    ...migration.config,
    ...Object.fromEntries(migration.urls.map((variable) => [variable, url])),
    SLIPWAY_IMAGE: reference,
  };
  const end = await run(migration.command, environment, limits.migration, signal, show);
  if ("code" in end && end.code === 0) {
    say("succeeded", `exit code 0, here, for ${shortDigest(image.digest)}`);
    return;
  }
  const reason = reasonOf(end, migration.command);
  say("failed", reason);
  if ("by" in end && end.by === "interrupt") {
    const interrupted = signal.reason as Interrupted;
    interrupted.wayOut.push(
      "The migration was told to stop, and has ended: look at the database before you deploy again.",
    );
    throw interrupted;
  }
  throw new DeployError(
    EXIT.migrationFailed,
    `The migration failed: ${reason}. The service was not touched.`,
    ["Look at the database, then deploy again."],
    lines,
  );
}

/** Hides a URL and its password, as they stand there and as they are encoded, and whatever else looks like a secret. */
function hiding(url: string): (text: string) => string {
  const stream = new StreamMask();
  const secrets = [url.trim(), ...passwordsOf(url)].filter((secret) => secret.length > 0);
  return (text) => stream.line(secrets.reduce((rest, secret) => rest.replaceAll(secret, "***"), text));
}

function passwordsOf(url: string): string[] {
  try {
    const { password } = new URL(url.trim());
    return [password, decodeURIComponent(password)];
  } catch {
    return [];
  }
}

function reasonOf(end: End, [program = ""]: readonly string[]): string {
  if ("code" in end) return `exit code ${end.code}`;
  if ("by" in end)
    return end.by === "time"
      ? "it took longer than --migration-timeout, and was ended"
      : "it was interrupted";
  return end.error.code === "ENOENT"
    ? `${program} is not installed here: it runs where deploy runs, not in App Runner (docs/app-runner.md)`
    : `${program} could not be started: ${end.error.message}`;
}

/** Runs a command without a shell to its end; it is told to end when its time is up, or when somebody interrupts. */
async function run(
  [program = "", ...words]: readonly string[],
  env: NodeJS.ProcessEnv,
  limit: number,
  signal: AbortSignal,
  show: (line: string) => void,
): Promise<End> {
  signal.throwIfAborted();
  // A group of its own: Ctrl-C reaches it through us, once.
  const child = spawn(program, words, { env, stdio: ["ignore", "pipe", "pipe"], detached: true });
  const read = [child.stdout, child.stderr].map((stream) => showLines(stream, show));
  let by: "time" | "interrupt" | undefined;
  const stop = (cause: "time" | "interrupt") => {
    by ??= cause;
    tell(child, "SIGTERM");
    setTimeout(() => tell(child, "SIGKILL"), PATIENCE).unref();
  };
  const interrupted = () => stop("interrupt");
  const timer = setTimeout(() => stop("time"), limit);
  signal.addEventListener("abort", interrupted, { once: true });
  try {
    const end = await new Promise<End>((resolve) => {
      child.once("error", (error) => resolve({ error }));
      child.once("exit", (code, killer) => resolve({ code: code ?? (killer ? 128 : 1) }));
    });
    if (!("error" in end)) await Promise.all(read);
    return by ? { by } : end;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", interrupted);
  }
}

function tell(child: ChildProcess, name: NodeJS.Signals): void {
  try {
    if (child.pid && child.exitCode === null) process.kill(-child.pid, name);
  } catch {}
}

async function showLines(stream: Readable, show: (line: string) => void): Promise<void> {
  for await (const line of createInterface({ input: stream })) show(line);
}

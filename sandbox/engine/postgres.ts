import { type ChildProcess, spawn } from "node:child_process";
import {
  accessSync,
  chownSync,
  constants,
  mkdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { delimiter, dirname, join } from "node:path";

/** The user that a program runs as. */
export interface User {
  name: string;
  uid: number;
  gid: number;
}

/** The first user, a superuser, and the first database of an engine. */
export interface Owner {
  readonly user: string;
  readonly password: string;
  /** @default none but `postgres` */
  readonly database?: string;
}

/** The folder with both programs: on the PATH, or behind a link on it. */
export function findPrograms(): string | undefined {
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    try {
      accessSync(join(folder, "initdb"), constants.X_OK);
      const real = dirname(realpathSync(join(folder, "initdb")));
      accessSync(join(real, "postgres"), constants.X_OK);
      return real;
    } catch {}
  }
  return undefined;
}

/** Postgres refuses to run as root: then it runs as the user postgres, or nobody. */
export function unprivileged(): User | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const users = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"));
  const user = users.find(([name]) => name === "postgres") ?? users.find(([name]) => name === "nobody");
  return user && { name: user[0] ?? "", uid: Number(user[2]), gid: Number(user[3]) };
}

/** A data folder is made, with its owner and database. The folder above has to let Postgres through. */
export async function createCluster(
  programs: string,
  folder: string,
  { user, password, database }: Owner,
): Promise<void> {
  const runAs = unprivileged();
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { mode: 0o700 });
  const file = `${folder}.pw`;
  writeFileSync(file, `${password}\n`, { mode: 0o600 });
  if (runAs) for (const path of [folder, file]) chownSync(path, runAs.uid, runAs.gid);
  const options = ["-D", folder, "-U", user, `--pwfile=${file}`, "-A", "scram-sha-256"];
  try {
    await run(join(programs, "initdb"), [...options, "-E", "UTF8", "--locale=C", "--no-sync"]);
  } finally {
    rmSync(file, { force: true });
  }
  if (database) await runAlone(programs, folder, `CREATE DATABASE "${database}"`);
}

/** A statement in single-user mode, where nobody else is connected and no password is asked for. */
export const runAlone = (programs: string, folder: string, statement: string): Promise<void> =>
  run(join(programs, "postgres"), ["--single", "-D", folder, "postgres"], `${statement}\n`);

/** A running engine. */
export interface Server {
  readonly port: number;
  readonly stop: () => Promise<void>;
}

/** From the end of an engine that died to the next start of it, and how often that is tried, in real milliseconds. */
const RESTART = { interval: 100, tries: 100 };

/** An engine that is started again at its port whenever it dies, as whoever runs databases for others does. */
export async function keepPostgres(
  programs: string,
  folder: string,
  settings: readonly string[] = [],
): Promise<Server> {
  const wanted = new AbortController();
  const first = await servePostgres(programs, folder, settings);
  const { port } = first;
  let current: Server & Ending = first;
  const keep = async (): Promise<void> => {
    await current.ended;
    // Memory that its sessions still share keeps the next one away until the last of them is gone.
    for (let left = RESTART.tries; left > 0 && !wanted.signal.aborted; left--) {
      await new Promise((resolve) => setTimeout(resolve, RESTART.interval));
      const next = await servePostgres(programs, folder, settings, port).catch(() => undefined);
      if (!next) continue;
      if (wanted.signal.aborted) return next.stop();
      current = next;
      return keep();
    }
  };
  const kept = keep();
  const stop = async () => {
    wanted.abort();
    await current.stop();
    await kept;
  };
  return { port, stop };
}

interface Ending {
  /** Resolves with the end of its process. */
  readonly ended: Promise<unknown>;
}

/** An engine on loopback alone, without TLS unless a setting says so. @param settings as after `-c`: `wal_level=logical` */
export async function servePostgres(
  programs: string,
  folder: string,
  settings: readonly string[] = [],
  at?: number,
): Promise<Server & Ending> {
  const port = at ?? (await freePort());
  const options = ["-D", folder, "-h", "127.0.0.1", "-p", String(port), "-k", ""];
  const tuned = ["fsync=off", "shared_buffers=16MB", "max_connections=40", ...settings];
  const child = spawn(join(programs, "postgres"), [...options, ...tuned.flatMap((one) => ["-c", one])], {
    ...unprivileged(),
    // A subscription over TLS looks for certificates at home, where another user's is closed to it.
    env: { ...process.env, HOME: folder },
    stdio: ["ignore", "ignore", "pipe"],
    detached: true,
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  await new Promise<void>((resolve, reject) => {
    let told = "";
    child.once("error", reject);
    child.once("exit", () => reject(new Error(`postgres ended: ${told.trim().split("\n").at(-1)}`)));
    child.stderr?.on("data", (data: Buffer) => {
      told = (told + data.toString()).slice(-4000);
      if (/ready to accept (read-only )?connections/.test(told)) resolve();
    });
  });
  return { port, ended, stop: () => stop(child) };
}

async function run(program: string, options: string[], input = ""): Promise<void> {
  const child = spawn(program, options, { ...unprivileged(), cwd: "/", stdio: ["pipe", "ignore", "pipe"] });
  let told = "";
  child.stderr.on("data", (data: Buffer) => {
    told = (told + data.toString()).slice(-4000);
  });
  child.stdin.end(input);
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  if (status !== 0) throw new Error(`${program} failed: ${told.trim().split("\n").at(-1)}`);
}

/** A port of this machine that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Fast shutdown: SIGINT. */
async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGINT");
  await ended;
}

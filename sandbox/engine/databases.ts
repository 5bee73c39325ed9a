import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import {
  accessSync,
  chmodSync,
  chownSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { basename, delimiter, dirname, join } from "node:path";
import type { World, WorldObject } from "../world";
import { text } from "./attributes";
import { servePglite } from "./pglite";

/** A database's address as applied, and the local port of the engine that stands for it. */
export interface Address {
  address: string;
  port: number;
}

interface User {
  name: string;
  uid: number;
  gid: number;
}

/**
 * Real Postgres engines for the applied databases: one data folder each under `.sandbox/postgres/`, with the user, password
 * and database of the aws_db_instance, on loopback only. They are started when a container first needs them. Where the
 * machine has no Postgres, or root's folder lets nobody else in, it is PGlite, which comes with this project.
 */
export class Databases {
  private readonly running = new Map<string, Promise<number | undefined>>();
  private readonly closing: (() => void | Promise<void>)[] = [];

  constructor(
    private readonly world: World,
    private readonly say: (text: string) => void,
  ) {}

  /** Starts the databases that any of the values names. */
  async reach(region: string, values: readonly string[]): Promise<Address[]> {
    const reached: Address[] = [];
    for (const object of this.world.list({ type: "aws_db_instance", region })) {
      const address = text(object.attributes, "address");
      if (address === "" || !values.some((value) => value.includes(address))) continue;
      if (!this.running.has(object.id)) this.running.set(object.id, this.start(object));
      const port = await this.running.get(object.id);
      if (port !== undefined) reached.push({ address, port });
    }
    return reached;
  }

  async close(): Promise<void> {
    await Promise.all(this.closing.map((close) => close()));
  }

  private async start(object: WorldObject): Promise<number | undefined> {
    const name = text(object.attributes, "identifier") || object.id;
    try {
      const programs = findPrograms();
      if (!programs) return await this.servePglite(name, "no initdb and postgres on the PATH");
      const runAs = unprivileged();
      if (runAs && !letIn(runAs, this.world.folder)) {
        const why = `Postgres does not run as root, and the user ${runAs.name} may not enter ${this.world.folder}`;
        return await this.servePglite(name, why);
      }
      const folder = join(this.world.folder, "postgres", name);
      const already = runningEngine(folder);
      if (already) return this.join(already, `${folder}.owner`);
      await this.prepare(object, programs, folder, runAs);
      return await this.serve(programs, folder);
    } catch (error) {
      this.say(`database ${name} is only pretended: ${(error as Error).message}`);
      return undefined;
    }
  }

  /** Another sandbox's engine serves this one too. If that sandbox was killed, this one stops the engine at its end. */
  private join({ pid, port }: { pid: number; port: number }, ownerFile: string): number {
    if (!isAlive(Number(readFileSync(ownerFile, "utf8")))) {
      writeFileSync(ownerFile, String(process.pid), { mode: 0o600 });
      this.closing.push(() => void process.kill(pid, "SIGINT"));
    }
    return port;
  }

  private async prepare(
    object: WorldObject,
    programs: string,
    folder: string,
    runAs: User | undefined,
  ): Promise<void> {
    const { attributes } = object;
    const user = text(attributes, "username");
    const database = text(attributes, "db_name");
    const password = this.world.reveal(object, "password_wo") ?? this.world.reveal(object, "password") ?? "";
    const mark = this.world.vault.fingerprint(password);
    const parent = dirname(folder);
    const markFile = join(parent, `${text(attributes, "identifier")}.password`);
    if (!existsSync(join(folder, "PG_VERSION"))) {
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(parent, { recursive: true, mode: 0o700 });
      if (runAs) letThrough(runAs, parent);
      mkdirSync(folder, { mode: 0o700 });
      const file = `${folder}.pw`;
      writeFileSync(file, `${password}\n`, { mode: 0o600 });
      if (runAs) for (const path of [folder, file]) chownSync(path, runAs.uid, runAs.gid);
      const options = [
        "-D",
        folder,
        "-U",
        user,
        `--pwfile=${file}`,
        "-A",
        "scram-sha-256",
        "-E",
        "UTF8",
        "--locale=C",
        "--no-sync",
      ];
      try {
        await run(join(programs, "initdb"), options, runAs);
      } finally {
        rmSync(file, { force: true });
      }
      if (database) await this.alone(programs, folder, runAs, `CREATE DATABASE "${database}"`);
    } else if (!existsSync(markFile) || readFileSync(markFile, "utf8") !== mark)
      await this.alone(
        programs,
        folder,
        runAs,
        `ALTER ROLE "${user}" PASSWORD '${password.replaceAll("'", "''")}'`,
      );
    writeFileSync(markFile, mark, { mode: 0o600 });
  }

  /** A statement in single-user mode, where nobody else is connected and no password is asked for. */
  private async alone(
    programs: string,
    folder: string,
    runAs: User | undefined,
    statement: string,
  ): Promise<void> {
    await run(join(programs, "postgres"), ["--single", "-D", folder, "postgres"], runAs, `${statement}\n`);
  }

  private async servePglite(name: string, why: string): Promise<number> {
    this.say(`database ${name}: ${why}, so it is PGlite (one user, no passwords)`);
    const { port, stop } = await servePglite(join(this.world.folder, "pglite", name));
    this.closing.push(stop);
    return port;
  }

  private async serve(programs: string, folder: string): Promise<number> {
    const port = await freePort();
    const options = ["-D", folder, "-h", "127.0.0.1", "-p", String(port), "-k", ""];
    const tuned = ["-c", "fsync=off", "-c", "shared_buffers=16MB", "-c", "max_connections=40"];
    const child = spawn(join(programs, "postgres"), [...options, ...tuned], {
      ...unprivileged(),
      stdio: ["ignore", "ignore", "pipe"],
      detached: true,
    });
    this.closing.push(() => stop(child));
    writeFileSync(`${folder}.owner`, String(process.pid), { mode: 0o600 });
    await new Promise<void>((resolve, reject) => {
      let told = "";
      child.once("error", reject);
      child.once("exit", () => reject(new Error(`postgres ended: ${told.trim().split("\n").at(-1)}`)));
      child.stderr?.on("data", (data: Buffer) => {
        told = (told + data.toString()).slice(-4000);
        if (told.includes("ready to accept connections")) resolve();
      });
    });
    return port;
  }
}

async function run(program: string, options: string[], runAs: User | undefined, input = ""): Promise<void> {
  const child = spawn(program, options, { ...runAs, cwd: "/", stdio: ["pipe", "ignore", "pipe"] });
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

/** The folder with both programs: on the PATH, or behind a link on it. */
function findPrograms(): string | undefined {
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
function unprivileged(): User | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const users = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"));
  const user = users.find(([name]) => name === "postgres") ?? users.find(([name]) => name === "nobody");
  return user && { name: user[0] ?? "", uid: Number(user[2]), gid: Number(user[3]) };
}

/**
 * Lets the user that Postgres runs as through the sandbox's own folders, which it can neither list nor read.
 * @returns false where a folder above them, which is not the sandbox's to open, keeps it out
 */
function letIn(user: User, sandbox: string): boolean {
  letThrough(user, sandbox);
  for (let folder = dirname(sandbox); folder !== dirname(folder); folder = dirname(folder))
    if (basename(folder) === ".sandbox") letThrough(user, folder);
  const { uid, gid } = user;
  return spawnSync("/bin/sh", ["-c", 'cd "$1"', "sh", sandbox], { uid, gid, cwd: "/" }).status === 0;
}

function letThrough({ gid }: User, folder: string): void {
  chownSync(folder, 0, gid);
  chmodSync(folder, 0o710);
}

/** The engine that another sandbox runs on this folder, from postmaster.pid: process and (fourth line) port. */
function runningEngine(folder: string): { pid: number; port: number } | undefined {
  try {
    const [pid, , , port] = readFileSync(join(folder, "postmaster.pid"), "utf8").split("\n").map(Number);
    return pid && port && isAlive(pid) ? { pid, port } : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a process of this machine still runs. */
export function isAlive(pid: number | undefined): boolean {
  if (pid === undefined) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
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

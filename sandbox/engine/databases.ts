import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { World, WorldObject } from "../world";
import { text } from "./attributes";
import { servePglite } from "./pglite";
import { createCluster, findPrograms, keepPostgres, runAlone, type User, unprivileged } from "./postgres";

/** A database's address as applied, and the local port of the engine that stands for it. */
export interface Address {
  address: string;
  port: number;
}

/** The loopback port of whoever listens in front of an engine, by the engine's own. */
export type PortOf = (port: number) => number | Promise<number>;

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
    /** The port that containers are told for an engine's. */
    private readonly portOf: PortOf = (port) => port,
  ) {}

  /** Starts the databases that any of the values names. */
  async reach(region: string, values: readonly string[]): Promise<Address[]> {
    const reached: Address[] = [];
    for (const object of this.world.list({ type: "aws_db_instance", region })) {
      const address = text(object.attributes, "address");
      if (address === "" || !values.some((value) => value.includes(address))) continue;
      if (!this.running.has(object.id)) this.running.set(object.id, this.start(object));
      const port = await this.running.get(object.id);
      if (port !== undefined) reached.push({ address, port: await this.portOf(port) });
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
      return await this.serve(object, programs, folder);
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
      mkdirSync(parent, { recursive: true, mode: 0o700 });
      if (runAs) letThrough(runAs, parent);
      await createCluster(programs, folder, { user, password, database });
    } else if (!existsSync(markFile) || readFileSync(markFile, "utf8") !== mark)
      await runAlone(programs, folder, `ALTER ROLE "${user}" PASSWORD '${password.replaceAll("'", "''")}'`);
    writeFileSync(markFile, mark, { mode: 0o600 });
  }

  private async servePglite(name: string, why: string): Promise<number> {
    this.say(`database ${name}: ${why}, so it is PGlite (one user, no passwords)`);
    const { port, stop } = await servePglite(join(this.world.folder, "pglite", name));
    this.closing.push(stop);
    return port;
  }

  private async serve(object: WorldObject, programs: string, folder: string): Promise<number> {
    const { port, stop } = await keepPostgres(programs, folder, this.settings(object));
    this.closing.push(stop);
    writeFileSync(`${folder}.owner`, String(process.pid), { mode: 0o600 });
    return port;
  }

  /** What only the start of an engine can change: `rds.logical_replication` is RDS's word for `wal_level`. */
  private settings({ region, attributes }: WorldObject): string[] {
    const group = this.world
      .list({ type: "aws_db_parameter_group", region })
      .find((one) => text(one.attributes, "name") === text(attributes, "parameter_group_name"));
    const parameters = (group?.attributes.parameter ?? []) as { name?: unknown; value?: unknown }[];
    const isLogical = parameters.some(
      ({ name, value }) => name === "rds.logical_replication" && String(value) === "1",
    );
    return isLogical ? ["wal_level=logical"] : [];
  }
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

import { spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client, type QueryResultRow } from "pg";
import { demandTls, makeCertificate } from "../../../demo/move/certificate";
import { createCluster, findPrograms, servePostgres } from "../../../sandbox/engine/postgres";

const PROGRAM = join(__dirname, "../../../modules/move/mover/mover.sh");

/** The programs of Postgres. Where they are missing, the tests fail and say what to install. */
export function programs(): string {
  const found = findPrograms();
  if (!found)
    throw new Error(
      "The mover is tested against two real engines, and initdb and postgres are not on the PATH: apt-get install postgresql, then add /usr/lib/postgresql/<major>/bin to the PATH.",
    );
  return found;
}

/** The old database, as a hosted one is: its user is no superuser. And the environment's, whose user is the master. */
export interface Sides {
  /** Superuser of the old engine. */
  readonly root: string;
  /** What the mover is given: the hosted user's URL. */
  readonly old: string;
  readonly target: string;
  /** Runs the mover. */
  move(words: string, more?: NodeJS.ProcessEnv): Promise<Outcome>;
  /** The same, which has to come to its end; its last line. */
  done(words: string): Promise<Line>;
  /** Starts it, for what goes on. */
  start(words: string, more?: NodeJS.ProcessEnv): Running;
  close(): Promise<void>;
}

/** A line that the mover printed. */
export type Line = Record<string, unknown> & { kind: string; verb: string };

export interface Outcome {
  readonly code: number | null;
  readonly lines: readonly Line[];
  readonly stderr: string;
  /** The last line, which says how it ended. */
  readonly end: Line;
}

export interface Running {
  readonly pid: number;
  /** The first line of a step. */
  seen(step: string): Promise<Line>;
  readonly ended: Promise<Outcome>;
  kill(signal: NodeJS.Signals): void;
}

/**
 * Both engines in a folder of their own.
 * @param settings of the old one
 * @param tls whether the old one lets nobody in without, as hosted ones do
 */
export async function startSides(
  settings: readonly string[] = ["wal_level=logical"],
  tls = false,
): Promise<Sides> {
  const folder = mkdtempSync(join(tmpdir(), "slipway-mover-"));
  chmodSync(folder, 0o755);
  const owner = { user: "root", password: "top" };
  const [old, target] = await Promise.all([
    serve(folder, "old", owner, settings, tls),
    serve(folder, "new", { user: "master", password: "it's p%w", database: "app" }, ["wal_level=logical"]),
  ]);
  const root = `postgres://root:top@127.0.0.1:${old.port}/postgres?sslmode=${tls ? "no-verify" : "disable"}`;
  await ask(root, "CREATE ROLE hosted LOGIN REPLICATION PASSWORD 'pa ss''\\w:rd'");
  await ask(root, 'CREATE DATABASE "my app" OWNER hosted');
  const url = `postgres://hosted:${encodeURIComponent("pa ss'\\w:rd")}@127.0.0.1:${old.port}/my%20app?sslmode=${tls ? "require" : "disable"}`;
  const environment = {
    // The engine's own psql goes before the wrapper in Perl that Debian has of that name: the mover starts it hundreds of times.
    PATH: `${programs()}:${process.env.PATH}`,
    SOURCE_URL: url,
    PGHOST: "127.0.0.1",
    PGPORT: String(target.port),
    PGUSER: "master",
    PGPASSWORD: "it's p%w",
    PGDATABASE: "app",
    PGSSLMODE: "disable",
    TMPDIR: folder,
  };
  const start = (words: string, more: NodeJS.ProcessEnv = {}) => run(words, { ...environment, ...more });
  return {
    root: root.replace("/postgres?", "/my%20app?"),
    old: url,
    target: `postgres://master:${encodeURIComponent("it's p%w")}@127.0.0.1:${target.port}/app?sslmode=disable`,
    start,
    move: (words, more) => start(words, more).ended,
    done: async (words) => {
      const { code, end, stderr } = await start(words).ended;
      if (code !== 0 || end.kind !== "done")
        throw new Error(`${words} ended with ${code}: ${JSON.stringify(end)} ${stderr}`);
      return end;
    },
    close: async () => {
      await Promise.all([old.stop(), target.stop()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function serve(
  folder: string,
  name: string,
  owner: { user: string; password: string; database?: string },
  settings: readonly string[],
  tls = false,
) {
  const path = join(folder, name);
  await createCluster(programs(), path, owner);
  const encrypted = tls ? [demandTls(path, makeCertificate("127.0.0.1"))] : [];
  return servePostgres(programs(), path, [...settings, ...encrypted]);
}

function run(words: string, env: NodeJS.ProcessEnv): Running {
  const child = spawn("bash", [PROGRAM, ...words.split(" ")], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const lines: Line[] = [];
  const waiting = new Set<() => void>();
  let rest = "";
  let stderr = "";
  child.stderr.on("data", (data: Buffer) => {
    stderr += data.toString();
  });
  child.stdout.on("data", (data: Buffer) => {
    const parts = (rest + data.toString()).split("\n");
    rest = parts.pop() ?? "";
    lines.push(...parts.map((line) => JSON.parse(line) as Line));
    for (const look of waiting) look();
  });
  const ended = new Promise<Outcome>((resolve) =>
    child.once("close", (code) => {
      resolve({ code, lines, stderr, end: lines.at(-1) ?? { kind: "nothing", verb: "" } });
      for (const look of waiting) look();
    }),
  );
  const seen = (step: string) =>
    new Promise<Line>((resolve, reject) => {
      const look = () => {
        const found = lines.find((line) => line.step === step);
        if (found) resolve(found);
        else if (child.exitCode !== null)
          reject(new Error(`${step} was not seen: ${JSON.stringify(lines)} ${stderr}`));
        else return;
        waiting.delete(look);
      };
      waiting.add(look);
      look();
    });
  return {
    pid: child.pid as number,
    seen,
    ended,
    kill: (signal) => {
      try {
        process.kill(-(child.pid as number), signal);
      } catch {}
    },
  };
}

/** Both sides, of which the old one has something of every kind that Postgres knows. */
export async function startSidesOfAllKinds(): Promise<Sides> {
  const sides = await startSides();
  await ask(sides.old, readFileSync(join(__dirname, "kinds.sql"), "utf8"));
  return sides;
}

/** The rows that statements give, the last of several. */
export async function ask<Row extends QueryResultRow>(url: string, sql: string): Promise<Row[]> {
  const client = new Client({ connectionString: url });
  client.on("error", () => {});
  await client.connect();
  try {
    const answer = await client.query<Row>(sql);
    return (Array.isArray(answer) ? answer.at(-1) : answer).rows;
  } finally {
    await client.end();
  }
}

/** Everything that a database holds, as `pg_dump` tells it, whatever the order of rows. What a move makes for itself is left out. */
export function dumpOf(url: string): string[] {
  const words = ["--no-owner", "--no-privileges", "--no-publications", "--no-subscriptions"];
  const { status, stdout, stderr } = spawnSync("pg_dump", [...words, "--exclude-schema=slipway_move", url], {
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  if (status !== 0) throw new Error(stderr);
  // A word that is made up anew for each dump.
  return stdout
    .split("\n")
    .filter((line) => !/^\\(un)?restrict /.test(line))
    .sort();
}

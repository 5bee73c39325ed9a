import { execFile } from "node:child_process";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { Client } from "pg";
import { ask, type Running, type Sides, startSides } from "../__tests__/move-postgres/support/engines";
import type { Row } from "./report";

/** Rows to copy, in four tables of which one has half. `MOVE_ROWS=10000000` for as many as a small shop has; of few, the start is the most. */
const ROWS = Number(process.env.MOVE_ROWS ?? 2_000_000);
const JOBS = 2;
/** Each table's part of the rows: one in so many. */
const TABLES = { orders: 2, people: 4, visits: 8, notes: 8 };

/** Seconds that the databases' part of a hold may take, however many rows there are. */
const HOLD = 10;

/**
 * A copy by the mover while somebody writes, and by Postgres' own programs with as many jobs: between the same two engines, one
 * after the other. Then the hold of a flip and of the way back, as tasks of the mover go through it.
 */
export async function moveRows(scratch: string): Promise<Row[]> {
  const sides = await startSides();
  try {
    await fill(sides, ROWS / 10);
    const few = await copy(sides);
    await done(sides, "reset clean");
    await fill(sides, ROWS);
    const writer = new Writer(sides.old);
    const ours = await copy(sides);
    const follower = sides.start("follow");
    await follower.seen("following");
    await sleep(5_000);
    const flip = await hold(sides, "hold catch-up sequences compare flipped");
    await Promise.all([writer.ended, follower.ended]);
    await changeAfter(sides.target);
    const back = await hold(sides, "hold-new copy-back compare unflipped release");
    await done(sides, "release-new reset clean");
    const theirs = await watched(sides, 0, () => dumpAndRestore(sides, join(scratch, "dump")));
    return [
      {
        what: "copy of a database : pg_dump -j, pg_restore -j",
        measured: `${ours.seconds.toFixed(1)} s : ${theirs.seconds.toFixed(1)} s, ${ROWS} rows`,
        ratio: ours.seconds / theirs.seconds,
        bound: 1.25,
      },
      memory("the mover's memory : with a tenth of the rows", ours.mover, few.mover),
      memory("both engines' memory : with pg_dump, pg_restore", ours.engines, theirs.engines),
      held(`hold of a flip, ${writer.count} written : ${HOLD} s`, flip),
      held(`hold of a way back : ${HOLD} s`, back),
    ];
  } finally {
    await sides.close();
  }
}

const memory = (what: string, many: number, few: number): Row => ({
  what,
  measured: `${many.toFixed(0)} MB : ${few.toFixed(0)} MB`,
  ratio: many / few,
  bound: 1.5,
});

const held = (what: string, took: number): Row => ({
  what,
  measured: `${took.toFixed(1)} s : ${HOLD.toFixed(1)} s`,
  ratio: took / HOLD,
  bound: 1,
});

async function fill({ old }: Sides, rows: number): Promise<void> {
  for (const [table, share] of Object.entries(TABLES)) {
    await ask(
      old,
      `DROP TABLE IF EXISTS ${table};
       CREATE TABLE ${table} (id bigserial PRIMARY KEY, at timestamptz NOT NULL, name text NOT NULL, price numeric);
       INSERT INTO ${table} (at, name, price) SELECT now(), md5(n::text), n / 7.0 FROM generate_series(1, ${Math.floor(rows / share)}) n;
       CREATE INDEX ON ${table} (name); CREATE INDEX ON ${table} (at)`,
    );
    await ask(old, `VACUUM ANALYZE ${table}`);
  }
}

/** Somebody who writes until the database takes no more. */
class Writer {
  count = 0;
  readonly ended: Promise<void>;

  constructor(url: string) {
    this.ended = this.write(url).catch(() => {});
  }

  private async write(url: string): Promise<void> {
    const client = new Client({ connectionString: url });
    client.on("error", () => {});
    await client.connect();
    for (;;) {
      const id = 1 + ((this.count * 7919) % Math.floor(ROWS / 8));
      await client.query(
        `UPDATE orders SET price = price + 1 WHERE id = ${id}; INSERT INTO people (at, name) VALUES (now(), 'new'); DELETE FROM notes WHERE id = ${id}`,
      );
      this.count++;
      await sleep(10);
    }
  }
}

/** What services write after a flip, to every table. */
async function changeAfter(target: string): Promise<void> {
  for (const table of Object.keys(TABLES))
    await ask(
      target,
      `UPDATE ${table} SET price = 0 WHERE id % 10000 = 1; DELETE FROM ${table} WHERE id % 10000 = 2;
       INSERT INTO ${table} (at, name) SELECT now(), 'after' FROM generate_series(1, 100)`,
    );
}

interface Copied {
  readonly seconds: number;
  /** The most memory that all processes of the mover held together, in MB (10^6 bytes); shared pages once. */
  readonly mover: number;
  /** The same of both engines. */
  readonly engines: number;
}

async function copy(sides: Sides): Promise<Copied> {
  const run = sides.start(`copy --follow --jobs=${JOBS}`);
  return watched(sides, run.pid, () => well(run));
}

/** What some work took, beside that of a process group. */
async function watched(sides: Sides, group: number, work: () => Promise<void>): Promise<Copied> {
  const engines = await Promise.all([sides.old, sides.target].map(postmasterOf));
  const most = { mover: 0, engines: 0 };
  const timer = setInterval(() => {
    const all = allProcesses();
    const ofEngines = all.filter(({ pid, parent }) => engines.includes(pid) || engines.includes(parent));
    most.mover = Math.max(most.mover, sizeOf(all.filter((one) => one.group === group)));
    most.engines = Math.max(most.engines, sizeOf(ofEngines));
  }, 500);
  try {
    return { seconds: await seconds(work), ...most };
  } finally {
    clearInterval(timer);
  }
}

async function postmasterOf(url: string): Promise<number> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
  const found = allProcesses().find(({ pid }) => pid === rows[0]?.pid)?.parent;
  await client.end();
  if (found === undefined) throw new Error("The memory of processes is read in /proc, and there is none.");
  return found;
}

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
}

function allProcesses(): Process[] {
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    const stat = readOr(`/proc/${name}/stat`, "");
    const [, parent, group] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return [{ pid: Number(name), parent: Number(parent), group: Number(group) }];
  });
}

/** MB of memory, each page by the share that a process has in it. */
function sizeOf(processes: readonly Process[]): number {
  const kilobytes = processes.map(({ pid }) =>
    Number(/^Pss:\s+(\d+)/m.exec(readOr(`/proc/${pid}/smaps_rollup`, ""))?.[1] ?? 0),
  );
  return (kilobytes.reduce((sum, one) => sum + one, 0) * 1024) / 1e6;
}

/** A process may be gone by the time that it is looked at. */
function readOr(path: string, otherwise: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return otherwise;
  }
}

/** Seconds from the word that `slipway move … flip` gives to the task that waits for it, until that has ended. */
async function hold(sides: Sides, verbs: string): Promise<number> {
  const gate = sides.start("gate");
  await gate.seen("ready");
  const waiting = sides.start(`await ${verbs}`);
  await waiting.seen("ready");
  return seconds(async () => {
    gate.kill("SIGTERM");
    await well(waiting);
  });
}

const done = (sides: Sides, words: string) => well(sides.start(words));

async function well({ ended }: Running): Promise<void> {
  const { code, end } = await ended;
  if (code !== 0) throw new Error(JSON.stringify(end));
}

async function seconds(work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
}

async function dumpAndRestore({ old, target }: Sides, folder: string): Promise<void> {
  await run("pg_dump", ["--format=directory", `--jobs=${JOBS}`, `--file=${folder}`, old]);
  await run("pg_restore", ["--no-owner", `--jobs=${JOBS}`, `--dbname=${target}`, folder]);
  await run("psql", [target, "--quiet", "--command=ANALYZE"]);
  rmSync(folder, { recursive: true });
}

const run = promisify(execFile);

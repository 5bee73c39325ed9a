import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { ask, type Sides, startSides } from "../__tests__/move-postgres/support/engines";
import type { Row } from "./report";

/** Rows to copy, in four tables of which one has half. `MOVE_ROWS=10000000` for as many as a small shop has; of few, the start is the most. */
const ROWS = Number(process.env.MOVE_ROWS ?? 2_000_000);
const JOBS = 2;

/** A copy by the mover, and by Postgres' own programs with as many jobs: between the same two engines, one after the other. */
export async function moveRows(scratch: string): Promise<Row[]> {
  const sides = await startSides();
  try {
    await fill(sides);
    const ours = await seconds(async () => {
      const { code, end } = await sides.move(`copy --jobs=${JOBS}`);
      if (code !== 0) throw new Error(JSON.stringify(end));
    });
    await sides.move("reset clean");
    const theirs = await seconds(async () => dumpAndRestore(sides, join(scratch, "dump")));
    return [
      {
        what: "copy of a database : pg_dump -j, pg_restore -j",
        measured: `${ours.toFixed(1)} s : ${theirs.toFixed(1)} s, ${ROWS} rows`,
        ratio: ours / theirs,
        bound: 1.25,
      },
    ];
  } finally {
    await sides.close();
  }
}

async function fill({ old }: Sides): Promise<void> {
  for (const [table, share] of Object.entries({ orders: 2, people: 4, visits: 8, notes: 8 })) {
    await ask(
      old,
      `CREATE TABLE ${table} (id bigserial PRIMARY KEY, at timestamptz NOT NULL, name text NOT NULL, price numeric);
       INSERT INTO ${table} (at, name, price) SELECT now(), md5(n::text), n / 7.0 FROM generate_series(1, ${Math.floor(ROWS / share)}) n;
       CREATE INDEX ON ${table} (name); CREATE INDEX ON ${table} (at)`,
    );
  }
  await ask(old, "CHECKPOINT").catch(() => undefined);
}

async function seconds(work: () => unknown): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
}

function dumpAndRestore({ old, target }: Sides, folder: string): void {
  run("pg_dump", ["--format=directory", `--jobs=${JOBS}`, `--file=${folder}`, old]);
  run("pg_restore", ["--no-owner", `--jobs=${JOBS}`, `--dbname=${target}`, folder]);
  run("psql", [target, "--quiet", "--command=ANALYZE"]);
  rmSync(folder, { recursive: true });
}

function run(program: string, words: readonly string[]): void {
  const { status, stderr } = spawnSync(program, words, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${program}: ${stderr}`);
}

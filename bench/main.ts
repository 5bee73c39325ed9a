import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pc from "picocolors";
import { type Cost, median, run } from "./measure";
import { stockApp } from "./stock";

/** One line of the report: a ratio within this run, and the bound it should keep. */
interface Row {
  readonly what: string;
  readonly measured: string;
  readonly ratio: number;
  readonly bound: number;
}

const TSX = ["--import", "tsx"];
const scratch = mkdtempSync(join(tmpdir(), "slipway-bench-"));

try {
  const rows = [...synthesis(), ...scaling()];
  for (const row of rows) console.log(line(row));
  if (rows.some(({ ratio, bound }) => ratio > bound)) process.exitCode = 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/** The environments of this project, beside a floor and beside the way of cdktf's template. */
function synthesis(): Row[] {
  const app = [...TSX, "main.ts"];
  const { packages, output } = run(scratch, app);
  const floorFile = join(scratch, "floor.json");
  writeFileSync(floorFile, JSON.stringify({ packages, output }));
  progress("synth of this project's environments, and its floor");
  const synth = median(7, () => run(scratch, app));
  const floor = median(7, () => run(scratch, [...TSX, "bench/floor.ts"], { BENCH_FLOOR: floorFile }));
  progress("the same app through ts-node and the package's index");
  const folder = join(__dirname, "..", ".bench");
  mkdirSync(folder, { recursive: true });
  const stock = run(scratch, stockApp(folder));
  rmSync(folder, { recursive: true, force: true });
  return [
    {
      what: "synth : floor, time",
      measured: times(synth, floor),
      ratio: synth.seconds / floor.seconds,
      bound: 2,
    },
    {
      what: "synth : template's way, time",
      measured: times(synth, stock),
      ratio: synth.seconds / stock.seconds,
      bound: 1 / 4,
    },
    {
      what: "synth : template's way, memory",
      measured: `${memory(synth)} : ${memory(stock)}`,
      ratio: synth.megabytes / stock.megabytes,
      bound: 1 / 3,
    },
  ];
}

/** Twenty environments and two hundred: ten times as many may cost ten times as much, and a fifth. */
function scaling(): Row[] {
  progress("20 environments, then 200");
  const few = median(3, () => run(scratch, [...TSX, "bench/many.ts", "20"]));
  const many = median(3, () => run(scratch, [...TSX, "bench/many.ts", "200"]));
  return [
    {
      what: "200 : 20 environments, time",
      measured: times(many, few),
      ratio: many.seconds / few.seconds,
      bound: 12,
    },
    { what: "200 environments : 600 MB", measured: memory(many), ratio: many.megabytes / 600, bound: 1 },
  ];
}

function line({ what, measured, ratio, bound }: Row): string {
  const kept = ratio <= bound ? pc.green("kept") : pc.red("missed");
  return `${what.padEnd(32)} ${measured.padEnd(22)} ${ratio.toFixed(2).padStart(6)}  at most ${bound.toFixed(2).padStart(5)}  ${kept}`;
}

function times(left: Cost, right: Cost): string {
  return `${left.seconds.toFixed(2)} s : ${right.seconds.toFixed(2)} s`;
}

function memory({ megabytes }: Cost): string {
  return `${megabytes.toFixed(0)} MB`;
}

/** On standard error, so that the report can be kept. */
function progress(what: string) {
  process.stderr.write(`measuring ${what} …\n`);
}

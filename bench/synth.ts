import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Cost, median, run } from "./measure";
import type { Row } from "./report";
import { stockApp } from "./stock";

const LOADER = ["--require", "slipway/typescript"];
const TSX = ["--require", "tsx/cjs"];

/** The environments of this project, beside a floor and beside the way of cdktf's template; then many of them. */
export function synthRows(scratch: string): Row[] {
  return [...ownEnvironments(scratch), ...scaling(scratch)];
}

function ownEnvironments(scratch: string): Row[] {
  const app = [...LOADER, "main.ts"];
  // The first run, with cold caches, does not count.
  const { packages, output } = run(scratch, app);
  const floorFile = join(scratch, "floor.json");
  writeFileSync(floorFile, JSON.stringify({ packages, output }));
  const synth = median(5, () => run(scratch, app));
  const floor = median(5, () => run(scratch, [...TSX, "bench/floor.ts"], { BENCH_FLOOR: floorFile }));
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
      what: "synth : the template's way, time",
      measured: times(synth, stock),
      ratio: synth.seconds / stock.seconds,
      bound: 1 / 4,
    },
    {
      what: "synth : the template's way, memory",
      measured: `${memory(synth)} : ${memory(stock)}`,
      ratio: synth.megabytes / stock.megabytes,
      bound: 1 / 3,
    },
  ];
}

/** Ten times as many environments may cost ten times as much, and a fifth. */
function scaling(scratch: string): Row[] {
  const few = median(3, () => run(scratch, [...LOADER, "bench/many.ts", "20"]));
  const many = median(3, () => run(scratch, [...LOADER, "bench/many.ts", "200"]));
  return [
    {
      what: "200 : 20 environments, time",
      measured: times(many, few),
      ratio: many.seconds / few.seconds,
      bound: 12,
    },
    {
      what: "200 environments : 600 MB",
      measured: memory(many),
      ratio: many.megabytes / 600,
      bound: 1,
    },
  ];
}

const times = (left: Cost, right: Cost) => `${left.seconds.toFixed(2)} s : ${right.seconds.toFixed(2)} s`;
const memory = ({ megabytes }: Cost) => `${megabytes.toFixed(0)} MB`;

import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { type Cost, median, run } from "./measure";
import type { Row } from "./report";

const ROOT = join(__dirname, "..");
const DIST = join(ROOT, "dist");
const REPEATED = 7;

/** What is published, as `npm run build` makes it: the command's start, deploy's one file, and a synthesis of the shipped environments. */
export function packageRows(scratch: string): Row[] {
  const built = spawnSync("npm", ["run", "-s", "build"], { cwd: ROOT, stdio: "inherit" });
  if (built.status !== 0) throw new Error("npm run build failed");
  const floor = started(["-e", "0"]);
  const command = started([join(DIST, "cli/main.js"), "--help"]);
  const file = started([join(DIST, "slipway-deploy/slipway-deploy.js"), "--help"]);
  return [
    {
      what: "slipway --help : node -e 0, time",
      measured: `${inMs(command)} : ${inMs(floor)}`,
      ratio: command / floor,
      bound: 5,
    },
    {
      what: "slipway-deploy --help : 2 × node -e 0 + 100 ms",
      measured: `${inMs(file)} : 2 × ${inMs(floor)} + 100 ms`,
      ratio: file / (2 * floor + 0.1),
      bound: 1,
    },
    synthesis(scratch),
  ];
}

/** A project that depends on the package, beside loading cdktf alone. */
function synthesis(scratch: string): Row {
  const project = mkdtempSync(join(scratch, "project-"));
  const installed = join(project, "node_modules/slipway");
  // Its files lie among packages, as npm puts them there; what they need lies around the project's folder.
  for (const name of ["bin", "dist", "package.json"])
    cpSync(join(ROOT, name), join(installed, name), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(scratch, "node_modules"));
  for (const name of ["environments", "main.ts", "cdktf.json"])
    cpSync(join(ROOT, name), join(project, name), { recursive: true });
  const app = ["--require", "slipway/typescript", "main.ts"];
  const processor = (args: readonly string[]) =>
    median(REPEATED, () => run(scratch, args, {}, project)).processor;
  // The first run after an installation fills node_modules/.cache/slipway, and does not count.
  run(scratch, app, {}, project);
  const [ours, cdktf] = [processor(app), processor(["-r", "cdktf", "-e", "0"])];
  return {
    what: "synth, built, not the first : node -r cdktf -e 0, processor time",
    measured: `${inMs(ours)} : ${inMs(cdktf)}`,
    ratio: ours / cdktf,
    bound: 2.5,
  };
}

/** Seconds that a process takes, the median of several. */
function started(args: readonly string[]): number {
  return median(REPEATED, (): Cost => {
    const began = process.hrtime.bigint();
    const { status, stderr } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: "utf8" });
    if (status !== 0) throw new Error(`node ${args.join(" ")} failed:\n${stderr}`);
    return { seconds: Number(process.hrtime.bigint() - began) / 1e9, processor: 0, megabytes: 0 };
  }).seconds;
}

const inMs = (seconds: number) => `${(seconds * 1000).toFixed(0)} ms`;

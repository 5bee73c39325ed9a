import { spawnSync } from "node:child_process";
import { join } from "node:path";
import type { Row } from "./report";

const ROOT = join(__dirname, "..");
const DEMO = [process.execPath, "--import", "tsx", "demo/main.ts"];

/** The demo as a log, and where a person watches: `script` gives it a terminal. */
export function demoRows(): Row[] {
  const [, ...args] = DEMO;
  const piped = seconds(process.execPath, args);
  const watched = seconds("script", ["-qec", DEMO.join(" "), "/dev/null"]);
  return [
    { what: "demo : 75 s, two free cores", measured: `${piped.toFixed(0)} s`, ratio: piped / 75, bound: 1 },
    {
      what: "demo in a terminal : piped, time",
      measured: `${watched.toFixed(0)} s : ${piped.toFixed(0)} s`,
      ratio: watched / piped,
      bound: 1.1,
    },
  ];
}

function seconds(file: string, args: readonly string[]): number {
  const { CI, ...env } = process.env;
  const started = process.hrtime.bigint();
  const { status, stdout, stderr, error } = spawnSync(file, args, {
    cwd: ROOT,
    env: { ...env, TERM: "xterm" },
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`${file} ${args.join(" ")} ended with ${status}:\n${stdout}${stderr}`);
  return Number(process.hrtime.bigint() - started) / 1e9;
}

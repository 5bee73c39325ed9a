import { spawnSync } from "node:child_process";
import { join } from "node:path";
import type { Row } from "./report";

const ROOT = join(__dirname, "..");
const DEMO = [process.execPath, "--require", "slipway/typescript", "demo/main.ts"];

/** The demo as a log, and where a person watches: `script` gives it a terminal. */
export function demoRows(): Row[] {
  const piped = costOf(DEMO);
  const watched = costOf(["script", "-qec", DEMO.join(" "), "/dev/null"]);
  return [
    {
      what: "demo : 75 s, two free cores",
      measured: `${piped.elapsed.toFixed(0)} s`,
      ratio: piped.elapsed / 75,
      bound: 1,
    },
    {
      // What others do on the machine hardly changes this one.
      what: "demo, processor time : 85 s",
      measured: `${piped.processor.toFixed(0)} s`,
      ratio: piped.processor / 85,
      bound: 1,
    },
    {
      what: "demo in a terminal : piped, time",
      measured: `${watched.elapsed.toFixed(0)} s : ${piped.elapsed.toFixed(0)} s`,
      ratio: watched.elapsed / piped.elapsed,
      bound: 1.1,
    },
  ];
}

/** Seconds, by the clock, and of processors with all that a command starts. */
interface Cost {
  readonly elapsed: number;
  readonly processor: number;
}

/** The shell says last what its children took: minutes and seconds for users' code, then for the system's. */
const TIMES = /(\d+)m([\d.]+)s\s+(\d+)m([\d.]+)s\s*$/;

function costOf(command: readonly string[]): Cost {
  const { CI, ...env } = process.env;
  const started = process.hrtime.bigint();
  const { status, stdout, stderr, error } = spawnSync(
    "sh",
    ["-c", '"$@"; code=$?; times >&2; exit $code', "sh", ...command],
    { cwd: ROOT, env: { ...env, TERM: "xterm" }, encoding: "utf8", maxBuffer: 2 ** 28 },
  );
  if (error) throw error;
  if (status !== 0) throw new Error(`${command.join(" ")} ended with ${status}:\n${stdout}${stderr}`);
  const elapsed = Number(process.hrtime.bigint() - started) / 1e9;
  const [, ...parts] = TIMES.exec(stderr) ?? [];
  const [userMinutes = 0, user = 0, systemMinutes = 0, system = 0] = parts.map(Number);
  return { elapsed, processor: (userMinutes + systemMinutes) * 60 + user + system };
}

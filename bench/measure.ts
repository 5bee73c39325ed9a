import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** What a run of a process cost. */
export interface Cost {
  /** Wall time, start of the process included. */
  readonly seconds: number;
  /** Seconds of a processor, all threads together. */
  readonly processor: number;
  /** The most memory it held, in MB (10^6 bytes). */
  readonly megabytes: number;
}

export interface Run extends Cost {
  /** Where it wrote its synthesized stacks. */
  readonly output: string;
  /** Files of packages that it loaded. */
  readonly packages: readonly string[];
}

/** Runs a script in a Node process of its own, in the folder of this or another project, its output below `scratch`. */
export function run(
  scratch: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
  project = join(__dirname, ".."),
): Run {
  const folder = mkdtempSync(join(scratch, "run-"));
  const [report, output] = [join(folder, "usage.json"), join(folder, "out")];
  const started = process.hrtime.bigint();
  const child = spawnSync(process.execPath, ["--require", join(__dirname, "usage.cjs"), ...args], {
    cwd: project,
    env: { ...process.env, ...environment, BENCH_USAGE: report, CDKTF_OUTDIR: output },
    encoding: "utf8",
  });
  const seconds = Number(process.hrtime.bigint() - started) / 1e9;
  if (child.status !== 0) throw new Error(`${args.join(" ")} failed:\n${child.stdout}${child.stderr}`);
  const { kilobytes, seconds: processor, packages } = JSON.parse(readFileSync(report, "utf8"));
  return { seconds, processor, megabytes: (kilobytes * 1024) / 1e6, output, packages };
}

/** The medians over several runs. */
export function median(times: number, once: () => Cost): Cost {
  const costs = Array.from({ length: times }, once);
  const middle = (key: keyof Cost) =>
    costs.map((cost) => cost[key]).sort((a, b) => a - b)[Math.floor(times / 2)] ?? 0;
  return { seconds: middle("seconds"), processor: middle("processor"), megabytes: middle("megabytes") };
}

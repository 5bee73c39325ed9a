import processes from "node:child_process";
import { syncBuiltinESMExports } from "node:module";

/** A refusal of processes in the projects `unit` and `simulated`: to start one takes longer than most of their files. */
const refuse = () => {
  throw new Error(
    "Tests of this project start no process: name this file in vitest.config.mts, among those of the project processes.",
  );
};

for (const name of ["spawn", "spawnSync", "exec", "execSync", "execFile", "execFileSync", "fork"] as const)
  processes[name] = refuse as never;
syncBuiltinESMExports();

import { cpSync, readFileSync } from "node:fs";

/**
 * What no synthesis was faster than while tsx loaded all of it: the same packages loaded by tsx, the same files written.
 * The file named by BENCH_FLOOR says which, as a synthesis before it reported them.
 */
const { packages, output } = JSON.parse(readFileSync(process.env.BENCH_FLOOR ?? "", "utf8"));
for (const file of packages) require(file);
cpSync(output, process.env.CDKTF_OUTDIR ?? "", { recursive: true });

import { cpSync, readFileSync } from "node:fs";

/**
 * What no synthesis can be faster than: the same loader, the same packages loaded, the same files written.
 * The file named by BENCH_FLOOR says which, as a synthesis before it reported them.
 */
const { packages, output } = JSON.parse(readFileSync(process.env.BENCH_FLOOR ?? "", "utf8"));
for (const file of packages) require(file);
cpSync(output, process.env.CDKTF_OUTDIR ?? "", { recursive: true });

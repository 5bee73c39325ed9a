/**
 * npm run bench: how quick it is, as ratios within this one run. Arguments name what to measure; without them, all.
 * Exit code 1 where a ratio misses its bound.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { demoRows } from "./demo";
import { deployRows } from "./deploy";
import { logsRows } from "./logs";
import { moveRows } from "./move";
import { packageRows } from "./package";
import { planRows } from "./plan";
import { kept, line, type Row } from "./report";
import { sandboxRows } from "./sandbox";
import { synthRows } from "./synth";

const subjects: Readonly<Record<string, (scratch: string) => Row[] | Promise<Row[]>>> = {
  synth: synthRows,
  deploy: deployRows,
  logs: logsRows,
  move: moveRows,
  package: packageRows,
  plan: planRows,
  // Loaded when it is asked for: it stands on packages that CommonJS cannot load, and the others must not fall with it.
  required: (scratch) => (require("./required") as typeof import("./required")).requiredRows(scratch),
  sandbox: sandboxRows,
  demo: demoRows,
};

async function main(named: readonly string[]) {
  const unknown = named.filter((name) => subjects[name] === undefined);
  if (unknown.length > 0) {
    console.error(
      `${unknown.join(", ")}: there is nothing of this name to measure; there are ${Object.keys(subjects).join(", ")}.`,
    );
    process.exitCode = 2;
    return;
  }
  const scratch = mkdtempSync(join(tmpdir(), "slipway-bench-"));
  try {
    for (const name of named.length > 0 ? named : Object.keys(subjects)) {
      // On standard error, so that the report can be kept.
      process.stderr.write(`measuring ${name} …\n`);
      const rows = (await subjects[name]?.(scratch)) ?? [];
      for (const row of rows) console.log(line(row));
      if (!rows.every(kept)) process.exitCode = 1;
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

void main(process.argv.slice(2));

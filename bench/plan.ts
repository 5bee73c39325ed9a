import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Row } from "./report";

const ROOT = join(__dirname, "..");
const PLAN = ["--require", "slipway/typescript", join(ROOT, "plan/main.ts"), "plan", "--offline"];

/**
 * Plans generated environments offline, all by one command, then one after another by a command each.
 * @throws Error where a plan does not end as one of a new environment does
 */
export function planRows(scratch: string): Row[] {
  const environments = 20;
  const names = Array.from({ length: environments }, (_, index) => `env${index}`);
  const together = seconds(projectOf(scratch, names), []);
  const project = projectOf(scratch, names);
  const apart = names.reduce((sum, name) => sum + seconds(project, [name]), 0);
  return [
    {
      what: `plan of ${environments} : one by one, time`,
      measured: `${together.toFixed(1)} s : ${apart.toFixed(1)} s`,
      ratio: together / apart,
      bound: 0.7,
    },
  ];
}

/** This project in a folder of its own, with other environments, never planned before. */
function projectOf(scratch: string, names: readonly string[]): string {
  const folder = mkdtempSync(join(scratch, "plan-"));
  for (const name of ["aws", "modules", "guardrails", "node_modules", "tsconfig.json"]) {
    symlinkSync(join(ROOT, name), join(folder, name));
  }
  for (const name of ["main.ts", "package.json"]) cpSync(join(ROOT, name), join(folder, name));
  const { context, ...config } = require("../cdktf.json");
  // Environments alone.
  const own = { ...config, context: { project: context.project } };
  writeFileSync(join(folder, "cdktf.json"), JSON.stringify(own));
  mkdirSync(join(folder, "environments"));
  const source = readFileSync(join(ROOT, "environments", "staging.ts"), "utf8");
  for (const name of names) writeFileSync(join(folder, "environments", `${name}.ts`), source);
  return folder;
}

function seconds(project: string, names: readonly string[]): number {
  const started = process.hrtime.bigint();
  const { status, stdout, stderr } = spawnSync(process.execPath, [...PLAN, ...names], {
    cwd: project,
    env: { ...process.env, CI: "true" },
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  const elapsed = Number(process.hrtime.bigint() - started) / 1e9;
  if (status !== 2) throw new Error(`plan ${names.join(" ")} ended with ${status}:\n${stdout}${stderr}`);
  return elapsed;
}

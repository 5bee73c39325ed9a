import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { checkout } from "../__tests__/workflows/support/checkout";
import { ROOT, workflowOf } from "../__tests__/workflows/support/workflows";
import type { Row } from "./report";

/** Seconds that a pull request may wait for what it has to pass, on two cores. */
const MOST = 90;

/**
 * The check that a pull request has to pass, script by script as it stands in the workflow: types, synthesis, guardrails, offline
 * plan, lists of addresses. Without the installation, whose time is the registry's.
 * @throws Error where one of them fails
 */
export function requiredRows(scratch: string): Row[] {
  const [folder, world] = [join(scratch, "workspace"), join(scratch, "world")];
  mkdirSync(world);
  checkout(folder, world);
  // This project's own configuration, of which the lists are.
  for (const name of ["environments", "cdktf.json"]) {
    rmSync(join(folder, name), { recursive: true });
    cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  }
  const scripts = (workflowOf("terraform").jobs.check?.steps ?? []).flatMap(({ if: condition, run = "" }) =>
    condition === undefined && run !== "" && !run.startsWith("npm ci") ? [run] : [],
  );
  const files = {
    GITHUB_OUTPUT: join(scratch, "output"),
    GITHUB_STEP_SUMMARY: join(scratch, "summary"),
  };
  const env = { ...process.env, CI: "true", GITHUB_ACTIONS: "true", AWS_REGION: "us-west-2", ...files };
  const started = process.hrtime.bigint();
  for (const script of scripts) {
    const options = { cwd: folder, env, encoding: "utf8", maxBuffer: 2 ** 28 } as const;
    const { status, stdout, stderr } = spawnSync("bash", ["-e", "-c", script], options);
    if (status !== 0) throw new Error(`${script} ended with ${status}:\n${stdout}${stderr}`);
  }
  const seconds = Number(process.hrtime.bigint() - started) / 1e9;
  return [
    {
      what: `check of a pull request, ${scripts.length} scripts : ${MOST} s`,
      measured: `${seconds.toFixed(1)} s : ${MOST} s`,
      ratio: seconds / MOST,
      bound: 1,
    },
  ];
}

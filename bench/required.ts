import { cpSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { checkout } from "../__tests__/workflows/support/checkout";
import { contextsOf } from "../__tests__/workflows/support/events";
import { runJob } from "../__tests__/workflows/support/runner";
import { ROOT, workflowOf } from "../__tests__/workflows/support/workflows";
import type { Row } from "./report";

/** Seconds that a pull request may wait for what it has to pass, on two cores. */
const MOST = 90;

/**
 * The check that a pull request has to pass, script by script as it stands in the workflow: types, synthesis, guardrails, offline
 * plan, lists of addresses. Without the installation, whose time is the registry's.
 * @throws Error where one of them fails
 */
export async function requiredRows(scratch: string): Promise<Row[]> {
  const [folder, world] = [join(scratch, "workspace"), join(scratch, "world")];
  mkdirSync(world);
  checkout(folder, world);
  // This project's own configuration, of which the lists are.
  for (const name of ["environments", "cdktf.json"]) {
    rmSync(join(folder, name), { recursive: true });
    cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  }
  const job = workflowOf("terraform").jobs.check;
  if (job === undefined) throw new Error("terraform.yaml has no job check.");
  const started = process.hrtime.bigint();
  const { status, ran, log } = await runJob(job, {
    folder,
    contexts: contextsOf("pull request"),
    env: { GITHUB_ACTIONS: "true", AWS_REGION: "us-west-2" },
    only: ({ run = "" }) => !/^npm ci/.test(run),
  });
  const seconds = Number(process.hrtime.bigint() - started) / 1e9;
  if (status !== "success") throw new Error(`The check ends with ${status}: ${JSON.stringify(ran)}\n${log}`);
  return [
    {
      what: `check of a pull request, ${Object.keys(ran).length} scripts : ${MOST} s`,
      measured: `${seconds.toFixed(1)} s : ${MOST} s`,
      ratio: seconds / MOST,
      bound: 1,
    },
  ];
}

import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Graph } from "./graph";

/**
 * Every stack of a project by name, as the app in its cdktf.json makes them, in a process of its own.
 * Nothing is written in the project: its cdktf.out stays as it is.
 *
 * @param project the folder of its cdktf.json
 * @throws Error with what the app printed, where it fails
 *
 * @example expect(synthesizeStacks(".").staging?.addresses).toContain("aws_db_instance.database_instance");
 */
export function synthesizeStacks(project: string): Readonly<Record<string, Graph>> {
  const output = mkdtempSync(join(tmpdir(), "slipway-stacks-"));
  try {
    const { app } = JSON.parse(readFileSync(join(project, "cdktf.json"), "utf8"));
    const { status, stdout, stderr } = spawnSync(app, {
      cwd: project,
      env: { ...process.env, CDKTF_OUTDIR: output },
      encoding: "utf8",
      shell: true,
    });
    if (status !== 0) throw new Error(`${app} ended with ${status}:\n${stdout}${stderr}`);
    const stacks = join(output, "stacks");
    const read = (name: string) =>
      new Graph(JSON.parse(readFileSync(join(stacks, name, "cdk.tf.json"), "utf8")));
    return Object.fromEntries(readdirSync(stacks).map((name) => [name, read(name)]));
  } finally {
    rmSync(output, { recursive: true, force: true });
  }
}

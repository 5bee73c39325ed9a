import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { lock } from "proper-lockfile";
import { CommandError } from "./error";

/**
 * Does something while no other plan or apply works in the same cdktf.out.
 * @throws CommandError where one does
 */
export async function alone<R>(project: string, work: () => Promise<R>): Promise<R> {
  const folder = join(project, "cdktf.out");
  mkdirSync(folder, { recursive: true });
  const release = await lock(folder, {
    lockfilePath: join(folder, "plans.lock"),
    // After the machine slept: Terraform's lock of the state is the one that protects it.
    onCompromised: () => {},
  }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ELOCKED") throw error;
    throw new CommandError(
      "Another plan or apply is at work in this folder: wait until it is done. If it was killed, this clears up by itself in 10 seconds.",
    );
  });
  try {
    return await work();
  } finally {
    await release().catch(() => {});
  }
}

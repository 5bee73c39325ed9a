import { existsSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lock } from "proper-lockfile";

/** Milliseconds after which a lock counts as left behind: longer than making any of the folders takes, as the maker may be too busy to renew it. */
const STALE = 600_000;

/**
 * A folder of the run's that is made once: by the test that asks for it first, while others wait. It goes with the run.
 * @param make fills the folder, which is not there yet
 */
export async function madeOnce(
  name: string,
  make: (folder: string) => void | Promise<void>,
): Promise<string> {
  const folder = join(tmpdir(), name);
  if (existsSync(folder)) return folder;
  const retries = { forever: true, minTimeout: 50, maxTimeout: 250 };
  const release = await lock(folder, { realpath: false, stale: STALE, retries });
  try {
    if (!existsSync(folder)) {
      const unfinished = `${folder}.unfinished`;
      rmSync(unfinished, { recursive: true, force: true });
      await make(unfinished);
      renameSync(unfinished, folder);
    }
  } finally {
    await release();
  }
  return folder;
}

import { cpSync } from "node:fs";
import { PGlite } from "@electric-sql/pglite";
import { madeOnce } from "./made-once";

/** Copies an empty database of PGlite's to a folder: to make one takes ten times as long as to open it. */
export async function copyPglite(folder: string): Promise<void> {
  const made = await madeOnce("pglite", async (unfinished) => {
    await (await PGlite.create(unfinished)).close();
  });
  cpSync(made, folder, { recursive: true });
}

/** An empty database of PGlite's, in a folder that is not there yet. */
export async function openPglite(folder: string): Promise<PGlite> {
  await copyPglite(folder);
  return PGlite.create(folder);
}

import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * One temporary folder for a whole run, in which tests and all that they start have theirs: whatever these leave, because they
 * were killed or meant to, goes with it, also where the run is stopped. The name is short, as sockets lie below it, whose paths
 * have 107 characters at most. Source: unix(7).
 */
export function setup(): void {
  const folder = mkdtempSync(join(tmpdir(), "slipway-"));
  // Others, as the user who runs Postgres, may go through it to what they have below.
  chmodSync(folder, 0o711);
  process.env.TMPDIR = folder;
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
}

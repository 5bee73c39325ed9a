import { type Release, release } from "./releases";
import type { DemoSandbox } from "./sandbox";
import { found, type Step } from "./step";

/** What deploy says last, once it has proved which image the tasks run. */
const DEPLOYED = /web deployed: (sha256:\w+) runs/;

/** What runs in staging in truth: the demo looks by itself, and by digest. */
const runs = (name: Release) => new RegExp(`in staging run ${name}$`, "m");

/** Releases of examples/service into staging: good ones, bad ones, and back. */
export function deploys(sandbox: DemoSandbox): Step[] {
  const pushed = (name: Release, expected = 0) => ({ sandbox: release(name, sandbox.folder), expected });
  return [
    [
      "Deploy v1 before its secrets are set",
      async (show) => {
        const output = await sandbox.deploy("staging", ["staging", "--image", "v1"], show, pushed("v1", 1));
        return found(output, /✗ (\w+) of web: \S+ is not set/, "exit code 1: $1 is not set");
      },
    ],
    [
      "Write the secrets, deploy v1",
      async (show) => {
        const output = await sandbox.deploy("staging", ["staging", "--image", "v1"], show, { secrets: true });
        found(output, runs("v1"), "");
        const migrated = /OK\s+(\d+_\w+\.sql)/;
        return found(output, migrated, "$1 applied to Postgres, v1 runs");
      },
    ],
    [
      "Deploy v2: its migration fails",
      async (show) => {
        const image = "v2-broken-migration";
        const output = await sandbox.deploy("staging", ["staging", "--image", image], show, pushed(image, 2));
        found(output, runs("v1"), "");
        return found(output, /(relation "\w+" does not exist)/, "exit code 2: $1; v1 still runs");
      },
    ],
    [
      "Deploy v3: it does not start",
      async (show) => {
        const image = "v3-broken-start";
        const output = await sandbox.deploy("staging", ["staging", "--image", image], show, pushed(image, 3));
        found(output, /put back app-\w+:\w+: succeeded/, "");
        return found(output, runs("v1"), "exit code 3; the tag is back at v1, which still runs");
      },
    ],
    [
      "Deploy v4",
      async (show) => {
        const output = await sandbox.deploy("staging", ["staging", "--image", "v4"], show, pushed("v4"));
        found(output, runs("v4"), "");
        return found(output, DEPLOYED, "$1 runs");
      },
    ],
    [
      "Roll back",
      async (show) => {
        const output = await sandbox.deploy("staging", ["rollback", "staging"], show);
        found(output, runs("v1"), "");
        return found(output, DEPLOYED, "v1 runs again: $1");
      },
    ],
  ];
}

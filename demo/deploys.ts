import { type Release, release } from "./releases";
import type { DemoSandbox } from "./sandbox";
import { found, type Step } from "./step";

/** What deploy says last, once it has proved which image the tasks run. */
const DEPLOYED = /web deployed: (sha256:\w+) runs/;

/** Releases of examples/service into staging: good ones, bad ones, and back. */
export function deploys(sandbox: DemoSandbox): Step[] {
  let v1 = "";
  const pushed = (name: Release, expected = 0) => ({ sandbox: release(name, sandbox.folder), expected });
  return [
    [
      "Deploy v1 before its secrets are set",
      async (show) => {
        const output = await sandbox.deploy(["staging", "--image", "v1"], show, pushed("v1", 1));
        const placeholder = /✗ web (\w+): \S+ is still the placeholder/;
        return found(output, placeholder, "exit code 1: $1 is still a placeholder");
      },
    ],
    [
      "Write the secrets, deploy v1",
      async (show) => {
        await sandbox.writeSecrets("staging", show);
        const output = await sandbox.deploy(["staging", "--image", "v1"], show);
        v1 = found(output, DEPLOYED, "$1");
        const migrated = /OK\s+(\d+_\w+\.sql)/;
        return found(output, migrated, "$1 applied to Postgres, v1 runs");
      },
    ],
    [
      "Deploy v2: its migration fails",
      async (show) => {
        const image = "v2-broken-migration";
        const output = await sandbox.deploy(["staging", "--image", image], show, pushed(image, 2));
        return found(output, /(relation "\w+" does not exist)/, "exit code 2: $1; the service is untouched");
      },
    ],
    [
      "Deploy v3: it does not start",
      async (show) => {
        const image = "v3-broken-start";
        const output = await sandbox.deploy(["staging", "--image", image], show, pushed(image, 3));
        return found(
          output,
          /put back app:\w+: succeeded/,
          "exit code 3; the tag is back at v1, which still runs",
        );
      },
    ],
    [
      "Deploy v4",
      async (show) => {
        const output = await sandbox.deploy(["staging", "--image", "v4"], show, pushed("v4"));
        return found(output, DEPLOYED, "$1 runs");
      },
    ],
    [
      "Roll back",
      async (show) => {
        const runs = found(await sandbox.deploy(["rollback", "staging"], show), DEPLOYED, "$1");
        if (runs !== v1) throw new Error(`Expected ${v1} to run again, not ${runs}.`);
        return `v1 runs again: ${v1}`;
      },
    ],
  ];
}

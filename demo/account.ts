import type { DemoSandbox } from "./sandbox";
import { found, type Step } from "./step";

/** From an empty account to all environments, each by the commands that a person types. */
export const account = (sandbox: DemoSandbox): Step[] => [
  ["Synthesize every environment file", async (show) => (await sandbox.synth(show)).join(", ")],
  [
    "Apply bootstrap to the empty account",
    async (show) => {
      const output = await sandbox.cdktf(["apply", "bootstrap", "--auto-approve"], show);
      return found(output, /Resources: (\d+) added/, "$1 resources: state bucket, repository, roles for CI");
    },
  ],
  [
    "Move the states into its bucket",
    async (show) => {
      const output = await sandbox.plan(["move-state"], show);
      return found(output, /bootstrap: moved to (s3:\S+)/, "$1");
    },
  ],
  [
    "Plan every environment",
    async (show) => {
      const output = await sandbox.plan(["plan"], show, { expected: 2 });
      found(output, /bootstrap: no changes/, "");
      const counts = /prod: (\d+) to add, 0 to change[\s\S]*staging: (\d+) to add, 0 to change/;
      return found(output, counts, "prod $1 and staging $2 to add, bootstrap as it is");
    },
  ],
  [
    "Apply exactly these plans",
    async (show) => {
      const output = await sandbox.plan(["apply", "--auto-approve"], show);
      return found(
        output,
        /prod: (\d+) added[\s\S]*staging: (\d+) added/,
        "prod $1 and staging $2 resources made",
      );
    },
  ],
  [
    "Plan again: nothing may differ",
    async (show) => {
      const output = await sandbox.plan(["plan", "prod", "staging"], show);
      found(output, /prod: no changes/, "");
      return found(output, /staging: no changes/, "no changes");
    },
  ],
  [
    "Read the outputs of staging",
    async (show) => {
      const output = await sandbox.terraform("staging", ["output", "-json"], show);
      const { url, deploy } = JSON.parse(output.slice(output.indexOf("{")));
      const { cluster, services } = JSON.parse(deploy.value);
      const names = services.map(({ name }: { name: string }) => name).join(", ");
      return `${url.value}, cluster ${cluster}, services ${names}`;
    },
  ],
];

import type { DemoSandbox } from "./sandbox";
import { found, type Step } from "./step";

/** What comes later: a second environment by copying a file, a change by hand, and the end. */
export const afterwards = (sandbox: DemoSandbox): Step[] => [
  [
    "Copy staging.ts to qa.ts, plan",
    async (show) => {
      sandbox.copyEnvironment("staging", "qa");
      const output = await sandbox.plan(["plan"], show, { expected: 2 });
      found(output, /staging: no changes/, "");
      found(output, /prod: no changes/, "");
      return found(
        output,
        /bootstrap: (\d+) to add[\s\S]*qa: (\d+) to add, 0 to change/,
        "qa $2 to add, bootstrap $1 (its roles), staging and prod as they are",
      );
    },
  ],
  [
    "Apply, deploy v4 into it",
    async (show) => {
      const applied = await sandbox.plan(["apply", "--auto-approve"], show);
      const made = found(applied, /qa: (\d+) added/, "$1 resources made");
      const output = await sandbox.deploy("qa", ["qa", "--image", "v4"], show, { secrets: true });
      return found(output, /in qa run v4$/m, `${made}, v4 runs in qa`);
    },
  ],
  [
    "Somebody changes staging by hand",
    async (show) => {
      const edit = ["--edit", "cloudwatch_log_group//staging/service/web", "retention_in_days=1"];
      const output = await sandbox.plan(["plan", "staging"], show, { sandbox: edit, expected: 2 });
      return found(
        output,
        /~ (aws_cloudwatch_log_group\.\S+).*\s+(retention_in_days: \d+ → \d+)/,
        "found by plan: $1, $2",
      );
    },
  ],
  [
    "Apply puts it back",
    async (show) => {
      await sandbox.plan(["apply", "--auto-approve"], show);
      return found(await sandbox.plan(["plan", "staging"], show), /staging: no changes/, "no changes");
    },
  ],
  [
    "Destroy prod",
    async (show) => {
      const output = await sandbox.terraform("prod", ["plan", "-destroy", "-no-color"], show, {
        expected: 1,
      });
      return found(output, /(aws_db_instance\.\w+)[\s\S]*prevent_destroy/, "refused: $1 is protected");
    },
  ],
  [
    "Destroy staging and qa",
    async (show) => {
      const destroy = async (stack: string) => {
        const output = await sandbox.terraform(stack, ["destroy", "-auto-approve", "-no-color"], show);
        return found(output, /Resources: (\d+) destroyed/, "$1");
      };
      const all = await Promise.all(["staging", "qa"].map(destroy));
      return `${all.join(" and ")} resources gone`;
    },
  ],
];

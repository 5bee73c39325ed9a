import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { contextsOf } from "./support/events";
import { runJob } from "./support/runner";
import { type Job, workflowOf } from "./support/workflows";

const apply = workflowOf("terraform").jobs.apply as Job;

/** The job apply after an apply that failed: what of it runs needs Terraform no more, and its aws is a script. */
describe("a state that could not be saved", () => {
  const folder = mkdtempSync(join(tmpdir(), "slipway-errored-"));
  const stack = join(folder, "cdktf.out/stacks/staging");
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** @param aws exit code of `aws s3 cp` */
  const failed = async (aws: number, errored = true) => {
    mkdirSync(stack, { recursive: true });
    mkdirSync(join(folder, "bin"));
    writeFileSync(join(folder, "bin/aws"), `#!/bin/sh\necho "$@" > '${folder}/called'\nexit ${aws}\n`);
    chmodSync(join(folder, "bin/aws"), 0o755);
    const s3 = { bucket: "states", region: "eu-west-1" };
    writeFileSync(join(stack, "cdk.tf.json"), JSON.stringify({ terraform: { backend: { s3 } } }));
    mkdirSync(join(folder, "cdktf.out/plans"), { recursive: true });
    writeFileSync(join(folder, "cdktf.out/plans/staging.json"), '{"name":"staging","plan":"one"}');
    if (errored) writeFileSync(join(stack, "errored.tfstate"), "{}");
    const actions: string[] = [];
    const steps = apply.steps?.map((step) =>
      step.name === "Apply exactly this plan" ? { ...step, run: "exit 1" } : step,
    );
    const contexts = contextsOf("push to main");
    const job = await runJob(
      { ...apply, ...(steps && { steps }) },
      {
        folder,
        contexts: {
          ...contexts,
          github: { ...(contexts.github as object), run_id: "4711" },
          matrix: { environment: "staging" },
        },
        env: { PATH: `${join(folder, "bin")}:${process.env.PATH}` },
        only: ({ id, run = "" }) => id !== "head" && !/^npm ci|github again/.test(run),
        action: ({ uses = "" }, { name }) => actions.push(`${uses.split("@")[0]} ${name ?? ""}`.trim()),
      },
    );
    return {
      ...job,
      afterwards: actions.slice(actions.indexOf("aws-actions/configure-aws-credentials") + 1),
    };
  };

  it("is put beside the states with a session of its own, and the summary says how to push it", async () => {
    const { status, summary, afterwards } = await failed(0);
    expect(status).toBe("failure");
    expect(afterwards).toEqual(["aws-actions/configure-aws-credentials"]);
    expect(readFileSync(join(folder, "called"), "utf8")).toBe(
      "s3 cp cdktf.out/stacks/staging/errored.tfstate s3://states/errored/staging/4711.tfstate --region eu-west-1\n",
    );
    expect(summary).toContain("The state is in s3://states/errored/staging/4711.tfstate.");
    expect(summary).toContain(
      "terraform -chdir=cdktf.out/stacks/staging state push ../../../errored.tfstate",
    );
    expect(summary).not.toContain("END");
  });

  it("is an artifact where the bucket does not take it", async () => {
    const { summary, afterwards } = await failed(1);
    expect(afterwards).toEqual([
      "aws-actions/configure-aws-credentials",
      "actions/upload-artifact errored-staging",
    ]);
    expect(summary).toContain("The state is in the artifact errored-staging of this run, for a day.");
  });

  it("is not looked for further where there is none", async () => {
    const { ran, afterwards } = await failed(0, false);
    expect(ran).toEqual({
      "Note which plan it is": 0,
      "Apply exactly this plan": 1,
      "Is there a state that could not be saved": 0,
      "What to do now": 0,
    });
    expect(afterwards).toEqual([]);
  });
});

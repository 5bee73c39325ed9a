import { SsmParameter } from "@cdktf/provider-aws/lib/ssm-parameter";
import { App, Testing } from "cdktf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HandWritten } from "../../modules/hand-written";
import { SlipwayStack } from "../../modules/stack";
import { parsePlan } from "../../plan/plan-json";
import { losses, summarize } from "../../plan/summary";
import { InProcessStack, succeed } from "./support/in-process";

const NAME = "/staging/service/web/STRIPE_KEY";

const configuration = (add: (stack: SlipwayStack) => void) => {
  const stack = new SlipwayStack(new App(), "staging", { project: "app", region: "us-west-2" });
  add(stack);
  return JSON.parse(Testing.synth(stack, true));
};

/** As Slipway wrote it when an apply still made the parameter, with a placeholder. */
const managed = configuration((stack) => {
  new SsmParameter(stack, "service_web_secret_STRIPE_KEY", {
    name: NAME,
    description: "STRIPE_KEY of web, written by hand",
    type: "SecureString",
    valueWo: "placeholder: set this parameter by hand",
    valueWoVersion: 1,
    lifecycle: { ignoreChanges: ["description", "key_id"] },
  });
});
const named = configuration((stack) => {
  new HandWritten(stack, "service_web_secret_STRIPE_KEY", {
    name: NAME,
    account: "123456789012",
    region: "us-west-2",
  });
});

describe("a secret that a person wrote into a parameter of Terraform's", () => {
  const stack = new InProcessStack();
  afterAll(() => stack.remove());
  const parameter = () => stack.world.find({ type: "aws_ssm_parameter", where: { name: NAME } });
  const value = () => {
    const found = parameter();
    return found && stack.world.reveal(found, "value_wo");
  };

  beforeAll(async () => {
    stack.configure(managed);
    await succeed(stack.run("init"));
    await succeed(stack.apply());
    await stack.world.change((world) => {
      const found = parameter();
      if (!found) throw new Error("No parameter was made.");
      world.put({
        ...found,
        attributes: { ...found.attributes, version: 2 },
        sealed: { value_wo: world.vault.seal("sk_live_1") },
      });
    });
  });

  it("is let go by the plan, unread, and nothing is said to be lost", async () => {
    stack.configure(named);
    const { output } = await succeed(stack.run("plan", "-out=plan"));
    expect(output).not.toContain("Refreshing state");
    const summary = summarize(parsePlan((await succeed(stack.run("show", "-json", "plan"))).output));
    expect(summary.counts).toMatchObject({ forget: 1, create: 0, update: 0, replace: 0, destroy: 0 });
    expect(losses(summary)).toEqual([]);
  });

  it("keeps its value in the apply, and is no concern of Terraform's after it", async () => {
    await succeed(stack.run("apply", "plan"));
    expect(value()).toBe("sk_live_1");
    expect(parameter()?.attributes.version).toBe(2);
    expect((await succeed(stack.run("plan"))).output).toContain("No changes.");
    await succeed(stack.run("destroy", "-auto-approve"));
    expect(value()).toBe("sk_live_1");
  });
});

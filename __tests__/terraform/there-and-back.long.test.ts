import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { but, existing } from "../modules/support/least";
import { synthesize } from "../modules/support/synthesize";
import { type Break, BreakingStack } from "./support/breaking";
import { succeed } from "./support/in-process";
import { makeVpc } from "./support/vpc";

/** The least that has a target group. */
const environment = (more: { capacity?: string; internal?: boolean }) =>
  but({ network: existing, database: false, bastion: false, services: { web: { port: 8080, ...more } } });
const before = environment({});

/** The changes that fail: the target group's successor is there by then. */
const breaks: readonly Break[] = [
  { type: "aws_lb_listener_rule", id: "arn:", how: "refused" },
  { type: "aws_ecs_service", id: "arn:", how: "refused" },
];

describe("a change that fails halfway, and is taken back", () => {
  const stack = new BreakingStack();
  const copies: BreakingStack[] = [];
  const copy = () => {
    const made = stack.copy();
    copies.push(made);
    return made;
  };
  beforeAll(async () => {
    await makeVpc(stack.world);
    stack.configure(synthesize(before).json);
    await succeed(stack.apply());
  });
  afterAll(async () => {
    for (const one of [stack, ...copies]) await one.remove();
  });

  it.each([
    ["instances → Fargate", environment({ capacity: "fargate" })],
    ["CloudFront's → between services", environment({ internal: true })],
  ] as const)("%s: the service is where it was, and nothing is left", async (_, after) => {
    for (const broken of breaks) {
      const living = copy();
      living.configure(synthesize(after).json);
      await living.applyBreaking(broken);
      living.configure(synthesize(before).json);
      await succeed(living.apply());
      expect((await succeed(living.run("plan"))).output, broken.type).toContain("No changes.");
      const groups = living.world.list({ type: "aws_lb_target_group" });
      expect(groups.map(({ attributes }) => attributes.target_type)).toEqual(["instance"]);
    }
  });
});

import { synthesizeStacks } from "slipway/testing";
import { expect, test } from "vitest";

const stacks = Object.entries(synthesizeStacks("."));
// Each account has a stack bootstrap of its own.
const environments = stacks.filter(([name]) => !/^bootstrap(-|$)/.test(name));

test.each(environments)("%s has an alarm on its own load balancer", (name, stack) => {
  const address = "aws_cloudwatch_metric_alarm.errors_alarm";
  expect(stack.body(address).alarm_name).toBe(`${name}-errors`);
  expect([...stack.references(address)]).toEqual([expect.stringMatching(/^aws_lb\./)]);
});

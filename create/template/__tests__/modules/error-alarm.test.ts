import { synthesizeStacks } from "slipway/testing";
import { expect, test } from "vitest";

const { bootstrap: _, ...environments } = synthesizeStacks(".");

test.each(Object.entries(environments))("%s has an alarm on its own load balancer", (name, stack) => {
  const address = "aws_cloudwatch_metric_alarm.errors_alarm";
  expect(stack.body(address).alarm_name).toBe(`${name}-errors`);
  expect([...stack.references(address)]).toEqual([expect.stringMatching(/^aws_lb\./)]);
});

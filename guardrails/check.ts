import type { Finding, Hit, RuleText } from "./rule";
import { rules, ruleTable, togetherRules } from "./rules";
import { Stack } from "./stack";
import { applySuppressions } from "./suppressions";
import type { Body } from "./values";

const LONGEST_VALUE = 100;

/**
 * Every place where a stack breaks a rule, the suppressed ones with their reasons.
 *
 * @param json Terraform's JSON: what CDKTF synthesizes, or any *.tf.json
 */
export const check = (json: Body, name = nameOf(json)): Finding[] => checkAll([{ name, json }]);

/** The same for several stacks, with the rules over what they share. Findings come in the order of the stacks. */
export function checkAll(stacks: readonly { readonly name?: string; readonly json: Body }[]): Finding[] {
  const read = stacks.map(({ name, json }) => new Stack(name ?? nameOf(json), json));
  const together = togetherRules.flatMap((rule) =>
    rule.find(read).map(({ stack, ...where }) => ({ stack, finding: findingOf(rule, stack.name, where) })),
  );
  return read.flatMap((stack) => {
    const own = rules.flatMap((rule) => rule.find(stack).map((where) => findingOf(rule, stack.name, where)));
    const shared = together.filter((found) => found.stack === stack).map(({ finding }) => finding);
    return applySuppressions(stack, [...own, ...shared], ruleTable);
  });
}

/** The name that CDKTF wrote into a stack's JSON. */
export function nameOf(json: Body, otherwise = "stack"): string {
  const comment = json["//"] as { metadata?: { stackName?: unknown } } | undefined;
  const name = comment?.metadata?.stackName;
  return typeof name === "string" ? name : otherwise;
}

/** A rule's finding at a place. */
export function findingOf({ id, why, source, mend }: RuleText, stack: string, where: Hit): Finding {
  const { address, path, value } = where;
  return { rule: id, stack, address, path, value: show(value), why, source, mend, suppressed: undefined };
}

function show(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  const whole = JSON.stringify(value);
  return whole.length > LONGEST_VALUE ? `${whole.slice(0, LONGEST_VALUE)}…` : whole;
}

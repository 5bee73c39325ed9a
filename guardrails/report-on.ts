import { checkAll } from "./check";
import { readInput } from "./input";
import { checkPlan } from "./plan";
import { checkQuotas } from "./quotas";
import type { Report } from "./report/report";
import { ruleTable } from "./rules";
import { Stack } from "./stack";

/**
 * Reads folders and files, checks what they hold, and says what was found.
 * @throws UsageError where nothing is found to read, or something is not Terraform's JSON
 */
export function reportOn(paths: readonly string[]): Report {
  const { stacks, plans } = readInput(paths);
  return {
    looked: [...stacks, ...plans].map(({ name }) => name),
    rules: ruleTable.length,
    unseenModules: stacks.flatMap(({ name, json }) =>
      new Stack(name, json).all("module").map(({ address }) => `${name}: ${address}`),
    ),
    quotas: checkQuotas(stacks.map(({ name, json }) => new Stack(name, json))),
    findings: [...checkAll(stacks), ...plans.flatMap(({ name, json }) => checkPlan(json, name))],
  };
}

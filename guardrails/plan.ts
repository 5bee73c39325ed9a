import { lossOf } from "../aws/stateful";
import { findingOf } from "./check";
import { planRules } from "./plan-rules";
import type { Finding, RuleText } from "./rule";
import { type Body, isBody } from "./values";

/**
 * Every resource that holds data and that a plan destroys or replaces.
 *
 * @param plan what `terraform show -json <plan file>` prints
 */
export function checkPlan(plan: Body, name = "plan"): Finding[] {
  const changes = Array.isArray(plan.resource_changes) ? plan.resource_changes.filter(isBody) : [];
  return changes.flatMap((change) => {
    const { address, type, mode } = change;
    const { actions, before } = isBody(change.change) ? change.change : {};
    if (mode === "data" || !Array.isArray(actions) || !actions.includes("delete")) return [];
    if (lossOf(String(type), before) === undefined) return [];
    const replaces = actions.includes("create");
    const where = { address: String(address), path: replaces ? forced(change) : "", value: actions };
    return [findingOf(ruleOf(replaces ? "stateful-replace" : "stateful-destroy"), name, where)];
  });
}

/** Whether a JSON file is a plan, not a configuration. */
export const isPlan = (json: Body) => typeof json.format_version === "string" && "resource_changes" in json;

const ruleOf = (id: string) => planRules.find((rule) => rule.id === id) as RuleText;

/** The arguments that force a replacement. */
function forced({ change }: Body): string {
  const paths = isBody(change) && Array.isArray(change.replace_paths) ? change.replace_paths : [];
  return paths.map((path) => (Array.isArray(path) ? path.join(".") : String(path))).join(", ");
}

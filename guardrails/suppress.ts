import type { TerraformElement, TerraformStack } from "cdktf";

/** The metadata under which a construct keeps its suppressions. */
const KIND = "guardrails";

/**
 * Says of a resource, provider or backend that a rule does not apply to it, and why. Of a stack, it says so of all that is
 * in it. The reason stands in the synthesized JSON, beside the resource, and in every summary.
 *
 * @param path only this argument and what lies below it, dotted as in the finding: what comes later is found again
 *
 * @example suppress(environment.database.instance, "final-snapshot", "Filled from the nightly dump, see docs/data.md.")
 */
export function suppress(
  element: TerraformElement | TerraformStack,
  rule: string,
  why: string,
  path?: string,
): void {
  element.node.addMetadata(KIND, { rule, why, ...(path !== undefined && { path }) });
  // An override of a list replaces it: all of them, each time.
  const all = element.node.metadata.filter(({ type }) => type === KIND).map(({ data }) => data);
  element.addOverride("//.guardrails", all);
}

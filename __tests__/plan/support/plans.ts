import { type PlanJson, parsePlan } from "../../../plan/plan-json";

type Json = Record<string, unknown>;

/** A resource in a plan: `aws_db_instance.database` with these actions, and what else differs from nothing. */
export function resource(
  address: string,
  actions: readonly string[],
  more: Json = {},
  change: Json = {},
): Json {
  const [type] = address.replace(/^module\.[^.]+\./, "").split(".");
  return {
    address,
    mode: "managed",
    type,
    change: { actions, before: null, after: null, after_unknown: {}, ...change },
    ...more,
  };
}

/** A plan, read as Terraform's own are. */
export const planOf = (resources: readonly Json[], more: Json = {}): PlanJson =>
  parsePlan(JSON.stringify({ format_version: "1.2", resource_changes: resources, ...more }));

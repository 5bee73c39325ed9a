import { z } from "zod";
import { PLANNED_ACTIONS } from "../terraform/binaries";
import { CommandError } from "./error";

/** Only those that a plan of Terraform or OpenTofu 1.x can hold: an unknown one is an error, not a silent gap. */
const action = z.enum(PLANNED_ACTIONS);

const change = z.object({
  actions: z.array(action),
  before: z.unknown().optional(),
  after: z.unknown().optional(),
  after_unknown: z.unknown().optional(),
  before_sensitive: z.unknown().optional(),
  after_sensitive: z.unknown().optional(),
  replace_paths: z.array(z.array(z.union([z.string(), z.number()]))).default([]),
  importing: z.object({ id: z.string().optional() }).optional(),
});

const resourceChange = z.object({
  address: z.string(),
  previous_address: z.string().optional(),
  deposed: z.string().optional(),
  mode: z.string(),
  type: z.string(),
  action_reason: z.string().optional(),
  change,
});

/** What the configuration says of a resource: which others an argument refers to. */
const configured = z.object({
  address: z.string(),
  expressions: z.record(z.string(), z.unknown()).default({}),
});

const planJson = z.object({
  format_version: z.string().regex(/^1\./, "is not 1.x, the one that is understood here"),
  resource_changes: z.array(resourceChange).default([]),
  resource_drift: z.array(resourceChange).default([]),
  output_changes: z.record(z.string(), change).default({}),
  configuration: z
    .object({ root_module: z.object({ resources: z.array(configured).default([]) }).optional() })
    .optional(),
});

export type Action = z.infer<typeof action>;
export type Change = z.infer<typeof change>;
export type Configured = z.infer<typeof configured>;
export type ResourceChange = z.infer<typeof resourceChange>;
/** What is read of `terraform show -json <plan>`: https://developer.hashicorp.com/terraform/internals/json-format */
export type PlanJson = z.infer<typeof planJson>;

/**
 * The attributes that a resource was found to have when the plan was made. Of a resource that is no longer in the configuration,
 * `before` has what the state had, and what Terraform has read since stands in the drift alone.
 */
export const foundOf = (
  { resource_drift: drift }: Pick<PlanJson, "resource_drift">,
  { address, change }: ResourceChange,
): unknown => drift.find((one) => one.address === address)?.change.after ?? change.before;

/**
 * Reads what `terraform show -json` printed of a plan.
 * @throws CommandError where it is not what this project knows how to read; no value of the plan is in the message
 */
export function parsePlan(text: string): PlanJson {
  const parsed = planJson.safeParse(JSON.parse(text));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new CommandError(
    `Terraform's plan cannot be read: ${issue?.path.join(".")}: ${issue?.message}. Is this version of Terraform newer than this project?`,
  );
}

import { type AttributeChange, differences, isWithin, pathText } from "./differences";
import type { Action, Change, Configured, PlanJson, ResourceChange } from "./plan-json";
import { lossOf } from "../aws/stateful";

export type Kind = "create" | "update" | "replace" | "destroy" | "forget" | "none";

/** What happens to one resource. */
export interface ResourceSummary {
  readonly address: string;
  readonly type: string;
  /** `none` for one that is only moved or imported. */
  readonly kind: Kind;
  /** The address that it had before. */
  readonly movedFrom?: string;
  /** The id of the object that becomes this resource. */
  readonly imported?: string;
  /** What changes in it; nothing for one that is made or taken away as a whole. */
  readonly attributes: readonly AttributeChange[];
  /** Why it is replaced or destroyed: attributes, or Terraform's reason in words. */
  readonly forcedBy: readonly AttributeChange[];
  readonly reason?: string;
  /** Write-only arguments that an update sends anew: what of it Terraform can never read back. */
  readonly secrets?: readonly Secret[];
  /** Set where it is destroyed or replaced and holds what no apply makes again: what is lost. */
  readonly loses?: string;
}

/** A write-only argument, such as `password_wo`. */
export interface Secret {
  readonly argument: string;
  /** Address of the `terraform_data` that its version follows: replacing that sends the value again. */
  readonly follows?: string;
}

/** What was changed outside Terraform. */
export interface Drift {
  readonly address: string;
  readonly type: string;
  /** `destroy` where the object is gone. */
  readonly kind: "update" | "destroy";
  readonly attributes: readonly AttributeChange[];
  /** Whether this plan changes the same resource, or leaves it as it was found. */
  readonly answered: boolean;
}

/** How many resources meet which fate. A replacement is counted once, as such; reads are not counted. */
export interface Counts {
  readonly create: number;
  readonly update: number;
  readonly replace: number;
  readonly destroy: number;
  readonly forget: number;
  readonly move: number;
  readonly import: number;
}

/** All that a person should know of one stack's plan. */
export interface Summary {
  readonly counts: Counts;
  /** Destroyed and replaced first, then by address. */
  readonly resources: readonly ResourceSummary[];
  readonly drift: readonly Drift[];
  /** Names of the outputs that change. */
  readonly outputs: readonly string[];
}

const ORDER: readonly Kind[] = ["destroy", "replace", "forget", "update", "create", "none"];

/** Sums up a plan. Pure: the same plan gives the same summary. */
export function summarize(plan: PlanJson): Summary {
  const configured = plan.configuration?.root_module?.resources ?? [];
  const resources = plan.resource_changes
    .filter(({ mode }) => mode === "managed")
    .map((planned) => resource(planned, configured))
    .filter(
      ({ kind, movedFrom, imported }) => kind !== "none" || movedFrom !== undefined || imported !== undefined,
    )
    .sort((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind) || compare(a.address, b.address));
  return {
    counts: count(resources),
    resources,
    drift: driftOf(plan, new Set(resources.map(({ address }) => address))),
    outputs: Object.keys(plan.output_changes)
      .filter((name) => kindOf(plan.output_changes[name]?.actions ?? []) !== "none")
      .sort(),
  };
}

/** The destroyed and replaced resources that hold what no apply makes again. */
export const losses = ({ resources }: Summary) => resources.filter(({ loses }) => loses !== undefined);

/** One fate out of Terraform's list of actions. */
export function kindOf(actions: readonly Action[]): Kind {
  const has = (action: Action) => actions.includes(action);
  if (has("create") && (has("delete") || has("forget"))) return "replace";
  if (has("create")) return "create";
  if (has("delete")) return "destroy";
  if (has("forget")) return "forget";
  return has("update") ? "update" : "none";
}

function resource(planned: ResourceChange, configured: readonly Configured[]): ResourceSummary {
  const { type, change, previous_address, deposed } = planned;
  const kind = kindOf(change.actions);
  const removes = kind === "destroy" || kind === "replace";
  const attributes = kind === "update" || kind === "replace" ? differences(pairOf(change)) : [];
  const loses = removes ? lossOf(type, change.before) : undefined;
  const secrets = kind === "update" ? secretsIn(planned.address, attributes, configured) : [];
  const reason = removes ? reasonText(planned.action_reason) : undefined;
  return {
    address: deposed === undefined ? planned.address : `${planned.address} (deposed ${deposed})`,
    type,
    kind,
    ...(previous_address !== undefined && { movedFrom: previous_address }),
    ...(change.importing !== undefined && { imported: change.importing.id ?? "an id known after apply" }),
    attributes,
    forcedBy: kind === "replace" ? forcing(change, attributes) : [],
    ...(reason !== undefined && { reason }),
    ...(secrets.length > 0 && { secrets }),
    ...(loses !== undefined && { loses }),
  };
}

const VERSION_OF_SECRET = /^(\w+_wo)_version$/;

/** The write-only arguments whose version changes. */
function secretsIn(
  address: string,
  attributes: readonly AttributeChange[],
  configured: readonly Configured[],
): Secret[] {
  const expressions = configured.find((one) => one.address === address)?.expressions ?? {};
  return attributes.flatMap(({ path }) => {
    const argument = VERSION_OF_SECRET.exec(path)?.[1];
    if (argument === undefined) return [];
    const { references = [] } = (expressions[path] ?? {}) as { references?: readonly string[] };
    const follows = references.find((one) => /^terraform_data\.[\w-]+$/.test(one));
    return [{ argument, ...(follows !== undefined && { follows }) }];
  });
}

/** The differences at the paths that Terraform cannot change in place. */
function forcing({ replace_paths }: Change, attributes: readonly AttributeChange[]): AttributeChange[] {
  return replace_paths.flatMap((steps) => {
    const whole = pathText(steps);
    const within = attributes.filter(({ path }) => isWithin(path, whole));
    return within.length > 0 ? within : [{ path: whole }];
  });
}

const REASONS: Readonly<Record<string, string>> = {
  replace_because_cannot_update: "the provider cannot change this in place",
  replace_because_tainted: "an earlier apply did not finish making it",
  replace_by_request: "its replacement was asked for",
  replace_by_triggers: "something it is to be replaced with changes (replace_triggered_by)",
  delete_because_no_resource_config: "it is no longer in the configuration",
  delete_because_no_module: "its module is no longer in the configuration",
  delete_because_no_move_target: "it was moved to an address that is not in the configuration",
  delete_because_count_index: "its index is beyond count",
  delete_because_each_key: "its key is no longer in for_each",
  delete_because_wrong_repetition: "count or for_each came or went",
};

const reasonText = (reason: string | undefined) => reason && (REASONS[reason] ?? reason.replaceAll("_", " "));

/**
 * What AWS notes of an object when another one is made that names it: it changes with every first apply, and nobody did
 * anything. Source: the attribute references of these types in the provider's documentation.
 */
const NOTED: ReadonlySet<string> = new Set([
  "aws_iam_policy.attachment_count",
  "aws_lb_target_group.load_balancer_arns",
]);

function driftOf(plan: PlanJson, changing: ReadonlySet<string>): Drift[] {
  return plan.resource_drift
    .flatMap(({ address, type, change }): Drift[] => {
      const kind = kindOf(change.actions);
      const changed = kind === "update" ? differences(pairOf(change)) : [];
      const attributes = changed.filter(({ path }) => !NOTED.has(`${type}.${path}`));
      if (kind !== "destroy" && attributes.length === 0) return [];
      const answered = changing.has(address);
      return [{ address, type, kind: kind === "destroy" ? "destroy" : "update", attributes, answered }];
    })
    .sort((a, b) => compare(a.address, b.address));
}

const pairOf = (change: Change) => ({
  before: change.before,
  after: change.after,
  unknown: change.after_unknown,
  beforeSensitive: change.before_sensitive,
  afterSensitive: change.after_sensitive,
});

function count(resources: readonly ResourceSummary[]): Counts {
  const of = (kind: Kind) => resources.filter((one) => one.kind === kind).length;
  return {
    create: of("create"),
    update: of("update"),
    replace: of("replace"),
    destroy: of("destroy"),
    forget: of("forget"),
    move: resources.filter(({ movedFrom }) => movedFrom !== undefined).length,
    import: resources.filter(({ imported }) => imported !== undefined).length,
  };
}

/** By code point: the same order on every machine. */
const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

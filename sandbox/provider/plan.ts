import type { Kind } from "../aws/kind";
import type { AttributeSchema, BlockSchema } from "../schema/types";
import { addressable, deepEqual, type Path, sameBlock, valuesAt } from "../wire/paths";
import { type Fields, hasUnknown, isRecord, UNKNOWN, Unknown, type Value } from "../wire/value";

/** The provider's configuration, as far as it shapes plans. */
export interface Defaults {
  region: string;
  tags: Record<string, string>;
}

export interface PlanRequest {
  schema: BlockSchema;
  kind: Kind;
  defaults: Defaults;
  prior: Fields | undefined;
  proposed: Fields;
  config: Fields;
}

export interface PlanResult {
  planned: Fields;
  replace: Path[];
}

/** Decides the planned state as a provider on the older SDK does: fill in what is known, mark what AWS will decide. */
export function plan(request: PlanRequest): PlanResult {
  const { schema, kind, defaults, prior, config } = request;
  const planned = copy(request.proposed) as Fields;
  clearWriteOnly(planned, schema);
  if (schema.attributes.region?.computed && planned.region === null) planned.region = defaults.region;
  complete(planned, schema, kind.defaults ?? {}, "", prior === undefined);
  planTags(planned, schema, defaults, prior);
  if (prior) settle(planned, prior, schema);
  reveal(planned);
  const further = kind.plan?.(planned, prior, config) ?? [];
  if (!prior) return { planned, replace: [] };
  if (sameBlock(prior, planned, schema)) return { planned: prior, replace: [] };
  renew(planned, prior, kind, schema);
  return { planned, replace: replacements([...(kind.replace ?? []), ...further], planned, prior, schema) };
}

/** A deep copy that keeps the one Unknown instance. */
export function copy(value: Value): Value {
  if (Array.isArray(value)) return value.map(copy);
  if (isRecord(value))
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, copy(item)]));
  return value;
}

/** Write-only arguments exist in the configuration alone: plan and state hold null for them. */
function clearWriteOnly(value: Fields, schema: BlockSchema): void {
  for (const [name, attribute] of Object.entries(schema.attributes))
    if (attribute.writeOnly) value[name] = null;
}

/** Stands for what AWS will compute, told apart from values of the configuration that are unknown. */
const COMPUTED = new Unknown();

function reveal(value: Value[] | Fields): void {
  for (const [name, item] of Object.entries(value)) {
    if (item === COMPUTED) (value as Fields)[name] = UNKNOWN;
    else if (Array.isArray(item) || isRecord(item)) reveal(item);
  }
}

/** Fills in defaults, and marks as unknown what AWS computes. In an update, prior values of computed ones stay. */
function complete(
  value: Fields,
  schema: BlockSchema,
  defaults: Record<string, Value>,
  at: string,
  fresh: boolean,
): void {
  for (const [name, attribute] of Object.entries(schema.attributes)) {
    if ((value[name] ?? null) !== null) continue;
    const standard = defaults[at + name];
    if (standard !== undefined && settable(attribute)) value[name] = copy(standard);
    else if (attribute.computed && (fresh || at !== "")) value[name] = COMPUTED;
  }
  for (const [name, nested] of Object.entries(schema.blocks)) {
    const inner = value[name];
    const items = Array.isArray(inner) ? inner : [inner ?? null];
    for (const item of items)
      if (isRecord(item)) complete(item, nested.block, defaults, `${at}${name}.`, fresh);
  }
}

function settable(attribute: AttributeSchema): boolean {
  return Boolean(attribute.optional || attribute.computed);
}

/** tags_all is the provider's default tags with the resource's own on top, unknown while one of them is. */
function planTags(planned: Fields, schema: BlockSchema, defaults: Defaults, prior: Fields | undefined): void {
  if (!schema.attributes.tags_all?.computed) return;
  const own = planned.tags ?? null;
  if (hasUnknown(own)) {
    planned.tags_all = UNKNOWN;
    return;
  }
  const all: Fields = { ...defaults.tags, ...(isRecord(own) ? own : {}) };
  const unchanged = prior && Object.keys(all).length === 0 && !isRecord(prior.tags_all);
  planned.tags_all = unchanged ? (prior.tags_all ?? null) : all;
}

/**
 * Keeps prior values where the plan says the same in other words: JSON with other white space, blocks whose unknown
 * computed parts are known from before, and nested blocks that AWS added by itself.
 */
function settle(planned: Fields, prior: Fields, schema: BlockSchema): void {
  for (const [name, attribute] of Object.entries(schema.attributes)) {
    const before = prior[name] ?? null;
    if (attribute.type === "string" && sameJson(planned[name] ?? null, before)) planned[name] = before;
  }
  for (const [name, nested] of Object.entries(schema.blocks)) {
    const now = planned[name] ?? null;
    const before = prior[name] ?? null;
    if (Array.isArray(now) && Array.isArray(before)) {
      const rest = [...before];
      planned[name] = now.map((item, index) => {
        const position = nested.nesting === "set" ? rest.findIndex((old) => covers(item, old)) : index;
        const old = rest[position];
        if (nested.nesting === "set" && position >= 0) rest.splice(position, 1);
        if (isRecord(item) && isRecord(old)) {
          adoptKnown(item, old);
          settle(item, old, nested.block);
        }
        return item;
      });
    } else if (isRecord(now) && isRecord(before)) settle(now, before, nested.block);
  }
}

function adoptKnown(item: Fields, old: Fields): void {
  for (const [name, value] of Object.entries(item))
    if (value === COMPUTED && !hasUnknown(old[name])) item[name] = old[name] ?? null;
}

/** True when every known part of the new value equals the old one. */
function covers(now: Value, old: Value): boolean {
  if (now === COMPUTED) return true;
  if (Array.isArray(now)) {
    return (
      Array.isArray(old) &&
      now.length === old.length &&
      now.every((item) => old.some((other) => covers(item, other)))
    );
  }
  if (isRecord(now))
    return isRecord(old) && Object.entries(now).every(([name, value]) => covers(value, old[name] ?? null));
  return deepEqual(now, old);
}

function sameJson(one: Value, other: Value): boolean {
  if (typeof one !== "string" || typeof other !== "string" || one === other) return false;
  if (!/^\s*[[{]/.test(one) || !/^\s*[[{]/.test(other)) return false;
  try {
    return deepEqual(JSON.parse(one) as Value, JSON.parse(other) as Value);
  } catch {
    return false;
  }
}

function renew(planned: Fields, prior: Fields, kind: Kind, schema: BlockSchema): void {
  for (const [name, triggers] of Object.entries(kind.renew ?? {})) {
    const touched =
      typeof triggers === "function"
        ? triggers(planned)
        : triggers.some((trigger) => trigger === "*" || changed(trigger, planned, prior, schema));
    if (touched && schema.attributes[name]) planned[name] = UNKNOWN;
  }
}

/** True when the top-level argument differs between plan and prior state. */
export function changed(name: string, planned: Fields, prior: Fields, schema: BlockSchema): boolean {
  const attribute = schema.attributes[name];
  const nested = schema.blocks[name];
  const only: BlockSchema = {
    attributes: attribute ? { [name]: attribute } : {},
    blocks: nested ? { [name]: nested } : {},
  };
  return !sameBlock(planned, prior, only);
}

function replacements(paths: readonly string[], planned: Fields, prior: Fields, schema: BlockSchema): Path[] {
  const found: Path[] = [];
  for (const dotted of [...paths, "region"]) {
    const top = dotted.split(".")[0] as string;
    if (!changed(top, planned, prior, schema)) continue;
    const now = valuesAt(planned, dotted);
    const before = valuesAt(prior, dotted);
    const differing = now.filter(({ value }, index) => !deepEqual(value, before[index]?.value));
    if (now.length < before.length) found.push([top]);
    for (const { path } of differing) found.push(addressable(path, schema));
  }
  return found;
}

import { createHash } from "node:crypto";
import { AwsError, type Kind, type Maker, type Situation, text } from "../aws/kind";
import { KINDS } from "../aws/kinds";
import { checkQuotas } from "../aws/quotas";
import { missingError, references } from "../aws/references";
import type { BlockSchema, TypeJson } from "../schema/types";
import { deepEqual } from "../wire/paths";
import { type Fields, hasUnknown, isRecord, UNKNOWN, type Value } from "../wire/value";
import { type Attributes, GLOBAL, type World, type WorldObject } from "../world";
import { copy } from "./plan";

/** What ApplyResourceChange is asked to do. */
export interface Change {
  type: string;
  kind: Kind;
  schema: BlockSchema;
  /** Region of resources that do not say one. */
  region: string;
  planned: Fields;
  prior: Fields | undefined;
  config: Fields;
}

/** Makes or changes an object in the world, with all that AWS checks, and returns its new state. */
export function applyChange(world: World, change: Change): Fields {
  const situation = situate(world, change);
  const { kind, type, region, attributes } = situation;
  const existing = change.prior ? world.get(type, region, identity(change.prior)) : kind.adopt?.(situation);
  if (change.prior && !existing) {
    throw new AwsError("NotFound", `${type} ${identity(change.prior)} does not exist any more`);
  }
  checkReferences(situation);
  if (!change.prior && !existing) {
    checkUnique(situation);
    checkQuotas(situation);
  }
  kind.check?.(situation);
  make(situation, existing);
  const sealed = sealSecrets(situation, existing);
  if (change.prior && existing && existing.id !== identity(attributes)) world.remove(existing);
  situation.object = world.put({
    type,
    region,
    id: identity(attributes),
    attributes: storable(attributes, change.schema),
    ...(Object.keys(sealed).length > 0 ? { sealed } : {}),
    origin: existing?.origin ?? "terraform",
    ...(existing?.owner ? { owner: existing.owner } : {}),
  });
  kind.after?.(situation);
  return { ...stateOf(world, situation.object, change.schema), timeouts: attributes.timeouts ?? null };
}

interface FullSituation extends Situation {
  kind: Kind;
}

function situate(world: World, change: Change): FullSituation {
  const { type, kind, schema, prior } = change;
  const attributes = copy(change.planned) as Fields;
  const region = schema.attributes.region ? text(attributes, "region") || change.region : GLOBAL;
  const secrets: Record<string, string> = {};
  for (const [name, attribute] of Object.entries(schema.attributes)) {
    if (attribute.writeOnly && typeof change.config[name] === "string") secrets[name] = change.config[name];
  }
  const seed = `${type}|${region}|${JSON.stringify(change.planned)}`;
  let digits: string | undefined;
  const hex = (length: number, salt = "") => {
    digits ??= world.digits(seed, 64);
    return createHash("sha256")
      .update(digits + salt)
      .digest("hex")
      .slice(0, length);
  };
  return {
    world,
    type,
    kind,
    region,
    account: world.account,
    schema,
    attributes,
    secrets,
    hex,
    ...(prior ? { before: prior } : {}),
  };
}

/** What an object is called in the world: its id, or what the few types without one are known by. */
export function identity(attributes: Fields): string {
  const named = ["id", "name", "arn", "service_arn"].map((name) => text(attributes, name)).find(Boolean);
  return named ?? createHash("sha256").update(JSON.stringify(attributes)).digest("hex").slice(0, 17);
}

function checkReferences(situation: FullSituation): void {
  const { world, kind, region, attributes, before } = situation;
  for (const { reference, value, path } of references(kind, attributes)) {
    const same = before && references(kind, before).some((old) => old.value === value);
    if (!same && !reference.find(world, region, value)) throw missingError(KINDS, reference, value, path);
  }
}

function checkUnique({ world, kind, type, region, attributes }: FullSituation): void {
  if (!kind.unique) return;
  const { by, code, message } = kind.unique;
  if (by.some((name) => (attributes[name] ?? null) === null || attributes[name] === UNKNOWN)) return;
  const clash = world
    .list({ type })
    .find(
      (other) =>
        other.region === region &&
        !other.pretended &&
        by.every((name) => deepEqual(other.attributes[name] as Value, attributes[name])),
    );
  const values = by.map((name) => JSON.stringify(attributes[name])).join(", ");
  if (clash) throw new AwsError(code, message ?? `${by.join(", ")} ${values} already exists`, by[0]);
}

/** Fills in everything that was unknown in the plan. */
function make(situation: FullSituation, existing: WorldObject | undefined): void {
  const { attributes, kind, schema } = situation;
  if (existing) adoptValues(attributes, existing.attributes as Fields);
  generateNames(situation);
  for (const [name, maker] of Object.entries(kind.made ?? generic(situation))) {
    if (schema.attributes[name] && attributes[name] === UNKNOWN) attributes[name] = made(maker, situation);
  }
  settleUnknowns(attributes, schema);
}

/** An adopted or renewed object keeps what it has for everything that Terraform did not decide. */
function adoptValues(attributes: Fields, existing: Fields): void {
  const identity = ["id", "arn"];
  for (const name of identity)
    if (attributes[name] === UNKNOWN && existing[name] !== undefined) attributes[name] = existing[name];
}

const NAMES = ["name", "identifier", "key_name", "bucket"];

/** The provider appends 26 digits to a prefix: the time, and a counter (terraform-plugin-sdk, id.PrefixedUniqueId). */
function generateNames({ attributes, kind, schema, hex }: FullSituation): void {
  if (kind.nameLength === undefined) return;
  for (const name of NAMES) {
    if (attributes[name] !== UNKNOWN || !schema.attributes[name]) continue;
    const prefix = text(attributes, `${name}_prefix`) || "terraform-";
    const time = (BigInt(`0x${hex(26, name)}`) % 10n ** 14n).toString().padStart(14, "0");
    attributes[name] = `${prefix}2026${time}00000001`.slice(0, kind.nameLength);
  }
}

function made(maker: Maker, situation: Situation): Value {
  if (typeof maker === "function") return maker(situation);
  return typeof maker === "string" ? fillTemplate(maker, situation) : copy(maker);
}

/** Fills "{name}" with an attribute, the region or account, or "{hex17}" with digits. */
export function fillTemplate(template: string, situation: Situation): string {
  return template.replace(/\{(\w+?)\}/g, (_, name: string) => {
    const hex = /^hex(\d+)$/.exec(name);
    if (hex) return situation.hex(Number(hex[1]));
    if (name === "account") return situation.account;
    if (name === "region") return situation.region;
    return text(situation.attributes, name);
  });
}

/** For types without an entry: an id, and an ARN after the service that the type's name begins with. */
function generic({ type, attributes, region }: Situation): Record<string, Maker> {
  const [, service = "aws", ...rest] = type.split("_");
  const named = typeof attributes.name === "string";
  return {
    id: named ? "{name}" : `${rest.join("-") || service}-{hex17}`,
    arn: `arn:aws:${service}:${region === GLOBAL ? "" : "{region}"}:{account}:${rest.join("-")}/{id}`,
  };
}

/** What nobody knows becomes the zero value, as the provider's SDK does with attributes that were never set. */
function settleUnknowns(value: Fields, schema: BlockSchema): void {
  for (const [name, attribute] of Object.entries(schema.attributes)) {
    if (value[name] === UNKNOWN) value[name] = zero(attribute.type);
  }
  for (const [name, nested] of Object.entries(schema.blocks)) {
    const inner = value[name];
    if (inner === UNKNOWN) value[name] = nested.nesting === "single" ? null : [];
    for (const item of Array.isArray(inner) ? inner : [inner ?? null])
      if (isRecord(item)) settleUnknowns(item, nested.block);
  }
}

function zero(type: TypeJson): Value {
  if (type === "string") return "";
  if (type === "number") return 0;
  if (type === "bool") return false;
  if (Array.isArray(type)) return type[0] === "map" ? {} : type[0] === "object" ? null : [];
  return null;
}

function sealSecrets(situation: FullSituation, existing: WorldObject | undefined): Record<string, string> {
  const { world, schema, attributes, secrets, before } = situation;
  const sealed: Record<string, string> = {};
  for (const [name, attribute] of Object.entries(schema.attributes)) {
    const kept = existing?.sealed?.[name];
    if (attribute.writeOnly) {
      const version = `${name}_version`;
      const bumped = !before || !deepEqual(before[version], attributes[version]);
      if (bumped && secrets[name] !== undefined) sealed[name] = world.vault.seal(secrets[name]);
      else if (kept && secrets[name] !== undefined) sealed[name] = kept;
    } else if (attribute.sensitive && typeof attributes[name] === "string" && attributes[name] !== "") {
      const same = kept && existing && world.reveal(existing, name) === attributes[name];
      sealed[name] = same ? kept : world.vault.seal(attributes[name]);
    }
  }
  return sealed;
}

/** What may lie in the world in the clear: no secrets, and nothing that concerns Terraform alone. */
function storable(attributes: Fields, schema: BlockSchema): Attributes {
  const kept: Fields = {};
  for (const [name, value] of Object.entries(attributes)) {
    const attribute = schema.attributes[name];
    if (name !== "timeouts" && !attribute?.sensitive && !attribute?.writeOnly) kept[name] = value;
  }
  return kept as Attributes;
}

/**
 * The state after a change that failed. An update leaves the new arguments in it, those that AWS never got among them: the
 * next refresh corrects what AWS can tell, and a `*_wo_version` stays. Source: terraform-plugin-sdk v2, "Partial state".
 */
export function stateOfFailure(prior: Value, planned: Value): Value {
  if (!isRecord(prior) || !isRecord(planned)) return prior;
  return Object.fromEntries(
    Object.entries(planned).map(([name, value]) => [name, hasUnknown(value) ? (prior[name] ?? null) : value]),
  );
}

/** The Terraform state that describes a world object. */
export function stateOf(world: World, object: WorldObject, schema: BlockSchema): Fields {
  const state: Fields = {};
  for (const [name, attribute] of Object.entries(schema.attributes)) {
    if (attribute.writeOnly) state[name] = null;
    else if (attribute.sensitive) state[name] = world.reveal(object, name) ?? null;
    else state[name] = (object.attributes[name] as Value | undefined) ?? null;
  }
  for (const [name, nested] of Object.entries(schema.blocks)) {
    const empty = nested.nesting === "single" ? null : nested.nesting === "map" ? {} : [];
    state[name] = (object.attributes[name] as Value | undefined) ?? empty;
  }
  return state;
}

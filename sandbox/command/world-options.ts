import { meant } from "../../modules/similar";
import { makeByHand, NAMED_BY } from "../aws/by-hand";
import { KINDS } from "../aws/kinds";
import { loadSchema } from "../schema/cache";
import type { World, WorldObject } from "../world";
import { type Named, type Options, UsageError } from "./options";

/** Carries out --with, --edit and --delete, in this order. */
export async function applyByHand(world: World, options: Options): Promise<void> {
  const { edits, deletions } = options;
  if (options.with.length + edits.length + deletions.length === 0) return;
  await world.change(() => {
    for (const { type, name, region } of options.with) makeByHand(world, type, name, {}, region);
    for (const { attribute, value, ...target } of edits) edit(world, target, attribute, value);
    for (const target of deletions) world.remove(find(world, target));
  });
}

function edit(
  world: World,
  target: Named,
  attribute: string,
  value: WorldObject["attributes"][string],
): void {
  const object = find(world, target);
  const schema = loadSchema("resource", target.type);
  if (!schema?.attributes[attribute] && !schema?.blocks[attribute]) {
    throw new UsageError(`--edit: ${target.type} has no attribute ${attribute}`);
  }
  if (schema.attributes[attribute]?.sensitive && typeof value === "string") {
    // A value that was written through a write-only argument stays there: Terraform never reads it back.
    const name = object.sealed?.[`${attribute}_wo`] ? `${attribute}_wo` : attribute;
    const attributes = { ...object.attributes, ...nextVersion(object, attribute) };
    world.put({ ...object, attributes, sealed: { ...object.sealed, [name]: world.vault.seal(value) } });
  } else world.update(object, { [attribute]: value });
}

/** AWS counts the versions of what is written, as of parameters, whoever writes. */
function nextVersion(
  { type, attributes: { version } }: WorldObject,
  attribute: string,
): Record<string, number> {
  const counted = KINDS[type]?.renew?.version;
  return Array.isArray(counted) && counted.includes(attribute) && typeof version === "number"
    ? { version: version + 1 }
    : {};
}

function find(world: World, { type, name }: Named): WorldObject {
  const named = world.list({ type }).filter((object) => namesOf(object).includes(name));
  if (named.length === 1) return named[0] as WorldObject;
  if (named.length > 1) {
    const ids = named.map((object) => `${object.id} in ${object.region}`).join(", ");
    throw new UsageError(`${type}/${name} is not one object: ${ids}`);
  }
  const known = world.list({ type }).map((object) => String(nameOf(object) ?? object.id));
  const there = known.length > 0 ? `there are ${known.slice(0, 8).join(", ")}` : "there is none of this type";
  const near = meant(name, known);
  throw new UsageError(
    `${type}/${name} does not exist: ${there}${near === undefined ? "" : `; did you mean ${near}?`}`,
  );
}

const tagged = ({ attributes }: WorldObject) =>
  (attributes.tags_all as Record<string, string> | null | undefined)?.Name;

const namesOf = (object: WorldObject): unknown[] => [
  object.id,
  object.attributes.arn,
  tagged(object),
  ...NAMED_BY.map((attribute) => object.attributes[attribute]),
];

/** The name that a person gave it; undefined where nothing has one. */
const nameOf = (object: WorldObject): unknown =>
  object.attributes.name ??
  tagged(object) ??
  NAMED_BY.map((attribute) => object.attributes[attribute]).find((name) => typeof name === "string");

/** A readable list of the world, or its objects as JSON without secrets. */
export function show(world: World, type: string | undefined, json: boolean): string {
  const objects = world
    .list(type ? { type } : {})
    .filter((object) => type !== undefined || object.origin !== "aws")
    .sort((one, other) => `${one.type} ${one.id}`.localeCompare(`${other.type} ${other.id}`));
  if (json) {
    const plain = objects.map(({ sealed, ...object }) => ({ ...object, secrets: Object.keys(sealed ?? {}) }));
    return `${JSON.stringify(plain, null, 2)}\n`;
  }
  if (objects.length === 0) return "Nothing exists.\n";
  const rows = objects.map((object) => [
    object.type,
    object.region,
    object.id,
    String(nameOf(object) ?? ""),
    object.origin === "terraform" ? "" : `(${object.origin})`,
  ]);
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: string[]) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd();
  return `${rows.map(line).join("\n")}\n${objects.length} objects\n`;
}

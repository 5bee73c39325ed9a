import { leavesAt, type Path } from "../wire/paths";
import type { Fields, Value } from "../wire/value";
import { GLOBAL, keyOf, type World, type WorldObject } from "../world";
import { AwsError, type Kind, type Kinds, type Reference } from "./kind";

/** A reference that can look its object up. */
export interface Link extends Reference {
  find(world: World, region: string, value: string): WorldObject | undefined;
}

/** One use of a reference in an object's attributes. */
export interface Use {
  reference: Link;
  value: string;
  path: Path;
}

function link(reference: Reference): Link {
  const types = typeof reference.type === "string" ? [reference.type] : reference.type;
  const find = (world: World, region: string, value: string) => {
    for (const type of types) {
      // What belongs to no region, such as a distribution, may name things of any region.
      const query = region === GLOBAL ? { type } : { type, region };
      const found = reference.by
        ? world.find({ ...query, where: { [reference.by]: value } })
        : world.find({ ...query, id: value });
      if (found) return found;
    }
    return undefined;
  };
  return { ...reference, find };
}

/** Every other object that the attributes name. */
export function references(kind: Kind, attributes: Fields): Use[] {
  return Object.entries(kind.refs ?? {}).flatMap(([dotted, reference]) =>
    leavesAt(attributes as Value, dotted).flatMap(({ path, value }) => {
      if (typeof value !== "string" || value === "") return [];
      const part = reference.part ? reference.part(value) : value;
      return part === undefined ? [] : [{ reference: link(reference), value: part, path }];
    }),
  );
}

export function missingError(kinds: Kinds, reference: Reference, value: string, path: Path): AwsError {
  const type = typeof reference.type === "string" ? reference.type : (reference.type[0] as string);
  const said = kinds[type]?.missing;
  const message = said?.message.replaceAll("{value}", value) ?? `${type} ${value} does not exist`;
  return new AwsError(
    said?.code ?? "NotFoundException",
    message,
    path.filter((step) => typeof step === "string").join("."),
  );
}

/** Refuses to remove an object that others name, where AWS does. */
export function checkUnused(kinds: Kinds, world: World, object: WorldObject): void {
  const said = kinds[object.type]?.inUse;
  if (!said) return;
  for (const other of world.list()) {
    if (other === object || other.owner === keyOf(object)) continue;
    for (const { reference, value } of references(kinds[other.type] ?? {}, other.attributes as Fields)) {
      const types = typeof reference.type === "string" ? [reference.type] : reference.type;
      if (reference.holds === false || !types.includes(object.type)) continue;
      const named = reference.by ? object.attributes[reference.by] : object.id;
      const near = [other.region, GLOBAL].includes(object.region) || other.region === GLOBAL;
      if (value !== named || !near) continue;
      const message = said.message.replaceAll("{value}", String(object.attributes.name ?? object.id));
      throw new AwsError(
        said.code,
        `${message} (used by ${other.type} ${other.attributes.name ?? other.id})`,
      );
    }
  }
}

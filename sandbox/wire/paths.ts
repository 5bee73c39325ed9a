import type { BlockSchema } from "../schema/types";
import { type Fields, isRecord, UNKNOWN, type Value } from "./value";

/** One place inside a value: names and list positions. */
export type Path = readonly (string | number)[];

export interface Place {
  path: Path;
  value: Value;
}

/** All values at a dotted path without positions ("load_balancer.target_group_arn"), each with its exact place. */
export function valuesAt(root: Value, dotted: string): Place[] {
  return dotted
    .split(".")
    .reduce<Place[]>(
      (places, name) => places.flatMap((place) => step(place.path, place.value, name)),
      [{ path: [], value: root }],
    );
}

function step(path: Path, value: Value, name: string): Place[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => step([...path, index], item, name));
  if (!isRecord(value)) return value === UNKNOWN ? [{ path: [...path, name], value: UNKNOWN }] : [];
  return [{ path: [...path, name], value: value[name] ?? null }];
}

/** Splits lists into their elements: each value is then a single one. */
export function leavesAt(root: Value, dotted: string): Place[] {
  return valuesAt(root, dotted).flatMap((place): Place[] => {
    const { path, value } = place;
    return Array.isArray(value)
      ? value.map((item, index) => ({ path: [...path, index], value: item }))
      : [place];
  });
}

/** The path up to the first set in it: elements of sets have no address in Terraform's protocol. */
export function addressable(path: Path, schema: BlockSchema): Path {
  const steps: (string | number)[] = [];
  let block: BlockSchema | undefined = schema;
  for (const part of path) {
    steps.push(part);
    if (typeof part === "number") continue;
    const nested: BlockSchema["blocks"][string] | undefined = block?.blocks[part];
    const type = block?.attributes[part]?.type;
    if (nested?.nesting === "set" || (Array.isArray(type) && type[0] === "set")) return steps;
    block = nested?.block;
  }
  return steps;
}

/** Equality as Terraform sees it: sets have no order, and null, empty list and empty map of a block are one. */
export function sameBlock(one: Value, other: Value, schema: BlockSchema): boolean {
  if (!isRecord(one) || !isRecord(other)) return one === other;
  const left: Fields = one;
  const right: Fields = other;
  return (
    Object.entries(schema.attributes).every(([name, attribute]) =>
      sameValue(left[name] ?? null, right[name] ?? null, isSet(attribute.type)),
    ) &&
    Object.entries(schema.blocks).every(([name, nested]) =>
      sameValue(left[name] ?? null, right[name] ?? null, nested.nesting === "set", nested.block),
    )
  );
}

function isSet(type: unknown): boolean {
  return Array.isArray(type) && type[0] === "set";
}

function sameValue(one: Value, other: Value, unordered: boolean, schema?: BlockSchema): boolean {
  if (Array.isArray(one) && Array.isArray(other)) {
    if (one.length !== other.length) return false;
    if (!unordered) return one.every((item, index) => sameItem(item, other[index] ?? null, schema));
    const rest = [...other];
    return one.every((item) => {
      const found = rest.findIndex((candidate) => sameItem(item, candidate, schema));
      if (found >= 0) rest.splice(found, 1);
      return found >= 0;
    });
  }
  return sameItem(one, other, schema);
}

function sameItem(one: Value, other: Value, schema?: BlockSchema): boolean {
  if (schema) return sameBlock(one, other, schema);
  return deepEqual(one, other);
}

/** Equality of plain values; two unknowns are never known to be equal. */
export function deepEqual(one: Value | undefined, other: Value | undefined): boolean {
  if (one === UNKNOWN || other === UNKNOWN) return false;
  if (Array.isArray(one)) {
    if (!Array.isArray(other) || one.length !== other.length) return false;
    return one.every((item, index) => deepEqual(item, other[index]));
  }
  if (isRecord(one)) {
    if (!isRecord(other)) return false;
    const names = new Set([...Object.keys(one), ...Object.keys(other)]);
    return [...names].every((name) => deepEqual(one[name] ?? null, other[name] ?? null));
  }
  return (one ?? null) === (other ?? null);
}

import type { Attributes, Json, WorldObject } from "../world";

/** The text at an attribute; "" when there is none. */
export function text(from: Attributes | undefined, name: string): string {
  const value = from?.[name];
  return typeof value === "string" ? value : typeof value === "number" ? String(value) : "";
}

export function number(from: Attributes | undefined, name: string, otherwise: number): number {
  const value = from?.[name];
  const read = typeof value === "string" && value !== "" ? Number(value) : value;
  return typeof read === "number" && Number.isFinite(read) ? read : otherwise;
}

export function flag(from: Attributes | undefined, name: string): boolean {
  return from?.[name] === true || from?.[name] === "true";
}

export function texts(from: Attributes | undefined, name: string): string[] {
  const value = from?.[name];
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === "string") : [];
}

/** Nested blocks: Terraform keeps one as a record or as a list of one. */
export function blocks(from: Attributes | undefined, name: string): Attributes[] {
  const value = from?.[name];
  const list: Json[] = Array.isArray(value) ? value : value ? [value] : [];
  return list.filter(
    (item): item is Attributes => typeof item === "object" && item !== null && !Array.isArray(item),
  );
}

export function block(from: Attributes | undefined, name: string): Attributes | undefined {
  return blocks(from, name)[0];
}

export function arnOf(object: WorldObject): string {
  return text(object.attributes, "arn") || object.id;
}

export function tagsOf(object: WorldObject): { key: string; value: string }[] {
  const tags = (object.attributes.tags_all ?? object.attributes.tags ?? {}) as Attributes;
  return Object.entries(tags).map(([key, value]) => ({ key, value: String(value) }));
}

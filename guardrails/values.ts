/** A JSON object: a block's body, or something nested in it. */
export type Body = Readonly<Record<string, unknown>>;

/** A body, and the dotted path that leads to it from its block. */
export interface At {
  readonly path: string;
  readonly body: Body;
}

/** A value somewhere in a block. */
export interface Leaf {
  readonly path: string;
  readonly key: string;
  readonly value: unknown;
}

export const isBody = (value: unknown): value is Body =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Whether a text holds an expression or a template: `$${` is a literal dollar. Source: Terraform language, Strings. */
export const isExpression = (value: unknown): boolean =>
  typeof value === "string" && /(^|[^$])\$\{|(^|[^%])%\{/.test(value);

const isUnset = (value: unknown) => value === undefined || value === null;

/** A boolean argument; `absent` where it is not set, undefined where only an apply will tell. */
export function truth(value: unknown, absent: boolean): boolean | undefined {
  if (isUnset(value)) return absent;
  if (value === true || value === "true") return true;
  return value === false || value === "false" ? false : undefined;
}

/** A numeric argument; `absent` where it is not set, undefined where only an apply will tell. */
export function amount(value: unknown, absent: number): number | undefined {
  if (isUnset(value)) return absent;
  if (typeof value === "number") return value;
  return typeof value === "string" && /^\s*-?\d+(\.\d+)?\s*$/.test(value) ? Number(value) : undefined;
}

/** A literal text; `absent` where it is not set, undefined where only an apply will tell. */
export function text(value: unknown, absent?: string): string | undefined {
  if (isUnset(value)) return absent;
  return typeof value === "string" && !isExpression(value) ? value : undefined;
}

/** The literal texts of a list, or of one value that stands for a list of one. */
export const texts = (value: unknown): string[] =>
  (Array.isArray(value) ? value : [value]).filter((one): one is string => text(one) !== undefined);

export const join = (...parts: readonly string[]) => parts.filter((part) => part !== "").join(".");

/**
 * The blocks below a body by their names, one name per level. Terraform's JSON writes one block as an object and several
 * as a list; what a `dynamic` block makes is there once, as its content.
 */
export function within(start: At, ...keys: readonly string[]): At[] {
  const [key, ...rest] = keys;
  if (key === undefined) return [start];
  return [...fixed(start, key), ...dynamic(start, key)].flatMap((next) => within(next, ...rest));
}

function fixed({ path, body }: At, key: string): At[] {
  const value = body[key];
  if (isBody(value)) return [{ path: join(path, key), body: value }];
  if (!Array.isArray(value)) return [];
  return value.flatMap((one, index) =>
    isBody(one) ? [{ path: join(path, key, String(index)), body: one }] : [],
  );
}

const dynamic = (at: At, key: string): At[] =>
  within(at, ...(at.body.dynamic === undefined || key === "dynamic" ? [] : ["dynamic"]))
    .filter((found) => found !== at)
    .flatMap((found) => fixed(found, key))
    .flatMap((found) => fixed(found, "content"));

/** Whether neither a block nor an argument of this name is there, nor anything that could turn out to be one. */
export function absent({ path, body }: At, key: string): boolean {
  const value = body[key];
  if (!isUnset(value) && !(Array.isArray(value) && value.length === 0)) return false;
  return !fixed({ path, body }, "dynamic").some((dynamics) => key in dynamics.body);
}

const known = new WeakMap<Body, readonly Leaf[]>();

/** Every value in a body that is neither an object nor a list, comments left out; read once, since many rules ask. */
export function leaves(value: unknown): readonly Leaf[] {
  const found = (isBody(value) && known.get(value)) || addLeaves(value, "", "", []);
  if (isBody(value)) known.set(value, found);
  return found;
}

function addLeaves(value: unknown, path: string, key: string, to: Leaf[]): Leaf[] {
  const below = path === "" ? "" : `${path}.`;
  if (Array.isArray(value)) {
    for (const [index, one] of value.entries()) addLeaves(one, `${below}${index}`, key, to);
  } else if (isBody(value)) {
    for (const [name, inner] of Object.entries(value))
      if (name !== "//") addLeaves(inner, join(path, name), name, to);
  } else to.push({ path, key, value });
  return to;
}

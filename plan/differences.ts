import { isDeepStrictEqual } from "node:util";

/** One attribute that changes. A value that is sensitive or not known yet is not there. */
export interface AttributeChange {
  /** As in an expression: `ingress[0].cidr_blocks`. Goes into texts that are JSON. */
  readonly path: string;
  readonly before?: unknown;
  readonly after?: unknown;
  /** Terraform marks it sensitive: neither value is given. */
  readonly sensitive?: true;
  /** The new value is known after the apply only. */
  readonly unknown?: true;
}

/** Two values and what Terraform says about each part of them, in the same shape: true where it applies. */
export interface Pair {
  readonly before: unknown;
  readonly after: unknown;
  readonly unknown?: unknown;
  readonly beforeSensitive?: unknown;
  readonly afterSensitive?: unknown;
}

/** The attributes in which two values differ. Nothing, null and an empty text or collection are alike. */
export function differences(pair: Pair, path = ""): AttributeChange[] {
  const { before, after } = pair;
  if (before === undefined && after === undefined && !holdsTrue(pair.unknown)) return [];
  if (pair.beforeSensitive === true || pair.afterSensitive === true) {
    return pair.unknown === true || !alike(before, after) ? [{ path, sensitive: true }] : [];
  }
  if (pair.unknown === true) return [leaf(pair, path)];
  if (!holdsTrue(pair.unknown) && alike(before, after)) return [];
  const keys = commonKeys(before, after, pair.unknown);
  if (keys !== null) return keys.flatMap((key) => differences(part(pair, key), join(path, key)));
  const [oldText, newText] = [structured(before), structured(after)];
  if (oldText !== null && newText !== null) {
    const inside = differences({ before: oldText, after: newText }, path);
    // The texts may differ in white space only.
    if (inside.length > 0) return inside;
  }
  return [leaf(pair, path)];
}

/** A path as Terraform lists it, written as in an expression. */
export const pathText = (steps: readonly (string | number)[]) => steps.reduce<string>(join, "");

/** Whether a path is another one or a part of it. */
export const isWithin = (path: string, whole: string) =>
  path.startsWith(whole) && /^($|[.[])/.test(path.slice(whole.length));

function leaf({ before, after, unknown, beforeSensitive, afterSensitive }: Pair, path: string) {
  if (holdsTrue(beforeSensitive) || holdsTrue(afterSensitive)) return { path, sensitive: true } as const;
  const known = { path, before: before ?? null };
  return holdsTrue(unknown) ? ({ ...known, unknown: true } as const) : { ...known, after: after ?? null };
}

/** The keys to compare one by one; null where the two values are to be compared as wholes. */
function commonKeys(before: unknown, after: unknown, unknown: unknown): (string | number)[] | null {
  if (Array.isArray(before) && Array.isArray(after)) {
    // Where a list grew or shrank its indexes say nothing about which element is which.
    return before.length === after.length ? [...before.keys()] : null;
  }
  if (!isObject(before) || !isObject(after)) return null;
  const undecided = isObject(unknown) ? Object.keys(unknown) : [];
  return [...new Set([...Object.keys(before), ...Object.keys(after), ...undecided])].sort();
}

function part(pair: Pair, key: string | number): Pair {
  const of = (value: unknown) =>
    Array.isArray(value) || isObject(value) ? (value as Record<string | number, unknown>)[key] : undefined;
  return {
    before: of(pair.before),
    after: of(pair.after),
    unknown: of(pair.unknown),
    beforeSensitive: of(pair.beforeSensitive),
    afterSensitive: of(pair.afterSensitive),
  };
}

function join(path: string, key: string | number): string {
  if (typeof key === "number") return `${path}[${key}]`;
  if (!/^[A-Za-z_][\w-]*$/.test(key)) return `${path}[${JSON.stringify(key)}]`;
  return path === "" ? key : `${path}.${key}`;
}

function alike(before: unknown, after: unknown): boolean {
  return isDeepStrictEqual(before, after) || (isEmpty(before) && isEmpty(after));
}

const isEmpty = (value: unknown) =>
  value === null ||
  value === undefined ||
  value === "" ||
  (Array.isArray(value) ? value.length === 0 : isObject(value) && Object.keys(value).length === 0);

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function holdsTrue(value: unknown): boolean {
  if (value === true) return true;
  return typeof value === "object" && value !== null && Object.values(value).some(holdsTrue);
}

/** What a text holds that is a JSON object or list, such as a policy or container definitions. */
function structured(value: unknown): object | null {
  if (typeof value !== "string" || !/^\s*[[{]/.test(value)) return null;
  try {
    return JSON.parse(value);
  } catch {
    return null;
  }
}

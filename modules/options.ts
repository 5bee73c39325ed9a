import { z } from "zod";
import { show } from "./mistakes";

/** An object of options that rejects the ones it does not know, naming those it does. */
export const options = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.strictObject(shape, {
    error: (issue) =>
      issue.code === "unrecognized_keys"
        ? `has no option ${(issue.keys as string[]).map(show).join(", ")}; there are ${Object.keys(shape).join(", ")}.`
        : undefined,
  });

/** The name of an environment variable. */
export const variable = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "is no name for an environment variable (letters, digits and _).");

/** Days that CloudWatch takes as a log group's retention. Source: PutRetentionPolicy, CloudWatch Logs API reference. */
export const logDays = z.literal([
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 3653,
]);

/**
 * The ways to write a part of an environment: `false` leaves it out, `true` takes the defaults, a scalar
 * or a list stands for the option named by `shorthand`, an object says it all.
 */
export function expand(value: unknown, shorthand?: string): unknown {
  if (value === true) return {};
  if (shorthand !== undefined && (typeof value !== "object" || Array.isArray(value)) && value !== false) {
    return { [shorthand]: value };
  }
  return value;
}

/** A part's options and the ways to write them: known to what lays one over another, and to the list of options. */
export interface Form {
  /** Schemas of the options; several where the part is one thing or another. */
  readonly options: readonly z.ZodObject[];
  /** The option that a scalar or a list stands for. */
  readonly shorthand?: string | undefined;
  /** Whether `false` leaves it out. */
  readonly optional?: boolean;
  /** Whether what lies over has nothing to do with what lies under, and takes none of it. */
  readonly replaces?: (
    over: Readonly<Record<string, unknown>>,
    under: Readonly<Record<string, unknown>>,
  ) => boolean;
}

const forms = new WeakMap<z.core.$ZodType, Form>();
const wholes = new WeakSet<z.core.$ZodType>();

/** The same schema, which is known to be written in this form. */
export function formed<Schema extends z.ZodType>(schema: Schema, form: Form): Schema {
  forms.set(schema, form);
  return schema;
}

/** The same schema, whose value replaces what lies under it as a whole: a part of each would be a mixture that nobody wrote. */
export function whole<Schema extends z.ZodType>(schema: Schema): Schema {
  wholes.add(schema);
  return schema;
}

/** The schema without what says that it may be left out, and what stands for it then. */
export const unwrapped = (schema: z.core.$ZodType): z.core.$ZodType =>
  schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional
    ? unwrapped(schema.def.innerType)
    : schema;

/** How a part may be written, if there is more than one way. */
export const formOf = (schema: z.core.$ZodType): Form | undefined => forms.get(unwrapped(schema));

/** `true`, where every option has a default. */
type True<Schema extends z.ZodType> = Record<never, never> extends z.input<Schema> ? true : never;

/** A part that may be written short. @see expand @typeParam Written the options as an editor names them */
export function requiredPart<
  Schema extends z.ZodObject,
  Short = never,
  Written extends z.input<Schema> = z.input<Schema>,
>(schema: Schema, shorthand?: string) {
  const written = z
    .custom<True<Schema> | Short | Written>()
    .transform((value, context): z.output<Schema> => into(context, schema, expand(value, shorthand)));
  return formed(written, { options: [schema], shorthand });
}

/** A part that may be written short, and that `false` leaves out. @see expand @typeParam Written the options as an editor names them */
export function optionalPart<
  Schema extends z.ZodObject,
  Short = never,
  Written extends z.input<Schema> = z.input<Schema>,
>(schema: Schema, shorthand?: string) {
  const written = z
    .custom<false | True<Schema> | Short | Written>()
    .transform((value, context): false | z.output<Schema> =>
      value === false ? false : into(context, schema, expand(value, shorthand)),
    );
  return formed(written, { options: [schema], shorthand, optional: true });
}

/** Parses within another schema's transformation: mistakes are its own. */
export function into<Schema extends z.ZodType>(
  context: z.RefinementCtx,
  schema: Schema,
  value: unknown,
): z.output<Schema> {
  const parsed = schema.safeParse(value, { reportInput: true });
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues) context.issues.push(issue as z.core.$ZodRawIssue);
  return z.NEVER;
}

/**
 * Parses what is only named because it is there already. What is an option of one that the environment makes is a mistake
 * that says why.
 */
export function intoThere<Schema extends z.ZodObject>(
  context: z.RefinementCtx,
  schema: Schema,
  written: Readonly<Record<string, unknown>>,
  made: z.ZodObject,
  why: string,
): z.output<Schema> {
  const strange = Object.keys(written).filter((key) => key in made.shape && !(key in schema.shape));
  for (const key of strange)
    context.issues.push({ code: "custom", message: why, input: written[key], path: [key] });
  const rest = Object.entries(written).filter(([key]) => !strange.includes(key));
  return into(context, schema, Object.fromEntries(rest));
}

/**
 * Lays `over` upon `under`: objects merge key by key, everything else replaces. Neither is changed.
 *
 * @param schema of both: what is written short merges as the object that it stands for
 */
export function layer(under: unknown, over: unknown, schema?: z.core.$ZodType): unknown {
  if (over === undefined) return under;
  const below = long(under, schema);
  const above = long(over, schema);
  if (!isRecord(below) || !isRecord(above)) return over;
  if (schema && (wholes.has(unwrapped(schema)) || formOf(schema)?.replaces?.(above, below))) return over;
  const merged = new Map(Object.entries(below));
  for (const [key, value] of Object.entries(above))
    merged.set(key, layer(merged.get(key), value, schema && inner(schema, key)));
  return Object.fromEntries(merged);
}

/** The object that a part's short form stands for. @see expand */
export function long(value: unknown, schema: z.core.$ZodType | undefined): unknown {
  const form = schema && formOf(schema);
  return form === undefined || value === undefined ? value : expand(value, form.shorthand);
}

/** The schema of what lies under a key, if there is one. */
function inner(schema: z.core.$ZodType, key: string): z.core.$ZodType | undefined {
  const bare = unwrapped(schema);
  if (bare instanceof z.ZodRecord) return bare.def.valueType;
  const objects = bare instanceof z.ZodObject ? [bare] : (formOf(bare)?.options ?? []);
  return objects.find(({ shape }) => Object.hasOwn(shape, key))?.shape[key];
}

/** Whether a value is an object of options, not a list. */
export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Freezes a configuration to its leaves, so that no construct can change what another reads. */
export function freeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) freeze(inner);
  }
  return value;
}

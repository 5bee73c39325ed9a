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

/** A part that may be written short. @see expand */
export function short<Schema extends z.ZodType, Short = never>(schema: Schema, shorthand?: string) {
  return z
    .custom<true | Short | z.input<Schema>>()
    .transform((value, context): z.output<Schema> => into(context, schema, expand(value, shorthand)));
}

/** A part that may be written short, and that `false` leaves out. @see expand */
export function part<Schema extends z.ZodType, Short = never>(schema: Schema, shorthand?: string) {
  return z
    .custom<boolean | Short | z.input<Schema>>()
    .transform((value, context): false | z.output<Schema> =>
      value === false ? false : into(context, schema, expand(value, shorthand)),
    );
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

/** Lays `over` upon `under`: objects merge key by key, everything else replaces. Neither is changed. */
export function layer(under: unknown, over: unknown): unknown {
  if (over === undefined) return under;
  if (!isRecord(under) || !isRecord(over)) return over;
  const merged = new Map(Object.entries(under));
  for (const [key, value] of Object.entries(over)) merged.set(key, layer(merged.get(key), value));
  return Object.fromEntries(merged);
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

import { matchesArn, matchesText } from "./match";

/** What is known of a request beside its action and resource, by condition key in lower case. */
export type Context = Readonly<Record<string, string | readonly string[]>>;

/** The Condition of a statement: operator, key, values. */
export type Conditions = Readonly<Record<string, Readonly<Record<string, Value | readonly Value[]>>>>;

type Value = string | boolean | number;
type Test = (wanted: string, given: string) => boolean;

const isEqual: Test = (wanted, given) => literal(wanted) === given;
const isEqualInAnyCase: Test = (wanted, given) => literal(wanted).toLowerCase() === given.toLowerCase();

/** Operators that hold where one wanted value fits. Source: "IAM JSON policy elements: Condition operators", IAM guide. */
const TESTS: Readonly<Record<string, Test>> = {
  StringEquals: isEqual,
  StringEqualsIgnoreCase: isEqualInAnyCase,
  StringLike: matchesText,
  ArnEquals: matchesArn,
  ArnLike: matchesArn,
  Bool: isEqualInAnyCase,
};

/** Operators that hold where no wanted value fits. */
const DENIALS: Readonly<Record<string, Test>> = {
  StringNotEquals: isEqual,
  StringNotEqualsIgnoreCase: isEqualInAnyCase,
  StringNotLike: matchesText,
  ArnNotEquals: matchesArn,
  ArnNotLike: matchesArn,
};

/**
 * Whether every condition holds.
 * @param resolve fills in the variables of a wanted value; undefined where one of them has no value
 * @throws Error on an operator that the sandbox does not know
 */
export const holdAll = (
  conditions: Conditions | undefined,
  context: Context,
  resolve: (text: string) => string | undefined,
): boolean =>
  Object.entries(conditions ?? {}).every(([operator, keys]) =>
    Object.entries(keys).every(([key, values]) => {
      const wanted = [values].flat().flatMap((value) => resolve(String(value)) ?? []);
      return holds(operator, wanted, context[key.toLowerCase()]);
    }),
  );

function holds(operator: string, wanted: readonly string[], value: Context[string] | undefined): boolean {
  const [, quantity, name = "", tolerant] =
    /^(?:(ForAllValues|ForAnyValue):)?(\w+?)(IfExists)?$/.exec(operator) ?? [];
  const given = value === undefined ? [] : [value].flat();
  const missing = value === undefined;
  if (name === "Null") return wanted.some((text) => (text.toLowerCase() === "true") === missing);
  const test = TESTS[name] ?? DENIALS[name];
  if (!test) throw new Error(`The sandbox does not know the condition operator ${operator}.`);
  if (missing && tolerant) return true;
  const denies = name in DENIALS;
  const fits = (one: string) => wanted.some((text) => test(text, one)) !== denies;
  if (quantity === "ForAllValues") return given.every(fits);
  if (quantity === "ForAnyValue") return given.some(fits);
  return denies ? given.every(fits) : given.some(fits);
}

/** A resolved value whose wildcards stand for nothing but themselves. */
const literal = (text: string) => text.replace(/\\([*?])/g, "$1");

import { join } from "node:path";
import ts from "typescript-stock";
import { z } from "zod";
import { formOf, isRecord, long, unwrapped } from "../../../modules/options";

/** A name that a person chooses. */
export const NAME = "<name>";

const ROOT = join(__dirname, "..", "..", "..");

/** An option: what its schema knows of it, and what the editor shows of it. */
export interface Option {
  /** Names from the top, `<name>` where a person chooses one, `[]` for any of a list. */
  readonly path: readonly string[];
  /** The one thing or the other that a part is. */
  readonly kind: string;
  readonly type: string;
  readonly required: boolean;
  /** What stands for it where nobody says it; undefined where that is nothing, or somebody else's. */
  readonly standard: unknown;
  /** What its `@default` says. */
  readonly told: string | undefined;
  readonly comment: string;
  /** What each preset says of it. */
  readonly presets: readonly unknown[];
}

/** What TypeScript knows of the schemas' inputs. */
export function readDeclarations(files: readonly string[]) {
  const program = ts.createProgram(
    files.map((file) => join(ROOT, "modules", `${file}.ts`)),
    {
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      types: [],
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ESNext,
      moduleResolution: ts.ModuleResolutionKind.Bundler,
    },
  );
  return { program, checker: program.getTypeChecker() };
}

type Declarations = ReturnType<typeof readDeclarations>;

/**
 * Every option within a schema, in the order of their declarations.
 *
 * @param file that exports the schema, below modules/
 * @param presets data that lies under what somebody writes, each shaped as the schema
 */
export function listOptions(
  { program, checker }: Declarations,
  file: string,
  name: string,
  schema: z.ZodObject,
  presets: readonly unknown[] = [],
): Option[] {
  const source = program.getSourceFile(join(ROOT, "modules", `${file}.ts`));
  const module = source && checker.getSymbolAtLocation(source);
  const symbol = module && checker.getExportsOfModule(module).find((one) => one.name === name);
  if (symbol === undefined) throw new Error(`${file} exports no ${name}`);
  const input = checker.getTypeOfSymbol(symbol).getProperty("_input");
  if (input === undefined) throw new Error(`${name} is no schema`);
  return [...within(schema, checker.getTypeOfSymbol(input), [], "", presets)];

  function* within(
    schema: z.core.$ZodType,
    type: ts.Type,
    path: readonly string[],
    kind: string,
    presets: readonly unknown[],
  ): Generator<Option> {
    const bare = unwrapped(schema);
    const members = (type.isUnion() ? type.types : [type]).filter(({ flags }) => flags & ts.TypeFlags.Object);
    if (bare instanceof z.ZodRecord) {
      const [inner] = members.flatMap((member) => member.getStringIndexType() ?? []);
      if (inner) yield* within(bare.def.valueType, inner, [...path, NAME], kind, presets.map(at(NAME)));
    } else if (bare instanceof z.ZodArray) {
      const [inner] = members.flatMap((member) => member.getNumberIndexType() ?? []);
      if (inner)
        yield* within(
          bare.def.element,
          inner,
          [...path, "[]"],
          kind,
          presets.map(() => undefined),
        );
    } else if (bare instanceof z.ZodObject) {
      yield* members.flatMap((member) => [...properties(bare, member, path, kind, presets)]);
    } else {
      const objects = formOf(bare)?.options ?? [];
      for (const object of objects) {
        const member = members.find((one) => sameKeys(one, object));
        if (member === undefined) throw new Error(`${path.join(".")} has other options than its type`);
        const which = kindOf(object, objects);
        const said = presets
          .map((preset) => long(preset, bare))
          .map(which.value === undefined ? (one) => one : at(which.value));
        yield* properties(object, member, path, which.name, said);
      }
    }
  }

  function* properties(
    { shape }: z.ZodObject,
    type: ts.Type,
    path: readonly string[],
    kind: string,
    presets: readonly unknown[],
  ): Generator<Option> {
    for (const [key, schema] of Object.entries(shape)) {
      const property = type.getProperty(key);
      if (property === undefined) throw new Error(`${key} is declared nowhere`);
      const tag = property.getJsDocTags(checker).find(({ name }) => name === "default");
      const own = checker.getTypeOfSymbol(property);
      const said = presets.map(at(key));
      yield {
        path: [...path, key],
        kind,
        type: typeText(schema, checker.typeToString(checker.getNonNullableType(own))),
        required: !schema.safeParse(undefined).success,
        standard: standardOf(schema),
        told: tag && oneLine(ts.displayPartsToString(tag.text)),
        comment: oneLine(ts.displayPartsToString(property.getDocumentationComment(checker))),
        presets: said,
      };
      yield* within(schema, own, [...path, key], kind, said);
    }
  }
}

const at = (key: string) => (value: unknown) => (isRecord(value) ? value[key] : undefined);
const oneLine = (text: string) => text.replaceAll(/\s+/g, " ").trim();

const sameKeys = (type: ts.Type, { shape }: z.ZodObject): boolean =>
  type
    .getProperties()
    .map(({ name }) => name)
    .sort()
    .join() === Object.keys(shape).sort().join();

/** What tells one of several apart: its `type`, or the option that the first has not. */
function kindOf(object: z.ZodObject, [first, ...others]: readonly z.ZodObject[]) {
  const { type } = object.shape;
  if (type instanceof z.ZodLiteral)
    return { name: `type: ${JSON.stringify(type.value)}`, value: String(type.value) };
  const own = Object.keys(object.shape).find((key) => others.length > 0 && !(key in (first?.shape ?? {})));
  return { name: own ?? "", value: undefined };
}

/** The value that stands for one that nobody says. */
function standardOf(schema: z.core.$ZodType): unknown {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) return schema.def.defaultValue;
  return schema instanceof z.ZodOptional ? standardOf(schema.def.innerType) : undefined;
}

/** The values that an option takes, with their bounds. */
function typeText(schema: z.core.$ZodType, declared: string): string {
  const bare = unwrapped(schema);
  const form = formOf(bare);
  if (form) {
    const shorthands = form.options.flatMap(({ shape }) => shape[form.shorthand ?? ""] ?? []);
    const short = shorthands.map((one) => typeText(one, "text"));
    const given = form.options.some((one) => one.safeParse({}).success) ? ["`true`"] : [];
    return [...given, ...(form.optional ? ["`false`"] : []), ...new Set(short), "options"].join(", ");
  }
  if (bare instanceof z.ZodString || bare instanceof z.ZodEmail) return `text${longest(bare, " characters")}`;
  if (bare instanceof z.ZodBoolean) return "`true`, `false`";
  if (bare instanceof z.ZodNumber) return numberText(bare);
  if (bare instanceof z.ZodEnum) return bare.options.map(code).join(", ");
  if (bare instanceof z.ZodLiteral) return [...bare.values].map(code).join(", ");
  if (bare instanceof z.ZodUnion) return bare.options.map((one) => typeText(one, declared)).join(", ");
  if (bare instanceof z.ZodArray) return `list of ${typeText(bare.def.element, "text")}${longest(bare)}`;
  if (bare instanceof z.ZodRecord)
    return `${typeText(bare.def.valueType, "text").replaceAll(", ", " or ")}, by name`;
  if (bare instanceof z.ZodObject) return "options";
  if (bare instanceof z.ZodPipe) return typeText(bare.def.in, declared);
  return declared === "string" ? "text" : `\`${declared}\``;
}

/** How many letters or entries there may be. */
function longest({ def: { checks = [] } }: z.ZodString | z.ZodEmail | z.ZodArray, of = ""): string {
  const bounds = Object.assign({}, ...checks.map(({ _zod }) => _zod.def));
  const { minimum, maximum } = bounds as { minimum?: number; maximum?: number };
  if (minimum !== undefined && maximum !== undefined) return ` (${minimum} to ${maximum}${of})`;
  if (maximum !== undefined) return ` (at most ${maximum}${of})`;
  return minimum === undefined ? "" : ` (at least ${minimum}${of})`;
}

function numberText(schema: z.ZodNumber): string {
  const { minValue, maxValue } = schema;
  const bounded = (bound: number | null) => bound !== null && Math.abs(bound) < Number.MAX_SAFE_INTEGER;
  if (bounded(minValue) && bounded(maxValue)) return `${minValue} to ${maxValue}`;
  if (bounded(maxValue)) return `at most ${maxValue}`;
  if (!bounded(minValue)) return "number";
  return schema.safeParse(minValue).success ? `${minValue} and more` : `more than ${minValue}`;
}

/** A value as a file says it. */
export const code = (value: unknown): string => `\`${JSON.stringify(value)}\``;

import {
  DefaultTokenResolver,
  type IResolvable,
  StringConcat,
  TerraformElement,
  TerraformStack,
  Token,
  Tokenization,
} from "cdktf";
import type { IConstruct } from "constructs";

const resolver = new DefaultTokenResolver(new StringConcat());

/** What tokens look like in a text: a marker, or a number that is very large. Source: cdktf/lib/tokens/private/encoding.js. */
const TOKEN = /TfToken\[|\de\+\d/;
const MARK = /\$\{TfToken\[[^\]]*\]\}/g;
const EXPRESSION = /\$\{(?!TfToken\[)/;

/** What cdktf makes of an attribute that somebody refers to. Source: cdktf/lib/tfExpression.js. */
interface Reference extends IResolvable {
  readonly identifier?: unknown;
  readonly originStack?: TerraformStack;
}

/**
 * Has every reference that a stack makes to another one make the output there that it reads here. cdktf resolves the whole
 * stack for that, once more than to write it; here it resolves what may lead elsewhere: a reference within the stack cannot.
 * Source: cdktf/lib/terraform-stack.js, prepareStack.
 */
export function registerReferences(stack: TerraformStack): void {
  for (const element of elementsOf(stack)) register(element.toTerraform(), stack);
}

function register(value: unknown, stack: TerraformStack): void {
  if (isSettled(value, stack)) return;
  if (Array.isArray(value) && value.every((one) => isObject(one) || isSettled(one, stack)))
    for (const one of value) register(one, stack);
  else if (isPlain(value) && !Object.keys(value).some((key) => TOKEN.test(key)))
    for (const one of Object.values(value)) register(one, stack);
  else Tokenization.resolve(value, { scope: stack, resolver, preparing: true });
}

/** Whether a text or a number leads to no other stack. */
function isSettled(value: unknown, stack: TerraformStack): boolean {
  if (typeof value === "string") return !TOKEN.test(value) || writeWithin(value, stack) !== undefined;
  if (typeof value === "number") return !Token.isUnresolved(value) && !Token.isUnresolved([value]);
  return value === undefined || value === null || typeof value === "boolean";
}

/** A text with its references as cdktf writes them; undefined where one leads to another stack, or the text is an expression already. */
export function writeWithin(text: string, stack: IConstruct): string | undefined {
  if (EXPRESSION.test(text)) return undefined;
  const tokens: readonly Reference[] = Tokenization.reverseString(text).tokens;
  const rest = tokens.values();
  let within = tokens.length > 0;
  const written = text.replaceAll(MARK, () => {
    const { originStack, identifier } = rest.next().value ?? {};
    within &&= originStack === stack && typeof identifier === "string";
    return `\${${identifier}}`;
  });
  return within && !TOKEN.test(written) ? written : undefined;
}

const isObject = (value: unknown) => typeof value === "object" && value !== null;

function isPlain(value: unknown): value is Record<string, unknown> {
  if (!isObject(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** All elements of a stack, but for those of stacks within it. */
const elementsOf = (construct: IConstruct): TerraformElement[] => [
  ...(TerraformElement.isTerraformElement(construct) ? [construct] : []),
  ...construct.node.children.filter((child) => !TerraformStack.isStack(child)).flatMap(elementsOf),
];

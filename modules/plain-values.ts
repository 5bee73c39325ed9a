import { Tokenization } from "cdktf";
import type { IConstruct } from "constructs";
import { writeWithin } from "./references";

/** A part of a text that cdktf resolves: a token's mark, a number that stands for a token, or the name of a map of tokens. */
const TOKEN = /TfToken\[|\de\+\d| Map Token Value$/;
/** The text by which a list stands for a token. */
const LIST = /#\{TfToken\[/;

/** The least number that may stand for a token. */
const LEAST_NUMBER = 1e8;

/** The search of cdktf for the tokens in a value, in the construct that it is resolved for. */
interface Search {
  (value: unknown): unknown;
  readonly scope: IConstruct;
}

/**
 * Runs some work while cdktf copies values without tokens, and references within a stack, as they are. By itself it asks four times of
 * each value and name whether it is a token, and writes a stack's JSON twice that way: a sixth of a synthesis.
 * Source: cdktf/lib/tokens/private/resolve.js and encoding.js, cdktf/lib/tfExpression.js.
 */
export function withPlainValuesTakenOver<T>(work: () => T): T {
  const { resolve } = Tokenization;
  Tokenization.resolve = (value, options) => {
    const { scope } = options;
    const search = Object.assign((inner: unknown) => resolve.call(Tokenization, inner, options), { scope });
    try {
      return takeOver(value, search);
    } catch {
      // Says where in the whole value the mistake is.
      return search(value);
    }
  };
  try {
    return work();
  } finally {
    Tokenization.resolve = resolve;
  }
}

/** The value as cdktf resolves it: what is undefined is left out. */
function takeOver(value: unknown, search: Search): unknown {
  if (typeof value === "string")
    return TOKEN.test(value) ? (writeWithin(value, search.scope) ?? search(value)) : value;
  if (typeof value === "number") return isToken(value) ? search(value) : value;
  if (Array.isArray(value)) {
    if (value.some((one) => (typeof one === "string" ? LIST.test(one) : isToken(one)))) return search(value);
    return value.map((one) => takeOver(one, search)).filter((one) => one !== undefined);
  }
  if (typeof value === "function") return search(value);
  if (typeof value !== "object" || value === null) return value;
  if (!isPlain(value)) return search(value);
  const taken: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(value)) {
    if (TOKEN.test(key)) return search(value);
    const found = takeOver(inner, search);
    if (found !== undefined) taken[key] = found;
  }
  return taken;
}

const isToken = (value: unknown) => typeof value === "number" && !(Math.abs(value) < LEAST_NUMBER);

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return (prototype === Object.prototype || prototype === null) && !("resolve" in value);
}

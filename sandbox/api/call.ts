import type { Sim } from "../engine/sim";
import type { Access } from "../iam/access";
import { AwsFailure } from "./errors";

/** Who calls, by the access key of the signature, which must be known. The signature itself is not checked. */
export interface Caller {
  accessKey: string;
  account: string;
  arn: string;
  /** Whose permissions count; without it, everything is allowed. */
  access?: Access | undefined;
}

/** One call under way. */
export interface Call {
  sim: Sim;
  region: string;
  caller: Caller;
  /** Reads answer what was true before the last change. */
  stale: boolean;
  /** Tasks are not known yet. */
  missing: boolean;
}

/** An operation: takes the request's members, answers the response's; both as the SDK types them. */
export interface Operation {
  required: readonly string[];
  // biome-ignore lint/suspicious/noExplicitAny: each operation names its own request type
  run: (call: Call, input: any) => object;
}

export type Operations = Record<string, Operation>;

/** Declares an operation with the request and response types of the SDK. */
export function operation<Input extends object, Output extends object>(
  required: readonly (keyof Input & string)[],
  run: (call: Call, input: Input) => Output,
): Operation {
  return { required, run };
}

/** A page of a list. Tokens name the place in it. */
export function page<T>(
  all: readonly T[],
  token: string | undefined,
  size: number,
): { items: T[]; nextToken?: string } {
  const start = token === undefined ? 0 : readToken(token);
  const items = all.slice(start, start + size);
  const next = start + items.length;
  return next < all.length ? { items, nextToken: writeToken(next) } : { items };
}

function writeToken(place: number): string {
  return Buffer.from(JSON.stringify({ place })).toString("base64");
}

function readToken(token: string): number {
  try {
    const { place } = JSON.parse(Buffer.from(token, "base64").toString("utf8")) as { place?: unknown };
    if (typeof place === "number") return place;
  } catch {}
  throw new AwsFailure("InvalidParameterException", "Invalid token.");
}

/** maxResults within what AWS takes. */
export function pageSize(given: number | undefined, most: number, otherwise = most): number {
  if (given === undefined) return otherwise;
  if (given < 1 || given > most)
    throw new AwsFailure("InvalidParameterException", `maxResults must be between 1 and ${most}.`);
  return given;
}

import { Netmask } from "netmask";
import type { Value } from "../wire/value";
import type { Rule } from "./kind";

/** Rules for single values; each returns what is wrong, in the words that providers use. */

export function length(min: number, max: number): Rule {
  return (value) => {
    const size = String(value).length;
    return size < min || size > max
      ? `expected length to be in the range (${min} - ${max}), got ${size} characters: ${String(value)}`
      : undefined;
  };
}

export function pattern(shape: RegExp, said: string): Rule {
  return (value) => (shape.test(String(value)) ? undefined : `${said}: got ${JSON.stringify(value)}`);
}

export function oneOf(...choices: readonly (string | number)[]): Rule {
  return (value) =>
    choices.some((choice) => String(choice) === String(value))
      ? undefined
      : `expected one of ${JSON.stringify(choices)}, got ${JSON.stringify(value)}`;
}

export function between(min: number, max: number): Rule {
  return (value) =>
    Number(value) >= min && Number(value) <= max
      ? undefined
      : `expected a number from ${min} to ${max}, got ${value}`;
}

/** A canonical IPv4 block, such as 10.0.0.0/16, whose prefix lies in the given range. */
export function cidr(min = 0, max = 32): Rule {
  return (value) => {
    const block = parseCidr(String(value));
    if (!block) return `${JSON.stringify(value)} is not a valid IPv4 CIDR block`;
    const canonical = `${block.base}/${block.bitmask}`;
    if (canonical !== value)
      return `${JSON.stringify(value)} is not a valid IPv4 CIDR block; did you mean ${canonical}?`;
    if (block.bitmask < min || block.bitmask > max)
      return `expected a netmask from /${min} to /${max}, got ${value}`;
    return undefined;
  };
}

export const json: Rule = (value) => {
  try {
    const parsed = JSON.parse(String(value)) as Value;
    return typeof parsed === "object" ? undefined : "contains an invalid JSON: an object or list is needed";
  } catch (error) {
    return `contains an invalid JSON: ${(error as Error).message}`;
  }
};

/** An ARN of the given service. */
export function arn(service?: string): Rule {
  return (value) => {
    const parts = String(value).split(":");
    if (parts.length < 6 || parts[0] !== "arn")
      return `(${value}) is an invalid ARN: arn: prefix and six parts are needed`;
    return service && parts[2] !== service ? `(${value}) is not an ARN of ${service}` : undefined;
  };
}

export function parseCidr(text: string): Netmask | undefined {
  if (!/^\d+\.\d+\.\d+\.\d+\/\d+$/.test(text)) return undefined;
  try {
    return new Netmask(text);
  } catch {
    return undefined;
  }
}

/** True when the second block lies wholly inside the first. */
export function inside(outer: string, inner: string): boolean {
  const container = parseCidr(outer);
  const block = parseCidr(inner);
  return Boolean(container && block && container.bitmask <= block.bitmask && container.contains(block.base));
}

export function overlap(one: string, other: string): boolean {
  return inside(one, other) || inside(other, one);
}

/** The address at a position in a block. */
export function addressIn(block: string, position: number): string {
  const base = parseCidr(block)?.base ?? "10.0.0.0";
  const start = base.split(".").reduce((sum, part) => sum * 256 + Number(part), 0) + position;
  return [24, 16, 8, 0].map((shift) => Math.floor(start / 2 ** shift) % 256).join(".");
}

import { decode, ExtensionCodec, encode } from "@msgpack/msgpack";

/** A value that Terraform will only know after apply. One instance: compare by identity. */
export class Unknown {
  toJSON(): string {
    return "(known after apply)";
  }
}

export const UNKNOWN = new Unknown();

/** Any Terraform value: sets and lists are arrays, maps, objects and blocks are records. */
export type Value = null | boolean | number | string | Unknown | Value[] | { [key: string]: Value };
export type Fields = { [key: string]: Value };

/** What travels in tfplugin5's DynamicValue. */
export interface WireValue {
  msgpack?: Uint8Array;
  json?: Uint8Array;
}

/** Extension 12 is a refined unknown: it may always be read as a plain one (Terraform's object-wire-format.md). */
const REFINED_UNKNOWN = 12;

const extensions = new ExtensionCodec();
extensions.register({
  type: 0,
  encode: (value) => (value instanceof Unknown ? new Uint8Array([0]) : null),
  decode: () => UNKNOWN,
});
extensions.register({ type: REFINED_UNKNOWN, encode: () => null, decode: () => UNKNOWN });

/** Reads a DynamicValue; an absent one is null. */
export function fromWire(wire: WireValue | null | undefined): Value {
  if (wire?.msgpack?.length) return decode(wire.msgpack, { extensionCodec: extensions }) as Value;
  if (wire?.json?.length) return JSON.parse(Buffer.from(wire.json).toString("utf8")) as Value;
  return null;
}

/** Writes a DynamicValue, always in MessagePack, as the protocol asks of providers. */
export function toWire(value: Value): WireValue {
  return { msgpack: encode(value, { extensionCodec: extensions, ignoreUndefined: true }) };
}

export function isRecord(value: Value | undefined): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Unknown);
}

/** True when the value is unknown or holds something unknown. */
export function hasUnknown(value: Value | undefined): boolean {
  if (value instanceof Unknown) return true;
  if (Array.isArray(value)) return value.some(hasUnknown);
  return isRecord(value) && Object.values(value).some(hasUnknown);
}

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { deepEqual, sameBlock } from "../../sandbox/wire/paths";
import { fromWire, hasUnknown, toWire, UNKNOWN, type Value } from "../../sandbox/wire/value";

const name = fc.string({ maxLength: 8 }).filter((text) => text !== "__proto__");
const value: fc.Arbitrary<Value> = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.constant(null),
    fc.boolean(),
    fc.string(),
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0),
    fc.constant(UNKNOWN),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(name, tie("value"), { maxKeys: 4 }).map((record) => ({ ...record })),
  ),
})).value;

describe("values on the wire", () => {
  test("come back as they were sent, unknown ones included", () => {
    fc.assert(
      fc.property(value, (sent) => {
        expect(fromWire(toWire(sent))).toEqual(sent);
      }),
    );
  });

  test("an unknown is one and the same wherever it is read", () => {
    fc.assert(
      fc.property(value, (sent) => {
        const read = fromWire(toWire([UNKNOWN, sent])) as Value[];
        expect(read[0]).toBe(UNKNOWN);
        expect(hasUnknown(read)).toBe(true);
        expect(hasUnknown(read[1])).toBe(hasUnknown(sent));
      }),
    );
  });

  test("a refined unknown is read as an unknown", () => {
    // fixext 1, extension type 12, as Terraform sends unknowns that it knows something of.
    expect(fromWire({ msgpack: new Uint8Array([0xc7, 0x03, 0x0c, 0x81, 0x01, 0xc2]) })).toBe(UNKNOWN);
  });

  test("JSON is read where there is no MessagePack, and nothing is null", () => {
    expect(fromWire({ json: Buffer.from('{"a":[1]}') })).toEqual({ a: [1] });
    expect(fromWire(undefined)).toBeNull();
  });
});

describe("equality as Terraform sees it", () => {
  const schema = { attributes: { tags: { type: ["set", "string"] as [string, string] } }, blocks: {} };

  test("sets have no order", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string()), (items) =>
        sameBlock({ tags: items }, { tags: [...items].reverse() }, schema),
      ),
    );
    expect(sameBlock({ tags: ["a", "a", "b"] }, { tags: ["a", "b", "b"] }, schema)).toBe(false);
  });

  test("two unknowns are never equal", () => {
    expect(deepEqual(UNKNOWN, UNKNOWN)).toBe(false);
    fc.assert(fc.property(value, (one) => deepEqual(one, one) === !hasUnknown(one)));
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type AttributeChange, differences, isWithin, type Pair, pathText } from "../../plan/differences";

const rows: readonly [string, Pair, AttributeChange[]][] = [
  ["nothing", { before: { a: 1 }, after: { a: 1 } }, []],
  ["an attribute that came", { before: {}, after: { a: 1 } }, [{ path: "a", before: null, after: 1 }]],
  ["one that went", { before: { a: 1 }, after: {} }, [{ path: "a", before: 1, after: null }]],
  ["emptiness of another kind", { before: { a: null, b: [], c: "" }, after: { a: [], b: {}, c: null } }, []],
  [
    "false in place of nothing",
    { before: { a: null }, after: { a: false } },
    [{ path: "a", before: null, after: false }],
  ],
  [
    "an element of a list of the same length",
    { before: { a: [{ b: 1 }, { b: 2 }] }, after: { a: [{ b: 1 }, { b: 3 }] } },
    [{ path: "a[1].b", before: 2, after: 3 }],
  ],
  [
    "a list that grew, as a whole",
    { before: { a: [1] }, after: { a: [2, 1] } },
    [{ path: "a", before: [1], after: [2, 1] }],
  ],
  [
    "a key that is no name",
    { before: { tags: { "a/b": "1" } }, after: { tags: { "a/b": "2" } } },
    [{ path: 'tags["a/b"]', before: "1", after: "2" }],
  ],
  [
    "JSON in a text, where it differs",
    { before: { policy: '{"S":[{"E":"Allow"}]}' }, after: { policy: '{"S": [{"E":"Deny"}]}' } },
    [{ path: "policy.S[0].E", before: "Allow", after: "Deny" }],
  ],
  [
    "JSON in a text, only spaced differently",
    { before: { policy: '{"a":1}' }, after: { policy: '{ "a": 1 }' } },
    [{ path: "policy", before: '{"a":1}', after: '{ "a": 1 }' }],
  ],
  [
    "a value known after the apply",
    { before: { id: "x" }, after: {}, unknown: { id: true } },
    [{ path: "id", before: "x", unknown: true }],
  ],
  [
    "a list with something unknown in it",
    { before: { a: ["x"] }, after: { a: [null, "y"] }, unknown: { a: [true, false] } },
    [{ path: "a", before: ["x"], unknown: true }],
  ],
  [
    "a secret",
    { before: { p: "old" }, after: { p: "new" }, beforeSensitive: { p: true }, afterSensitive: {} },
    [{ path: "p", sensitive: true }],
  ],
  ["a secret that stays", { before: { p: "x" }, after: { p: "x" }, afterSensitive: { p: true } }, []],
  [
    "a secret known after the apply",
    { before: { p: "x" }, after: {}, unknown: { p: true }, beforeSensitive: { p: true } },
    [{ path: "p", sensitive: true }],
  ],
  [
    "a list that grew around a secret",
    { before: { a: ["s"] }, after: { a: ["s", "t"] }, afterSensitive: { a: [true, false] } },
    [{ path: "a", sensitive: true }],
  ],
];

describe("what differs", () => {
  it.each(rows)("%s", (_, pair, expected) => {
    expect(differences(pair)).toEqual(expected);
  });

  it("never holds a value that is marked sensitive, wherever it lies", () => {
    const SECRET = "s3cr3t";
    const tree = fc.letrec((tie) => ({
      node: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom<unknown>(SECRET, `{"in":"${SECRET}"}`, "plain", 1, null, true),
        fc.array(tie("node"), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom("a", "b", "c d"), tie("node")),
      ),
    })).node;
    /** The mark of a value as Terraform gives it: true at each leaf that is secret. */
    const marks = (value: unknown): unknown => {
      if (typeof value === "string") return value.includes(SECRET);
      if (Array.isArray(value)) return value.map(marks);
      if (typeof value !== "object" || value === null) return false;
      return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, marks(part)]));
    };
    fc.assert(
      fc.property(tree, tree, (before, after) => {
        const found = differences({
          before,
          after,
          beforeSensitive: marks(before),
          afterSensitive: marks(after),
        });
        expect(JSON.stringify(found)).not.toContain(SECRET);
      }),
    );
  });

  it("is nothing between a value and itself", () => {
    fc.assert(
      fc.property(
        fc.jsonValue(),
        (value) => differences({ before: value, after: structuredClone(value) }).length === 0,
      ),
    );
  });
});

describe("a path", () => {
  it("is written as in an expression", () => {
    expect(pathText(["ingress", 0, "cidr_blocks"])).toBe("ingress[0].cidr_blocks");
    expect(pathText(["tags", "a/b"])).toBe('tags["a/b"]');
  });

  it.each([
    ["a", "a", true],
    ["a.b", "a", true],
    ["a[0]", "a", true],
    ["ab", "a", false],
    ["a", "a.b", false],
  ])("%s is within %s: %s", (path, whole, expected) => {
    expect(isWithin(path, whole)).toBe(expected);
  });
});

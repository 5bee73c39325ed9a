import { describe, expect, it } from "vitest";
import { compare } from "../../try/compare";

const stack = (library: string, provider: string, more: object = {}) => ({
  "//": { metadata: { stackName: "qa", version: library } },
  terraform: { required_providers: { aws: { source: "hashicorp/aws", version: provider } } },
  ...more,
});
const of = (before: object, after: object) =>
  compare({ "stacks/qa/cdk.tf.json": before as never }, { "stacks/qa/cdk.tf.json": after as never });

describe("two columns' stacks", () => {
  it("are the same where only versions differ, which are told apart", () => {
    expect(of(stack("0.21.0", "6.25.0"), stack("0.24.0", "6.66.0"))).toEqual({
      differences: [],
      versions: [
        '//.metadata.version: "0.21.0" → "0.24.0"',
        'terraform.required_providers.aws.version: "6.25.0" → "6.66.0"',
      ],
    });
    expect(of(stack("0.21.0", "6.25.0"), stack("0.21.0", "6.25.0")).versions).toEqual([]);
  });

  it("are the same whatever the order of names, and differ in the order of a list", () => {
    expect(of({ a: 1, b: [1, 2] }, { b: [1, 2], a: 1 }).differences).toEqual([]);
    expect(of({ b: [1, 2] }, { b: [2, 1] }).differences).toEqual([
      "stacks/qa/cdk.tf.json: b.0: 1 → 2",
      "stacks/qa/cdk.tf.json: b.1: 2 → 1",
    ]);
  });

  it.each<[string, object, object, string]>([
    [
      "a reference that lost its data.",
      { a: "${data.x.y.id}" },
      { a: "${x.y.id}" },
      'a: "${data.x.y.id}" → "${x.y.id}"',
    ],
    ["an argument that is gone", { r: { a: 1, b: null } }, { r: { a: 1 } }, "r.b: null → nothing"],
    ["an argument that is new", { r: {} }, { r: { a: [] } }, "r.a: nothing → []"],
    ["a list that became an object", { r: [] }, { r: {} }, "r: [] → {}"],
    ["a version of something else", { r: { version: 1 } }, { r: { version: 2 } }, "r.version: 1 → 2"],
  ])("differ by %s", (_, before, after, text) => {
    const { differences } = of(before, after);
    expect(differences).toHaveLength(1);
    expect(differences[0]).toContain(`stacks/qa/cdk.tf.json: ${text}`);
  });

  it("differ by a stack that is missing", () => {
    expect(compare({ "stacks/qa/cdk.tf.json": {} }, {}).differences).toEqual([
      "stacks/qa/cdk.tf.json: {} → nothing",
    ]);
  });
});

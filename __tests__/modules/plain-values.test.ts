import { Vpc } from "@cdktf/provider-aws/lib/vpc";
import {
  DefaultTokenResolver,
  Fn,
  Lazy,
  StringConcat,
  Testing,
  TerraformStack,
  Token,
  Tokenization,
} from "cdktf";
import fc from "fast-check";
import { expect, it } from "vitest";
import { withPlainValuesTakenOver } from "../../modules/plain-values";

const scope = new TerraformStack(Testing.app(), "stack");
const other = new TerraformStack(Testing.app(), "other");
const reference = (stack: TerraformStack, id: string) =>
  new Vpc(stack, id, { cidrBlock: "10.0.0.0/16" }).getStringAttribute("id");
const [within, without] = [reference(scope, "vpc"), reference(other, "elsewhere")];
const options = { scope, resolver: new DefaultTokenResolver(new StringConcat()), preparing: false };

/** What cdktf makes of a value, or says of it. */
function resolved(value: unknown): unknown {
  try {
    return { value: Tokenization.resolve(value, options) };
  } catch (error) {
    return { error: (error as Error).message };
  }
}

const token = fc.constantFrom<unknown>(
  Token.asString("text"),
  `before ${Token.asString({ nested: 1 })} after`,
  within,
  `arn:${within}/*`,
  `{"Resource":["${within}","${within}"]}`,
  `\${upper(${within})} and ${within}`,
  `$${within}`,
  `${within} at ${Token.asNumber(7)}`,
  `${within} of ${Token.asString("text")}`,
  `${within} of ${Token.asList(["a", "b"])}`,
  without,
  `${without} and ${within}`,
  Token.asNumber(7),
  `at ${Token.asNumber(7)}`,
  Token.asList(["a", "b"]),
  Token.asNumberList([1, 2]),
  Token.asStringMap({ a: "b" }),
  Token.STRING_MAP_TOKEN_VALUE,
  Token.NUMBER_MAP_TOKEN_VALUE,
  Lazy.stringValue({ produce: () => "lazy" }),
  Lazy.anyValue({ produce: () => ({ gone: undefined, kept: [Token.asString("deep"), undefined] }) }),
  Fn.join("-", ["a", Token.asString("b")]),
  () => "function",
  new Date(0),
);
const plain = fc.oneof(
  fc.string(),
  fc.constantFrom<unknown>("${aws_vpc.main.id}", "$${literal}", "private-e1", "1e5", "e+2", '"\n\\', ""),
  fc.double(),
  fc.integer(),
  fc.boolean(),
  fc.constantFrom<unknown>(null, undefined),
);
const key = fc.oneof(fc.string(), fc.constant("resolve"), fc.constant(Token.asString("key")));
const { value: anything } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    { arbitrary: plain, weight: 4 },
    { arbitrary: token, weight: 1 },
    { arbitrary: fc.array(tie("value"), { maxLength: 4 }), weight: 2 },
    { arbitrary: fc.dictionary(key, tie("value"), { maxKeys: 4 }), weight: 3 },
  ),
}));

it("makes of every value what cdktf makes of it, and the same mistakes", () => {
  fc.assert(
    fc.property(anything, (value) => {
      const ours = withPlainValuesTakenOver(() => resolved(value));
      expect(ours).toStrictEqual(resolved(value));
    }),
    { numRuns: 2000 },
  );
});

it("leaves cdktf as it was, though what runs within fails", () => {
  const { resolve } = Tokenization;
  expect(() =>
    withPlainValuesTakenOver(() => {
      expect(Tokenization.resolve).not.toBe(resolve);
      throw new Error("fails");
    }),
  ).toThrow("fails");
  expect(Tokenization.resolve).toBe(resolve);
});

it("says of what refers to itself what cdktf says", () => {
  const circle: Record<string, unknown> = { name: "circle" };
  circle.itself = [circle];
  expect(withPlainValuesTakenOver(() => resolved(circle))).toEqual(resolved(circle));
});

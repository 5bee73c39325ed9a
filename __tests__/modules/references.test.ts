import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Instance } from "@cdktf/provider-aws/lib/instance";
import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import { App, Fn, Lazy, TerraformLocal, TerraformOutput, TerraformStack, Token } from "cdktf";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { SlipwayStack } from "../../modules/stack";
import { withoutTokenTraces } from "../../modules/traces";

const scratch = mkdtempSync(join(tmpdir(), "slipway-references-"));
// cdktf warns of an expression within a function.
beforeAll(() => void vi.spyOn(console, "warn").mockReturnValue());
afterAll(() => {
  vi.restoreAllMocks();
  rmSync(scratch, { recursive: true, force: true });
});

/** A stack of ours that looks for its references as cdktf does. */
class Stock extends SlipwayStack {
  override prepareStack() {
    TerraformStack.prototype.prepareStack.call(this);
  }
}

/** What can be said of a resource, in each way that cdktf has. */
const said: Readonly<Record<string, (from: Instance) => unknown>> = {
  text: ({ id }) => id,
  "text around": ({ id }) => `arn:\${name}:${id}/*`,
  "two in a text": ({ id, arn }) => `${id} ${arn}`,
  list: (from) => from.getListAttribute("list"),
  "texts of a list": ({ id }) => ["a", id],
  number: (from) => from.getNumberAttribute("size"),
  "number in a text": (from) => `0.0.0.0:${from.getNumberAttribute("port")}`,
  "number beside another's text": (from) => `\${path.module}${from.id}:${from.getNumberAttribute("port")}`,
  numbers: (from) => from.getNumberListAttribute("sizes"),
  map: (from) => from.getStringMapAttribute("map"),
  "map of numbers": (from) => from.getNumberMapAttribute("numbers"),
  "nested block": (from) => from.rootBlockDevice.volumeId,
  reference: (from) => from.interpolationForAttribute("name"),
  address: ({ fqn }) => fqn,
  function: ({ id }) => Fn.join("-", [id, "x"]),
  "function of numbers": (from) => Fn.max([from.getNumberAttribute("size"), 5]),
  "later text": ({ arn }) => Lazy.stringValue({ produce: () => `later ${arn}` }),
  "later value": ({ arn }) => Lazy.anyValue({ produce: () => ({ deep: [arn] }) }),
  "value as text": ({ arn }) => Token.asString({ made: arn }),
  "reference by a name that is one": (from) => from.interpolationForAttribute(`tags["${from.id}"]`),
  key: ({ id }) => ({ [id]: 1, plain: 2 }),
  plain: () => ["text", 5, 1e21, "1e+21", true, null, undefined, "${path.module}"],
};

const places: Readonly<Record<string, (value: unknown) => unknown>> = {
  itself: (value) => value,
  "in a list": (value) => [{ value }, "text"],
  "in a list of lists": (value) => [[value]],
  deep: (value) => ({ a: { b: [{ c: value, d: "text" }] } }),
  "in a function": (value) => Fn.jsonencode({ value }),
};

/** A name among those of a record. */
const nameIn = (record: object) => fc.constantFrom(...Object.keys(record));
const saying = fc.record({ what: nameIn(said), where: nameIn(places), own: fc.boolean(), by: fc.nat(2) });
type Saying = typeof saying extends fc.Arbitrary<infer T> ? T : never;

/** The stacks that are written where one of ours says things of itself and of another one; or why none is. */
const written = (Kind: typeof SlipwayStack, sayings: readonly Saying[]) =>
  withoutTokenTraces(() => write(Kind, sayings));

function write(Kind: typeof SlipwayStack, sayings: readonly Saying[]): string {
  const outdir = mkdtempSync(join(scratch, "out-"));
  const app = new App({ outdir });
  // A team's own stack, of cdktf's class: ours say nothing of each other.
  const other = new TerraformStack(app, "other");
  new AwsProvider(other, "aws", { region: "us-west-2" });
  const one = new Kind(app, "one", { project: "app", region: "us-west-2" });
  const [theirs, ours] = [new Instance(other, "instance", {}), new Instance(one, "instance", {})];
  sayings.forEach(({ what, where, own, by }, index) => {
    const value = places[where]?.(said[what]?.(own ? ours : theirs));
    if (by === 0) ours.addOverride(`tags.own${index}`, value);
    else if (by === 1) new TerraformLocal(one, `local${index}`, value);
    else new TerraformOutput(one, `output${index}`, { value });
  });
  try {
    app.synth();
  } catch (error) {
    return (error as Error).message.split("\n", 1)[0] ?? "";
  }
  return ["stacks/one/cdk.tf.json", "stacks/other/cdk.tf.json", "manifest.json"]
    .map((file) => readFileSync(join(outdir, file), "utf8"))
    .join("\n");
}

test("what a stack says of another one is found wherever it stands, as cdktf finds it", () => {
  for (const what of Object.keys(said))
    for (const where of Object.keys(places)) {
      const sayings = [{ what, where, own: false, by: 0 }];
      const text = written(SlipwayStack, sayings);
      expect.soft(text, `${what}, ${where}`).toBe(written(Stock, sayings));
      // Else nothing would be compared.
      if (what === "text") expect(text).toContain('"cross-stack-output-aws_instanceinstanceid": {');
    }
});

test("whatever a stack says of itself and others, it is written as cdktf writes it", () => {
  fc.assert(
    fc.property(fc.array(saying, { minLength: 1, maxLength: 6 }), (sayings) => {
      expect(written(SlipwayStack, sayings)).toBe(written(Stock, sayings));
    }),
    { numRuns: 60 },
  );
});

import { Vpc } from "@cdktf/provider-aws/lib/vpc";
import { Testing } from "cdktf";
import { Construct } from "constructs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { namedTypes } from "../../modules/names";
import { ITSELF, SlipwayStack } from "../../modules/stack";
import { cdktf as bindings } from "../../node_modules/@cdktf/provider-aws/package.json";
import { environmentName, serviceName } from "./support/arbitrary";
import { but, least, web } from "./support/least";
import { newApp, synthesize } from "./support/synthesize";

const props = { project: "app", region: "us-west-2" };
const stackOf = (name = "staging") => new SlipwayStack(newApp(), name, props);
const vpc = (scope: Construct, id: string) => new Vpc(scope, id, { cidrBlock: "10.0.0.0/16" });
const synth = (stack: SlipwayStack) => JSON.parse(Testing.synth(stack, true));

describe("addresses", () => {
  test("are the path, with no hash", () => {
    const stack = stackOf();
    const network = new Construct(stack, "network");
    vpc(network, "a");
    vpc(new Construct(network, "deeper"), "b");
    vpc(stack, "c");
    expect(Object.keys(synth(stack).resource.aws_vpc).sort()).toEqual(["c", "network_a", "network_deeper_b"]);
  });

  test("of what a construct is named after are the construct's own", () => {
    const stack = stackOf();
    vpc(new Construct(stack, "network"), ITSELF);
    expect(Object.keys(synth(stack).resource.aws_vpc)).toEqual(["network"]);
  });

  test("that two resources would share are refused, naming both", () => {
    const stack = stackOf();
    vpc(new Construct(stack, "a"), "b_c");
    vpc(new Construct(stack, "a_b"), "c");
    expect(() => synth(stack)).toThrow(/staging\/a\/b_c and staging\/a_b\/c are both Vpc\.a_b_c: rename one/);
  });

  test("hold no hash in a whole environment", () => {
    for (const { id } of synthesize(least).elements) expect(id).not.toMatch(/_[0-9A-F]{8}$/);
  });
});

test("a stack refers to no other", () => {
  const app = newApp();
  const one = new SlipwayStack(app, "one", props);
  const other = new SlipwayStack(app, "other", props);
  const { id } = vpc(one, "vpc");
  new Vpc(other, "copy", { ipv4IpamPoolId: id });
  expect(() => other.prepareStack()).toThrow(/Another stack refers to one's .*environments share nothing/);
});

describe("state", () => {
  test("is a file of the stack's own, outside the folder that a synth empties", () => {
    const { path } = synthesize(least, "qa").json.terraform.backend.local;
    expect(path).toBe("../../../terraform.qa.tfstate");
  });

  test("is an object of its own, locked by a file, where a bucket is named", () => {
    const project = { project: "app", stateBucket: "states", stateRegion: "eu-west-1" };
    expect(synthesize(least, "qa", project).json.terraform.backend).toEqual({
      s3: { bucket: "states", key: "qa.tfstate", region: "eu-west-1", encrypt: true, use_lockfile: true },
    });
    const near = synthesize(least, "qa", { ...project, stateRegion: "" });
    expect(near.json.terraform.backend.s3.region).toBe("us-west-2");
  });
});

describe("the provider", () => {
  const { terraform, provider } = synthesize(least).json;

  test("is the one that the bindings were made from, and Terraform knows write-only arguments", () => {
    const { version } = bindings.provider;
    expect(version).toMatch(/^6\.\d+\.\d+$/);
    expect(terraform.required_providers).toEqual({ aws: { source: "hashicorp/aws", version } });
    expect(terraform.required_version).toBe(">= 1.11.0");
  });

  test("tags everything with project, environment and who manages it", () => {
    expect(provider.aws).toEqual([
      {
        region: "us-west-2",
        default_tags: [{ tags: { project: "app", environment: "staging", "managed-by": "slipway" } }],
      },
    ]);
  });
});

test("every legal environment and service name synthesizes, with each name within its limit", () => {
  const limits = new Map<string, number>(namedTypes);
  const longest = fc.constantFrom<[string, string]>(["x".repeat(24), "y".repeat(32)], ["ab", "z"]);
  const names = fc.oneof(fc.tuple(environmentName, serviceName), longest);
  fc.assert(
    fc.property(names, fc.constantFrom(undefined, "fargate"), ([name, service], capacity) => {
      const graph = synthesize(
        but({
          name,
          distribution: { accessLogs: true, waf: true },
          services: {
            [service]: {
              ...web,
              ...(capacity && { capacity }),
              schedules: { nightly: { expression: "rate(1 day)", command: ["true"] } },
            },
          },
        }),
      );
      const named = graph.elements.flatMap(({ type, address, body }) =>
        ["name", "identifier", "family"].flatMap((key) =>
          typeof body[key] === "string" && !address.startsWith("data.")
            ? [{ type: type.replace(/_log_delivery_.*/, "_log_delivery"), name: body[key] as string }]
            : [],
        ),
      );
      for (const { type, name: made } of named) {
        expect([type, made.length]).toEqual([type, Math.min(made.length, limits.get(type) ?? 2048)]);
      }
      expect(
        graph.one("aws_s3_bucket").bucket.replace(/\$\{.*\}/, "123456789012").length,
      ).toBeLessThanOrEqual(63);
    }),
    { numRuns: 8, examples: [[["x".repeat(24), "y".repeat(32)], "fargate"]] },
  );
});

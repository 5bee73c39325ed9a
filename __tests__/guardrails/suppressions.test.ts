import { S3Bucket } from "@cdktf/provider-aws/lib/s3-bucket";
import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import { App, S3Backend, TerraformStack } from "cdktf";
import { describe, expect, test } from "vitest";
import { check, suppress } from "../../guardrails";
import type { Json } from "./support/json";
import { jsonOf } from "./support/synthesize";

const BUCKET = "aws_s3_bucket.files";

/** A stack of one bucket, with suppressions said by `say`. */
function stackWith(
  say: (stack: TerraformStack, bucket: S3Bucket, more: { provider: AwsProvider; backend: S3Backend }) => void,
): Json {
  const stack = new TerraformStack(new App(), "shop");
  const provider = new AwsProvider(stack, "aws", { region: "us-west-2" });
  const backend = new S3Backend(stack, { bucket: "states", key: "shop" });
  const bucket = new S3Bucket(stack, "files", { forceDestroy: true });
  say(stack, bucket, { provider, backend });
  return jsonOf(stack);
}

const rows = (json: Json) =>
  check(json).map(({ rule, address, suppressed }) => [rule, address, suppressed] as const);

describe("suppress", () => {
  test("covers one rule on one resource, and keeps the reason", () => {
    const found = rows(
      stackWith((_, bucket) => suppress(bucket, "force-destroy", "Thumbnails: made anew on demand.")),
    );
    expect(found).toContainEqual(["force-destroy", BUCKET, "Thumbnails: made anew on demand."]);
    expect(found).toContainEqual(["s3-versioning", BUCKET, undefined]);
    expect(found.filter(([rule]) => rule.startsWith("suppression"))).toEqual([]);
  });

  test("covers several rules on one resource", () => {
    const found = rows(
      stackWith((_, bucket) => {
        suppress(bucket, "force-destroy", "One.");
        suppress(bucket, "s3-versioning", "Two.");
      }),
    );
    expect(found).toContainEqual(["force-destroy", BUCKET, "One."]);
    expect(found).toContainEqual(["s3-versioning", BUCKET, "Two."]);
  });

  test("covers a whole stack, a provider and a backend", () => {
    const found = rows(
      stackWith((stack, _, { provider, backend }) => {
        suppress(stack, "s3-tls-only", "Whole.");
        suppress(provider, "required-tags", "Provider.");
        suppress(backend, "state-lock", "Backend.");
      }),
    );
    expect(found).toContainEqual(["s3-tls-only", BUCKET, "Whole."]);
    expect(found).toContainEqual(["required-tags", "provider.aws", "Provider."]);
    expect(found).toContainEqual(["state-lock", "terraform.backend.s3", "Backend."]);
    expect(found).toContainEqual(["state-encryption", "terraform.backend.s3", undefined]);
  });

  test("covers one argument and what lies below it, not its neighbour", () => {
    const at = (path: string) =>
      rows(stackWith((_, bucket) => suppress(bucket, "force-destroy", "Why.", path))).filter(([rule]) =>
        /force|unused/.test(rule),
      );
    expect(at("force_destroy")).toEqual([["force-destroy", BUCKET, "Why."]]);
    expect(at("force")).toEqual([
      ["force-destroy", BUCKET, undefined],
      ["suppression-unused", BUCKET, undefined],
    ]);
  });

  test("keeps what else stands in the comment", () => {
    const json = stackWith((_, bucket) => suppress(bucket, "force-destroy", "Why."));
    expect(json.resource.aws_s3_bucket.files["//"]).toMatchObject({
      metadata: { path: "shop/files" },
      guardrails: [{ rule: "force-destroy", why: "Why." }],
    });
  });
});

describe("a suppression is itself a finding", () => {
  test.each([
    ["suppression-without-reason", "force-destroy", " "],
    ["suppression-of-unknown-rule", "force-destory", "Why."],
    ["suppression-of-unknown-rule", "suppression-unused", "Why."],
    ["suppression-unused", "public-database", "Why."],
  ])("%s: %s because %j", (rule, suppressed, why) => {
    const found = check(stackWith((_, bucket) => suppress(bucket, suppressed, why)));
    expect(found).toContainEqual(
      expect.objectContaining({ rule, address: BUCKET, value: `"${suppressed}"` }),
    );
    expect(found.find((one) => one.rule === "force-destroy")?.suppressed).toBeUndefined();
  });

  test("on a stack, too", () => {
    const found = rows(stackWith((stack) => suppress(stack, "public-database", "Why.")));
    expect(found).toContainEqual(["suppression-unused", "(stack)", undefined]);
  });

  test("and what is no suppression is none", () => {
    const json = {
      resource: { aws_iam_role: { it: { "//": { guardrails: ["x", 1, null] } } } },
      "//": "a note",
    };
    expect(rows(json).map(([rule]) => rule)).toEqual(["required-tags"]);
  });
});

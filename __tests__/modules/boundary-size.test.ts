import { App, TerraformStack, Testing } from "cdktf";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Boundary, checkBoundaries } from "../../modules/bootstrap/boundary";

const LIMIT = 6_144;

const releases = [{ repository: "app" }];

/** What IAM counts of the boundary of the first of these environments. */
function sizeOf(names: readonly string[]): number {
  const [environment = "", ...others] = names;
  const stack = new TerraformStack(new App(), "bootstrap");
  const stateBucketArn = `arn:aws:s3:::${"b".repeat(63)}`;
  const account = "123456789012";
  const releaseArns = [`arn:aws:ecr:ap-southeast-1:${account}:repository/app`];
  const props = { project: "app", account, environment, others, stateBucketArn, releaseArns };
  new Boundary(stack, "boundary", props);
  const [policy] = Object.values(JSON.parse(Testing.synth(stack)).resource.aws_iam_policy) as {
    policy: string;
  }[];
  return JSON.stringify(JSON.parse(policy?.policy ?? "")).length;
}

describe("the boundaries of many environments", () => {
  it("fit into a policy as long as nothing is said, and not where there are more", () => {
    const count = fc.integer({ min: 1, max: 60 });
    const length = fc.integer({ min: 4, max: 20 });
    fc.assert(
      fc.property(count, length, (many, long) => {
        const names = Array.from({ length: many }, (_, index) => `e${String(index).padStart(long - 1, "x")}`);
        expect(checkBoundaries("app", names, releases).length > 0).toBe(sizeOf(names) > LIMIT);
      }),
      { numRuns: 15 },
    );
  });

  it("are refused before anything is written, with the limit and the way out", () => {
    const names = Array.from({ length: 40 }, (_, index) => `customer-${index}`);
    expect(checkBoundaries("app", names, releases)).toEqual([
      {
        path: "environments",
        message: expect.stringMatching(
          /^40 in one account are too many \(image repositories for their releases: 1\): .* would have 6\d{3} characters, and IAM takes 6144\. Put some into an account/,
        ),
      },
    ]);
  });
});

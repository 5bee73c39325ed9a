import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { mistakeInName } from "../../modules/environment/name";
import { namedTypes, nameOf } from "../../modules/names";
import { environmentName, part } from "./support/arbitrary";

const type = fc.constantFrom(...namedTypes);

describe("the name of a resource", () => {
  test("fits into what AWS allows, whatever the environment and the service", () => {
    fc.assert(
      fc.property(type, environmentName, part, part, ([name, limit], environment, service, role) => {
        const made = nameOf(name, environment, service, role);
        expect(made.length).toBeLessThanOrEqual(limit);
        expect(made).toMatch(/^[a-z][a-z0-9-]*[a-z0-9]$/);
        expect(made).not.toContain("--");
      }),
    );
  });

  test("is the same for the same parts", () => {
    fc.assert(
      fc.property(type, fc.array(part, { minLength: 1, maxLength: 4 }), ([name], parts) => {
        expect(nameOf(name, ...parts)).toBe(nameOf(name, ...parts));
      }),
    );
  });

  test("differs where the parts joined differ, shortened or not", () => {
    const joined = fc.array(part, { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(type, joined, joined, ([name], one, other) => {
        fc.pre(one.join("-") !== other.join("-"));
        expect(nameOf(name, ...one)).not.toBe(nameOf(name, ...other));
      }),
    );
  });

  test("differs for long parts that begin alike", () => {
    fc.assert(
      fc.property(type, fc.nat(999), fc.nat(999), ([name, limit], one, other) => {
        fc.pre(one !== other);
        const long = "x".repeat(limit);
        expect(nameOf(name, `${long}${one}`)).not.toBe(nameOf(name, `${long}${other}`));
      }),
    );
  });

  test("is never made for a type whose limit nobody has looked up", () => {
    expect(() => nameOf("aws_mystery" as "aws_lb", "staging")).toThrow("knows no limit for aws_mystery");
  });
});

describe("the name of an environment", () => {
  test.each([
    ["", "is empty"],
    ["Staging", 'write "staging"'],
    ["x".repeat(25), "is 25 characters long"],
    ["s", "2 to 24 characters"],
    ["1st", "starts with a letter"],
    ["a--b", "single hyphens"],
    ["a-", "single hyphens"],
    ["a_b", "does not fit"],
    ["übung", "does not fit"],
    ["aws-test", 'starts with "aws"'],
    ["ecs", 'starts with "ecs"'],
    ["fargate1", 'starts with "fargate"'],
    ["internal-qa", "load balancers"],
    ["internal", "load balancers"],
    ["sg-one", "security groups"],
    ["ssm", "parameters"],
    ["all", "is reserved"],
    ["bootstrap", "is reserved"],
    ["default", "is reserved"],
    ["latest", "is reserved"],
    ["terraform", "the bucket with the states"],
    ["terraform-state", "the bucket with the states"],
    ["qa-candidate", "candidate tag"],
  ])("is refused where it is %j", (name, reason) => {
    expect(mistakeInName(name)).toContain(reason);
  });

  test("is accepted otherwise", () => {
    for (const name of ["staging", "prod", "qa", "a1", "pr-1234", "x".repeat(24), "internals", "sgx"]) {
      expect(mistakeInName(name)).toBeUndefined();
    }
  });
});

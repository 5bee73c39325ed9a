import { describe, expect, test } from "vitest";
import { assumedBy, forAccount, isWildcard, policy, wildcardReasons } from "../../modules/policy";

const statement = { sid: "Read", actions: ["s3:GetObject"], resources: ["arn:aws:s3:::bucket/*"] };

describe("a policy", () => {
  test("allows what its statements say", () => {
    expect(JSON.parse(policy([statement]))).toEqual({
      Version: "2012-10-17",
      Statement: [{ Sid: "Read", Effect: "Allow", Action: statement.actions, Resource: statement.resources }],
    });
  });

  test.each([
    ["every resource", { ...statement, resources: ["*"] }],
    ["every resource, among others", { ...statement, resources: ["arn:aws:s3:::bucket", "*"] }],
    ["every action of a service", { ...statement, actions: ["s3:*"] }],
    ["every action of a service with a hyphen", { ...statement, actions: ["execute-api:*"] }],
    ["every action", { ...statement, actions: ["*"] }],
  ])("with %s and no written reason is refused, and says where to write it", (_, wild) => {
    expect(() => policy([statement, wild])).toThrow('IAM statement Read says "*"');
    expect(() => policy([wild])).toThrow("modules/policy.ts");
  });

  test("with a written reason is accepted", () => {
    for (const sid of Object.keys(wildcardReasons)) {
      expect(policy([{ ...statement, sid, resources: ["*"] }])).toContain(sid);
    }
  });

  test("keeps its conditions", () => {
    const condition = { ArnEquals: { "ecs:cluster": "arn" } };
    expect(JSON.parse(policy([{ ...statement, condition }])).Statement[0].Condition).toEqual(condition);
  });
});

test("a wildcard is all of a service, not some of it", () => {
  for (const action of ["*", "s3:*", "execute-api:*", "s3:**", "s3:?*", "s3:*?"])
    expect(isWildcard(action)).toBe(true);
  for (const action of ["s3:Get*", "s3:GetObject"]) expect(isWildcard(action)).toBe(false);
});

test("every reason is a sentence", () => {
  for (const reason of Object.values(wildcardReasons)) expect(reason).toMatch(/^\S.{20,}\.$/);
});

test("a role is assumed by the one service that is named, and where it can say so for the one account", () => {
  const trust = { Effect: "Allow", Action: "sts:AssumeRole", Principal: { Service: "ec2.amazonaws.com" } };
  expect(JSON.parse(assumedBy("ec2.amazonaws.com")).Statement).toEqual([trust]);
  expect(JSON.parse(assumedBy("ec2.amazonaws.com", forAccount("1"))).Statement).toEqual([
    { ...trust, Condition: { StringEquals: { "aws:SourceAccount": "1" } } },
  ]);
});

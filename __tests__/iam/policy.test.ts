import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Context } from "../../sandbox/iam/conditions";
import { matchesArn, matchesText } from "../../sandbox/iam/match";
import { decide, type Policies, type Statement } from "../../sandbox/iam/policy";
import { type Asker, trusts } from "../../sandbox/iam/trust";

const ROLE = "arn:aws:iam::123456789012:role/app";
const OBJECT = "arn:aws:s3:::states/app.tfstate";

const policy = (...statements: readonly Statement[]) => ({ name: "policy", statements });
const allow = (more: Partial<Statement>): Statement => ({
  Effect: "Allow",
  Action: "s3:GetObject",
  Resource: OBJECT,
  ...more,
});
const deny = (more: Partial<Statement> = {}): Statement => ({ ...allow(more), Effect: "Deny" });

const ask = (
  policies: Partial<Policies>,
  context: Context = {},
  action = "s3:GetObject",
  resource = OBJECT,
) => decide({ action, resource, context }, { identity: [], ...policies });
const isAllowed = (statement: Statement, context?: Context, action?: string, resource?: string) =>
  ask({ identity: [policy(statement)] }, context, action, resource).allowed;

describe("a request", () => {
  test("that nothing allows is denied", () => {
    expect(ask({})).toEqual({ allowed: false, denied: "by nothing", place: "identity-based policy" });
  });

  test("that a statement allows says which one, by its patterns", () => {
    const granting = allow({ Sid: "Read", Action: ["s3:Get*", "s3:List*"], Resource: ["*", OBJECT] });
    expect(ask({ identity: [policy(granting)] })).toEqual({
      allowed: true,
      grants: [
        { policy: "policy", sid: "Read", action: "s3:Get*", resource: "*" },
        { policy: "policy", sid: "Read", action: "s3:Get*", resource: OBJECT },
      ],
    });
  });

  test("that is denied anywhere is denied, whatever allows it", () => {
    const identity = [policy(allow({}))];
    const denied = (place: string) => ({ allowed: false, denied: "explicitly", place });
    expect(ask({ identity: [...identity, policy(deny())] })).toEqual(denied("identity-based policy"));
    expect(ask({ identity, boundary: policy(allow({}), deny()) })).toEqual(denied("permissions boundary"));
    expect(ask({ identity, resource: [deny()] })).toEqual(denied("resource-based policy"));
  });

  test("has to be allowed by the boundary, too, and a boundary gives nothing", () => {
    const boundary = policy(allow({}));
    expect(ask({ identity: [policy(allow({}))], boundary }).allowed).toBe(true);
    expect(ask({ boundary }).allowed).toBe(false);
    expect(ask({ identity: [policy(allow({}))], boundary: policy() })).toEqual({
      allowed: false,
      denied: "by nothing",
      place: "permissions boundary",
    });
  });

  test("is allowed by the resource alone within one account, but of a key, which both have to allow", () => {
    const resource = [allow({})];
    expect(ask({ resource }).allowed).toBe(true);
    expect(ask({ resource, resourceDecides: true }).allowed).toBe(false);
    expect(ask({ identity: [policy(allow({}))], resource, resourceDecides: true }).allowed).toBe(true);
    expect(ask({ identity: [policy(allow({}))], resource: [], resourceDecides: true })).toMatchObject({
      place: "resource-based policy",
    });
  });
});

describe("a statement", () => {
  test("names actions in any case, and all but some with NotAction", () => {
    expect(isAllowed(allow({ Action: "S3:getobject" }))).toBe(true);
    const others: Statement = { Effect: "Allow", NotAction: ["iam:*", "s3:Put*"], Resource: "*" };
    expect(isAllowed(others)).toBe(true);
    expect(isAllowed(others, {}, "s3:PutObject")).toBe(false);
    expect(isAllowed(others, {}, "iam:CreateRole")).toBe(false);
  });

  test("names resources in their own case, and all but some with NotResource", () => {
    expect(isAllowed(allow({ Resource: OBJECT.toUpperCase() }))).toBe(false);
    const others: Statement = { Effect: "Allow", Action: "*", NotResource: "arn:aws:s3:::states/*" };
    expect(isAllowed(others)).toBe(false);
    expect(isAllowed(others, {}, "s3:GetObject", "arn:aws:s3:::other/x")).toBe(true);
  });

  test.each([
    ["${aws:PrincipalTag/team}", { "aws:principaltag/team": "app.tfstate" }, true],
    ["${aws:PrincipalTag/team}", { "aws:principaltag/team": "*" }, false],
    ["${aws:PrincipalTag/team}", {}, false],
    ["${aws:PrincipalTag/team, 'app.tfstate'}", {}, true],
    ["${*}", {}, false],
    ["app.tfstat?", {}, true],
  ])("with the variable %s in a context of %j fits: %s", (last, context, fits) => {
    expect(isAllowed(allow({ Resource: `arn:aws:s3:::states/${last}` }), context as Context)).toBe(fits);
  });
});

describe("a condition", () => {
  const tag = "aws:ResourceTag/environment";
  test.each<[string, string | string[], string | string[] | undefined, boolean]>([
    ["StringEquals", "staging", "staging", true],
    ["StringEquals", ["prod", "staging"], "staging", true],
    ["StringEquals", "stag*", "staging", false],
    ["StringEquals", "staging", undefined, false],
    ["StringEqualsIfExists", "staging", undefined, true],
    ["StringEqualsIfExists", "staging", "prod", false],
    ["StringNotEquals", "staging", "prod", true],
    ["StringNotEquals", ["prod", "staging"], "prod", false],
    ["StringNotEquals", "staging", undefined, true],
    ["StringEqualsIgnoreCase", "Staging", "sTAGING", true],
    ["StringNotEqualsIgnoreCase", "Staging", "sTAGING", false],
    ["StringLike", "stag*", "staging", true],
    ["StringNotLike", "stag*", "staging", false],
    ["ArnEquals", "arn:aws:iam::*:role/*", ROLE, true],
    ["ArnLike", "arn:aws:*", ROLE, false],
    ["ArnNotLike", "arn:aws:iam::*:role/x", ROLE, true],
    ["ArnNotEquals", ROLE, ROLE, false],
    ["Bool", "false", "true", false],
    ["Bool", "TRUE", "true", true],
    ["Null", "true", undefined, true],
    ["Null", "true", "x", false],
    ["Null", "false", "x", true],
    ["ForAllValues:StringEquals", ["a", "b"], ["a", "b"], true],
    ["ForAllValues:StringEquals", ["a", "b"], ["a", "c"], false],
    ["ForAllValues:StringEquals", ["a", "b"], undefined, true],
    ["ForAnyValue:StringEquals", ["a", "b"], ["c", "b"], true],
    ["ForAnyValue:StringEquals", ["a", "b"], undefined, false],
  ])("%s %j of %j holds: %s", (operator, wanted, given, holds) => {
    const context: Context = given === undefined ? {} : { [tag.toLowerCase()]: given };
    expect(isAllowed(allow({ Condition: { [operator]: { [tag]: wanted } } }), context)).toBe(holds);
  });

  test("that nobody knows is said, not passed over", () => {
    const strange = allow({ Condition: { IpAddress: { "aws:SourceIp": "10.0.0.0/8" } } });
    expect(() => isAllowed(strange)).toThrow("does not know the condition operator IpAddress");
  });
});

describe("a pattern", () => {
  const part = fc.stringMatching(/^[a-z0-9/._-]{0,8}$/);

  test("fits itself, and with stars in it whatever they stand for", () => {
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), part, (parts, between) => {
        expect(matchesText(parts.join(between), parts.join(between))).toBe(true);
        expect(matchesText(parts.join("*"), parts.join(between))).toBe(true);
      }),
    );
  });

  test("of an ARN reaches over a colon in its last part alone", () => {
    expect(matchesArn("arn:aws:ecs:*:service/x", "arn:aws:ecs:eu-west-1:1:service/x")).toBe(false);
    expect(matchesArn("arn:aws:logs:*:1:log-group:*", "arn:aws:logs:x:1:log-group:a:log-stream:b")).toBe(
      true,
    );
    expect(matchesArn("*", "arn:aws:ecs:eu-west-1:1:service/x")).toBe(true);
  });

  test("never makes a policy that has a denial for everything allow anything", () => {
    const statement = fc.record({
      Effect: fc.constantFrom("Allow" as const, "Deny" as const),
      Action: fc.constantFrom("*", "s3:*", "s3:Get*"),
      Resource: fc.constantFrom("*", "arn:aws:s3:::*", OBJECT),
    });
    fc.assert(
      fc.property(fc.array(statement), (statements) => {
        const all: Statement = { Effect: "Deny", Action: "*", Resource: "*" };
        expect(ask({ identity: [policy(...statements, all)] }).allowed).toBe(false);
        const some = ask({ identity: [policy(...statements)] }).allowed;
        expect(some).toBe(statements.length > 0 && statements.every(({ Effect }) => Effect === "Allow"));
      }),
    );
  });
});

describe("a trust policy", () => {
  const asker: Asker = { kind: "AWS", name: ROLE, account: "123456789012" };
  const trusting = (Principal: Statement["Principal"], more: Partial<Statement> = {}): Statement => ({
    Effect: "Allow",
    Action: "sts:AssumeRole",
    ...(Principal && { Principal }),
    ...more,
  });
  const asks = (statement: Statement, of = asker, context: Context = {}) =>
    trusts([statement], of, "sts:AssumeRole", context);

  test("that names a role lets it in, one that names the account asks for the role's own policy", () => {
    expect(asks(trusting({ AWS: ROLE }))).toBe("itself");
    expect(asks(trusting({ AWS: "*" }))).toBe("itself");
    expect(asks(trusting("*"))).toBe("itself");
    expect(asks(trusting({ AWS: "arn:aws:iam::123456789012:root" }))).toBe("with a policy of the asker's");
    expect(asks(trusting({ AWS: "123456789012" }))).toBe("with a policy of the asker's");
    expect(asks(trusting({ AWS: "arn:aws:iam::999999999999:root" }))).toBe("no");
  });

  test("that names a service lets in that service alone, where its conditions hold", () => {
    const service: Asker = { ...asker, kind: "Service", name: "ec2.amazonaws.com" };
    const forAccount = { StringEquals: { "aws:SourceAccount": "123456789012" } };
    const statement = trusting({ Service: "ec2.amazonaws.com" }, { Condition: forAccount });
    expect(asks(statement, service, { "aws:sourceaccount": "123456789012" })).toBe("itself");
    expect(asks(statement, service, { "aws:sourceaccount": "1" })).toBe("no");
    expect(asks(statement, { ...service, name: "lambda.amazonaws.com" })).toBe("no");
    expect(asks(statement)).toBe("no");
  });

  test("that denies, or that speaks of everybody but some, counts, too", () => {
    expect(
      trusts([trusting("*"), { ...trusting({ AWS: ROLE }), Effect: "Deny" }], asker, "sts:AssumeRole", {}),
    ).toBe("no");
    const others: Statement = { Effect: "Allow", Action: "sts:AssumeRole", NotPrincipal: { AWS: ROLE } };
    expect(asks(others)).toBe("no");
  });
});

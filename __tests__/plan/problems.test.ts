import { describe, expect, it } from "vitest";
import type { Diagnostic } from "../../plan/events";
import { parseEvent } from "../../plan/events";
import { problemsOf } from "../../plan/problems";
import { binaryOf } from "../../terraform/binaries";

const stack = { name: "staging", folder: `${process.cwd()}/cdktf.out/stacks/staging` };
const chdir = `${binaryOf(process.env)} -chdir=cdktf.out/stacks/staging`;
const error = (summary: string, detail = ""): Diagnostic => ({ severity: "error", summary, detail });
const LOCK = `ConditionalCheckFailedException

Lock Info:
  ID:        6638e010-8fb0-46cf-966d-21e806602f3a
  Path:      states/staging.tfstate
  Operation: OperationTypeApply
  Who:       ann@laptop
  Version:   1.11.4
  Created:   2026-01-05 10:12:33 UTC`;

const ways: readonly [string, Diagnostic, string][] = [
  [
    "a lock that is held",
    error("Error acquiring the state lock", LOCK),
    `ann@laptop (since 2026-01-05 10:12:33 UTC) is applying: wait, then plan again. Only when nobody is, as after a crash: ${chdir} force-unlock 6638e010-8fb0-46cf-966d-21e806602f3a`,
  ],
  [
    "a lock of nobody",
    error("Error acquiring the state lock", "no such host"),
    `Somebody is applying: wait, then plan again. Only when nobody is, as after a crash: ${chdir} force-unlock ID`,
  ],
  [
    "a lock that stays",
    error("Error releasing the state lock", LOCK),
    `The state is still locked. When nobody is applying: ${chdir} force-unlock 6638e010-8fb0-46cf-966d-21e806602f3a`,
  ],
  [
    "an instance that the state does not know",
    {
      ...error(
        "creating RDS DB Instance (staging): operation error RDS: CreateDBInstance",
        "api error DBInstanceAlreadyExists: DB instance already exists",
      ),
      address: "aws_db_instance.database_instance",
    },
    `${chdir} import aws_db_instance.database_instance staging, then plan and apply.`,
  ],
  ["a stale plan", error("Saved plan is stale"), "npx slipway plan staging"],
  [
    "expired credentials",
    error(
      "operation error STS",
      "api error ExpiredToken: The security token included in the request is expired",
    ),
    "Sign in again",
  ],
  ["no credentials", error("No valid credential sources found"), "Sign in again"],
  ["a lost state", error("Failed to persist state to backend"), `${chdir} state push errored.tfstate`],
  ["a state that moves", error("Backend configuration changed"), `${chdir} init -migrate-state`],
  [
    "no repository",
    error("reading ECR Repository: RepositoryNotFoundException: …"),
    "npx slipway plan bootstrap, npx slipway apply bootstrap, then",
  ],
  [
    "a name that another distribution has",
    error(
      "creating CloudFront Distribution",
      "api error CNAMEAlreadyExists: One or more of the CNAMEs you provided are already associated with a different resource.",
    ),
    'docs/moving.md, "A name on another distribution"',
  ],
  ["no bucket", error('S3 bucket "b" does not exist.'), "for this account is not in it"],
  [
    "a parameter group that is left in the maintenance window",
    error("deleting RDS DB Parameter Group", "api error InvalidDBParameterGroupState: still members"),
    "set database.applyImmediately: true in environments/staging.ts",
  ],
  [
    "a zone that a database lives in",
    error("updating RDS DB Subnet Group", "api error SubnetAlreadyInUse: Some of the subnets"),
    "name the zones that stay in network.zones",
  ],
  ["a foreign lock file", error("Inconsistent dependency lock file"), ".terraform.lock.hcl"],
];

describe("the way out", () => {
  it.each(ways)("of %s", (_, diagnostic, text) => {
    const [problem] = problemsOf([diagnostic], "", stack);
    expect(problem?.summary).toBe(diagnostic.summary);
    expect(problem?.wayOut).toContain(text);
  });

  it("is not made up", () => {
    expect(problemsOf([error("Something new")], "", stack)).toEqual([
      { severity: "error", summary: "Something new", detail: "" },
    ]);
  });

  it("is for errors: a warning about the same needs none", () => {
    expect(
      problemsOf([{ ...error("Saved plan is stale"), severity: "warning" }], "", stack)[0]?.wayOut,
    ).toBeUndefined();
  });

  it("comes from plain text, too, where Terraform gives nothing better", () => {
    const text = "\u001b[31m╷\n│ Error: Backend initialization required\n│ \n│ Reason: new\n╵\n\u001b[0m";
    expect(problemsOf([], text, stack)).toEqual([
      {
        severity: "error",
        summary: "Backend initialization required",
        detail: "Reason: new",
        wayOut: expect.stringContaining("init -migrate-state"),
      },
    ]);
  });

  it("stands beside where the error is", () => {
    const range = { filename: "cdk.tf.json", start: { line: 7 } };
    expect(problemsOf([{ ...error("x"), range }], "", stack)[0]?.place).toBe("cdk.tf.json:7");
    expect(problemsOf([{ ...error("x"), range, address: "aws_vpc.a" }], "", stack)[0]?.place).toBe(
      "aws_vpc.a",
    );
  });
});

describe("a line of Terraform", () => {
  it.each(["", "plain", '{"type":"version"}', '{"type":"apply_complete"}', '{"type":"apply_comp', "null"])(
    "that says nothing here is passed over: %s",
    (line) => {
      expect(parseEvent(line)).toBeNull();
    },
  );

  it("that tells of progress is read", () => {
    const line =
      '{"type":"apply_complete","hook":{"resource":{"addr":"aws_vpc.a"},"action":"create","elapsed_seconds":3}}';
    expect(parseEvent(line)).toEqual({
      type: "apply_complete",
      hook: { resource: { addr: "aws_vpc.a" }, action: "create", elapsed_seconds: 3 },
    });
  });
});

describe("an interrupted apply", () => {
  it("says once that changes were halted, and how many", () => {
    const halted = (address: string): Diagnostic => ({ ...error("execution halted"), address });
    const all = [
      halted("aws_vpc.a"),
      error("creating it failed", "why"),
      halted("aws_subnet.b"),
      halted("aws_subnet.c"),
    ];
    expect(problemsOf(all, "", stack)).toEqual([
      { severity: "error", summary: "creating it failed", detail: "why" },
      { severity: "error", summary: "execution halted", detail: "3 changes were not begun." },
    ]);
    expect(problemsOf([halted("aws_vpc.a")], "", stack)).toMatchObject([{ place: "aws_vpc.a" }]);
  });
});

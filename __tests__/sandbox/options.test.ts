import { describe, expect, test } from "vitest";
import { parseOptions, UsageError } from "../../sandbox/command/options";

describe("the command line", () => {
  test("everything after the options is the command, untouched", () => {
    expect(parseOptions(["--reset", "npx", "cdktf", "plan", "--help"])).toMatchObject({
      reset: true,
      help: false,
      command: ["npx", "cdktf", "plan", "--help"],
    });
    expect(parseOptions(["--show", "--", "--odd"])).toMatchObject({ show: {}, command: ["--odd"] });
  });

  test("an empty account is asked for, with a command or without", () => {
    expect(parseOptions(["--reset", "--empty", "sh"])).toMatchObject({
      reset: true,
      empty: true,
      command: ["sh"],
    });
    expect(parseOptions(["--empty"])).toMatchObject({ reset: false, empty: true, command: [] });
    expect(parseOptions(["sh", "--empty"])).toMatchObject({ empty: false, command: ["sh", "--empty"] });
  });

  test("a role is named, by its ARN or path as well, and only for a command", () => {
    for (const role of ["app-plan", "/slipway/app-plan", "arn:aws:iam::123456789012:role/slipway/app-plan"])
      expect(parseOptions(["--as", role, "sh"])).toMatchObject({ as: "app-plan", command: ["sh"] });
    expect(() => parseOptions(["--as", "app-plan"])).toThrow("--as needs a command");
    expect(() => parseOptions(["--as"])).toThrow("--as needs the name of a role");
  });

  test("objects are named with or without aws_", () => {
    const { with: added } = parseOptions([
      "--with",
      "ecr_repository:api",
      "--with",
      "aws_route53_zone:acme.dev",
      "--with",
      "ssm_parameter:/a:b",
    ]);
    expect(added).toEqual([
      { type: "aws_ecr_repository", name: "api" },
      { type: "aws_route53_zone", name: "acme.dev" },
      { type: "aws_ssm_parameter", name: "/a:b" },
    ]);
    expect(parseOptions(["--delete", "cloudwatch_log_group//staging/web"]).deletions[0]?.name).toBe(
      "/staging/web",
    );
  });

  test("an added object may say its region", () => {
    const { with: added } = parseOptions(["--with", "ecr_repository:api@eu-west-1"]);
    expect(added).toEqual([{ type: "aws_ecr_repository", name: "api", region: "eu-west-1" }]);
  });

  test("an edit has a JSON value", () => {
    const { edits, command } = parseOptions(["--edit", "ecs_service/web", "desired_count=5", "sh"]);
    expect(edits).toEqual([{ type: "aws_ecs_service", name: "web", attribute: "desired_count", value: 5 }]);
    expect(command).toEqual(["sh"]);
  });

  test("--show takes a type if one follows, and a command otherwise", () => {
    expect(parseOptions(["--show", "ssm_parameter", "--json"])).toMatchObject({
      show: { type: "aws_ssm_parameter" },
      json: true,
    });
    expect(parseOptions(["--show", "npx", "cdktf"])).toMatchObject({ show: {}, command: ["npx", "cdktf"] });
  });

  test.each([
    [[], "Give a command"],
    [["--resett"], "Unknown option --resett"],
    [["--with"], "--with needs"],
    [["--with", "ecr_repository"], "takes <type>:<name>"],
    [["--with", "ecr_repo:x"], "no resource type aws_ecr_repo"],
    [["--edit", "vpc/x"], "<attribute>=<json>"],
    [["--edit", "vpc/x", "tags"], "<attribute>=<json>"],
    [["--edit", "vpc/x", "cidr_block=10.0.0.0/16"], "is not JSON"],
    [["--delete", "vpc"], "takes <type>/<name>"],
    [["--json", "sh"], "belongs to --show"],
  ])("%j is refused in one line", (argv, said) => {
    expect(() => parseOptions(argv)).toThrow(UsageError);
    expect(() => parseOptions(argv)).toThrow(said);
  });
});

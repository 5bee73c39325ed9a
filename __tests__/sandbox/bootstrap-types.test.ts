import { expect, test } from "vitest";
import { readData } from "../../sandbox/aws/data";
import { loadSchema } from "../../sandbox/schema/cache";
import type { BlockSchema } from "../../sandbox/schema/types";
import type { Fields } from "../../sandbox/wire/value";
import { Account, complete } from "./helpers";
import { TRUST } from "./helpers-samples";

/** What an account's first stack is made of: identity, permissions, images, states, and a watch on the bill. */

function read(account: Account, type: string, config: Fields): Promise<Fields> {
  const schema = loadSchema("data", type) as BlockSchema;
  return readData(type, complete(config, schema), schema, account.world, account.region);
}

const GITHUB = "https://token.actions.githubusercontent.com";
const identity = { url: GITHUB, client_id_list: ["sts.amazonaws.com"] };
const ECS_ROLE = {
  name_regex: "^AWSServiceRoleForECS$",
  path_prefix: "/aws-service-role/ecs.amazonaws.com/",
};

test("an identity provider is one per URL, and is found by its URL or its ARN", async () => {
  const account = new Account();
  const made = await account.make("aws_iam_openid_connect_provider", identity);
  expect(made.url).toBe("token.actions.githubusercontent.com");
  const again = await account.change("aws_iam_openid_connect_provider", identity, made);
  expect(again).toEqual(made);
  expect(await account.refusal(account.make("aws_iam_openid_connect_provider", identity))).toBe(
    "EntityAlreadyExists",
  );
  const type = "aws_iam_openid_connect_provider";
  expect((await read(account, type, { url: GITHUB })).arn).toBe(made.arn);
  expect((await read(account, type, { arn: made.arn as string })).url).toBe(made.url);
  await account.remove(type, made);
  expect(await account.refusal(read(account, type, { url: GITHUB }))).toBe("NoSuchEntity");
});

test("ECS's own role: one per account, listed among the roles, kept while there is a cluster", async () => {
  const account = new Account();
  expect(await read(account, "aws_iam_roles", ECS_ROLE)).toMatchObject({ names: [], arns: [] });
  const type = "aws_iam_service_linked_role";
  const config = { aws_service_name: "ecs.amazonaws.com", tags: { project: "app" } };
  const role = await account.make(type, config);
  expect(await account.refusal(account.make(type, config))).toBe("InvalidInput");
  await expect(account.make(type, config)).rejects.toThrow(
    "Service role name AWSServiceRoleForECS has been taken in this account",
  );
  await account.make("aws_iam_role", { name: "AWSServiceRoleForECS2", assume_role_policy: TRUST });
  expect(await read(account, "aws_iam_roles", ECS_ROLE)).toMatchObject({
    names: ["AWSServiceRoleForECS"],
    arns: [role.arn],
  });
  expect((await read(account, "aws_iam_roles", {})).names).toHaveLength(2);
  const { tags } = await read(account, "aws_iam_role", { name: "AWSServiceRoleForECS" });
  expect(tags).toEqual({ project: "app" });
  const cluster = await account.make("aws_ecs_cluster", { name: "c" });
  expect(await account.refusal(account.remove(type, role))).toBe("DeletionTaskFailed");
  await account.remove("aws_ecs_cluster", cluster);
  await account.remove(type, role);
  expect((await read(account, "aws_iam_roles", ECS_ROLE)).names).toEqual([]);
});

/** A policy of so many characters, white space apart. */
function policyOf(size: number): string {
  const policy = (resource: string) =>
    `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"a:B","Resource":"${resource}"}]}`;
  return policy("x".repeat(size - policy("").length)).replaceAll(",", ",\n  ");
}

test("policies have a size, white space not counted", async () => {
  const account = new Account();
  const role = (size: number, name = "r") =>
    account.refusal(account.make("aws_iam_role", { name, assume_role_policy: policyOf(size) }));
  expect(await role(2049)).toBe("LimitExceeded");
  expect(await role(2048)).toBe("accepted");
  const managed = (size: number) =>
    account.mistakes("aws_iam_policy", { name: "p", policy: policyOf(size) }).length;
  expect([managed(6144), managed(6145)]).toEqual([0, 1]);
  const inline = (name: string, size: number) =>
    account.make("aws_iam_role_policy", { name, role: "r", policy: policyOf(size) });
  const first = await inline("one", 10_000);
  expect(await account.refusal(inline("two", 241))).toBe("LimitExceeded");
  expect(await account.refusal(inline("two", 240))).toBe("accepted");
  const larger = { name: "one", role: "r", policy: policyOf(10_001) };
  expect(await account.refusal(account.change("aws_iam_role_policy", larger, first))).toBe("LimitExceeded");
  const smaller = { ...larger, policy: policyOf(9_000) };
  expect(await account.refusal(account.change("aws_iam_role_policy", smaller, first))).toBe("accepted");
});

const notification = (more: Fields = {}) => ({
  comparison_operator: "GREATER_THAN",
  notification_type: "ACTUAL",
  threshold: 80,
  threshold_type: "PERCENTAGE",
  subscriber_email_addresses: ["ops@example.com"],
  ...more,
});
const budget = (more: Fields) => ({
  name: "monthly",
  budget_type: "COST",
  time_unit: "MONTHLY",
  limit_amount: "50.00",
  limit_unit: "USD",
  ...more,
});

test("a budget tells somebody, and its amount is a number", async () => {
  const account = new Account();
  const with_ = (more: Fields) =>
    account.refusal(account.make("aws_budgets_budget", budget({ notification: [notification(more)] })));
  expect(await with_({ subscriber_email_addresses: [] })).toBe("InvalidParameterException");
  expect(await with_({ subscriber_email_addresses: ["nobody"] })).toBe("InvalidParameterException");
  const many = Array.from({ length: 11 }, (_, at) => `ops${at}@example.com`);
  expect(await with_({ subscriber_email_addresses: many })).toBe("InvalidParameterException");
  const made = await account.make("aws_budgets_budget", budget({ notification: [notification()] }));
  expect(await with_({})).toBe("DuplicateRecordException");
  const same = budget({ limit_amount: "50", notification: [notification()] });
  expect((await account.change("aws_budgets_budget", same, made)).limit_amount).toBe("50.00");
  const more = budget({ limit_amount: "60", notification: [notification()] });
  expect((await account.change("aws_budgets_budget", more, made)).limit_amount).toBe("60");
  const wrong = budget({ notification: [notification({ notification_type: "SPENT" })] });
  expect(account.mistakes("aws_budgets_budget", wrong)).toHaveLength(1);
});

const expire = { type: "expire" };
const untagged = { tagStatus: "untagged", countType: "sinceImagePushed", countUnit: "days", countNumber: 7 };
const tagged = { tagStatus: "tagged", tagPrefixList: ["v"], countType: "imageCountMoreThan", countNumber: 9 };
const any = { tagStatus: "any", countType: "imageCountMoreThan", countNumber: 100 };
const image = (rulePriority: number, selection: object) => ({ rulePriority, selection, action: expire });

test.each<[string, object[], string]>([
  ["a whole policy", [image(1, untagged), image(2, tagged), image(9, any)], "accepted"],
  ["no rule", [], "there is no rule"],
  ["one priority twice", [image(1, untagged), image(1, tagged)], "rulePriority 1 is there twice"],
  ["a catch-all before others", [image(1, any), image(2, tagged)], "must have the highest rulePriority"],
  ["two catch-alls", [image(1, any), image(2, any)], "only one rule may have tagStatus"],
  ["tags that are not named", [image(1, { ...tagged, tagPrefixList: [] })], "needs a tagPrefixList"],
  ["tags named for untagged", [image(1, { ...untagged, tagPrefixList: ["v"] })], "needs a tagPrefixList"],
  ["a count of days", [image(1, { ...any, countUnit: "days" })], "belong together"],
  ["a count of nothing", [image(1, { ...any, countNumber: 0 })], "countNumber must be 1 or more"],
  ["no action", [{ rulePriority: 1, selection: any }], 'must be of type "expire"'],
])("a repository's lifecycle: %s", async (_, rules, said) => {
  const account = new Account();
  await account.make("aws_ecr_repository", { name: "images" });
  const policy = JSON.stringify({ rules });
  const making = account.make("aws_ecr_lifecycle_policy", { repository: "images", policy });
  if (said === "accepted") expect((await making).repository).toBe("images");
  else await expect(making).rejects.toThrow(said);
});

test("filters of tags that may move", () => {
  const mistakes = (filter: string) =>
    new Account().mistakes("aws_ecr_repository", {
      name: "images",
      image_tag_mutability: "IMMUTABLE_WITH_EXCLUSION",
      image_tag_mutability_exclusion_filter: [{ filter, filter_type: "WILDCARD" }],
    }).length;
  expect(["staging*", "*-candidate*", "a*b*c*", "a b"].map(mistakes)).toEqual([0, 0, 1, 1]);
});

test("versioning is suspended, never disabled, once it was on", async () => {
  const account = new Account();
  await account.make("aws_s3_bucket", { bucket: "states" });
  const status = (status: string) => ({ bucket: "states", versioning_configuration: [{ status }] });
  const on = await account.make("aws_s3_bucket_versioning", status("Enabled"));
  const change = (to: string) => account.refusal(account.change("aws_s3_bucket_versioning", status(to), on));
  expect(await change("Disabled")).toBe("InvalidArgument");
  expect(await change("Suspended")).toBe("accepted");
});

test("a bucket and a repository are found by name; the account says who and where it is", async () => {
  const account = new Account();
  const tags = { purpose: "states" };
  await account.make("aws_s3_bucket", { bucket: "states", tags });
  expect(await read(account, "aws_s3_bucket", { bucket: "states" })).toMatchObject({
    arn: "arn:aws:s3:::states",
    bucket_region: "eu-west-1",
  });
  expect(await account.refusal(read(account, "aws_s3_bucket", { bucket: "other" }))).toBe("NoSuchBucket");
  await account.make("aws_ecr_repository", { name: "images", tags });
  expect((await read(account, "aws_ecr_repository", { name: "images" })).tags).toEqual(tags);
  expect(await read(account, "aws_partition", {})).toMatchObject({ partition: "aws" });
  expect(await read(account, "aws_caller_identity", {})).toMatchObject({ account_id: "123456789012" });
});

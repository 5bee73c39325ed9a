import { expect, test } from "vitest";
import { readData } from "../../sandbox/aws/data";
import { loadSchema } from "../../sandbox/schema/cache";
import type { BlockSchema } from "../../sandbox/schema/types";
import type { Fields } from "../../sandbox/wire/value";
import { Account, complete } from "./helpers";

function read(account: Account, type: string, config: Fields): Promise<Fields> {
  const schema = loadSchema("data", type) as BlockSchema;
  return readData(type, complete(config, schema), schema, account.world, account.region);
}

test("the account, its region and its zones", async () => {
  const account = new Account();
  expect(await read(account, "aws_caller_identity", {})).toMatchObject({ account_id: "123456789012" });
  expect(await read(account, "aws_region", {})).toMatchObject({ region: "eu-west-1" });
  expect((await read(account, "aws_availability_zones", {})).names).toEqual([
    "eu-west-1a",
    "eu-west-1b",
    "eu-west-1c",
  ]);
});

test("what every account has: policies, prefix lists, images, a repository and a domain", async () => {
  const account = new Account();
  expect(
    await read(account, "aws_cloudfront_cache_policy", { name: "Managed-CachingDisabled" }),
  ).toMatchObject({
    id: "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",
  });
  expect(
    await read(account, "aws_cloudfront_origin_request_policy", { name: "Managed-AllViewer" }),
  ).toMatchObject({ id: "216adef6-5c7f-47e4-b989-5492eafa07d3" });
  const list = { name: "com.amazonaws.global.cloudfront.origin-facing" };
  expect((await read(account, "aws_ec2_managed_prefix_list", list)).max_entries).toBe(55);
  const image = "/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended";
  const whole = JSON.parse(String((await read(account, "aws_ssm_parameter", { name: image })).value));
  const id = (await read(account, "aws_ssm_parameter", { name: `${image}/image_id` })).value;
  expect(whole.image_id).toBe(id);
  expect(id).toMatch(/^ami-[0-9a-f]{17}$/);
  expect((await read(account, "aws_ecr_repository", { name: "app" })).repository_url).toBe(
    "123456789012.dkr.ecr.eu-west-1.amazonaws.com/app",
  );
  expect((await read(account, "aws_route53_zone", { name: "example.com." })).zone_id).toMatch(/^Z/);
  expect((await read(account, "aws_iam_policy", { name: "ReadOnlyAccess" })).arn).toBe(
    "arn:aws:iam::aws:policy/ReadOnlyAccess",
  );
});

test("what does not exist is refused as AWS does, with a word on how to add it", async () => {
  const account = new Account();
  await expect(read(account, "aws_ecr_repository", { name: "api" })).rejects.toThrow(
    "--with ecr_repository:api@eu-west-1 ",
  );
  const refusal = account.refusal(read(account, "aws_ssm_parameter", { name: "/none" }));
  expect(await refusal).toBe("ParameterNotFound");
});

test("filters and tags find objects, and two that match are too many", async () => {
  const account = new Account();
  const vpc = await account.make("aws_vpc", { cidr_block: "10.0.0.0/16", tags: { Name: "a" } });
  await account.make("aws_vpc", { cidr_block: "10.1.0.0/16", tags: { Name: "b" } });
  expect((await read(account, "aws_vpc", { tags: { Name: "a" } })).id).toBe(vpc.id);
  const named = [{ name: "tag:Name", values: ["a"] }];
  expect((await read(account, "aws_vpc", { filter: named })).id).toBe(vpc.id);
  expect(await account.refusal(read(account, "aws_vpc", {}))).toBe("TooManyResults");
  const own = [{ name: "vpc-id", values: [vpc.id as string] }];
  expect((await read(account, "aws_route_tables", { filter: own })).ids).toEqual([vpc.main_route_table_id]);
});

test("a policy document is real JSON, with overrides by Sid", async () => {
  const { json } = await read(new Account(), "aws_iam_policy_document", {
    statement: [
      {
        sid: "a",
        actions: ["s3:GetObject"],
        resources: ["arn:aws:s3:::b/*"],
        principals: [{ type: "Service", identifiers: ["ecs.amazonaws.com"] }],
        condition: [{ test: "StringEquals", variable: "aws:SourceAccount", values: ["1"] }],
      },
    ],
    override_policy_documents: ['{"Statement":[{"Sid":"b","Effect":"Deny","Action":"*","Resource":"*"}]}'],
  });
  expect(JSON.parse(String(json))).toEqual({
    Version: "2012-10-17",
    Statement: [
      {
        Sid: "a",
        Effect: "Allow",
        Action: "s3:GetObject",
        Resource: "arn:aws:s3:::b/*",
        Principal: { Service: "ecs.amazonaws.com" },
        Condition: { StringEquals: { "aws:SourceAccount": "1" } },
      },
      { Sid: "b", Effect: "Deny", Action: "*", Resource: "*" },
    ],
  });
});

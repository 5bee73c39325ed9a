import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import type { Fields } from "../../sandbox/wire/value";
import { Account } from "./helpers";

const trusting = (service: string) =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: { Service: service }, Action: "sts:AssumeRole" }],
  });

/** What a service is made of. */
interface Parts {
  readonly name?: string;
  readonly image?: string;
  readonly type?: string;
  readonly automatic?: boolean;
  readonly access?: string | null;
  readonly role?: string | null;
  readonly size?: readonly [cpu: string, memory: string];
  readonly variables?: Fields;
  readonly secrets?: Fields;
}

let account: Account;
let access: string;
let role: string;
let registry: string;

beforeEach(async () => {
  account = new Account();
  const made = (name: string, service: string) =>
    account.make("aws_iam_role", { name, assume_role_policy: trusting(service) });
  access = String((await made("access", "build.apprunner.amazonaws.com")).arn);
  role = String((await made("instance", "tasks.apprunner.amazonaws.com")).arn);
  registry = `${access.split(":")[4]}.dkr.ecr.eu-west-1.amazonaws.com/app`;
  const repositories = { "eu-west-1/app": { tags: { growth: "sha256:1" }, images: { "sha256:1": {} } } };
  writeFileSync(join(account.world.folder, "runtime.json"), JSON.stringify({ version: 3, repositories }));
});

const service = ({
  name = "growth-web",
  image = `${registry}:growth`,
  type = "ECR",
  automatic = false,
  variables = {},
  secrets = {},
  size: [cpu, memory] = ["1024", "2048"],
  ...roles
}: Parts = {}): Fields => ({
  service_name: name,
  source_configuration: [
    {
      auto_deployments_enabled: automatic,
      authentication_configuration:
        roles.access === null ? [] : [{ access_role_arn: roles.access ?? access }],
      image_repository: [
        {
          image_identifier: image,
          image_repository_type: type,
          image_configuration: [
            { runtime_environment_variables: variables, runtime_environment_secrets: secrets },
          ],
        },
      ],
    },
  ],
  instance_configuration: [{ cpu, memory, instance_role_arn: roles.role === undefined ? role : roles.role }],
});

const make = (parts?: Parts) => account.make("aws_apprunner_service", service(parts));
const refused = (parts: Parts) => account.refusal(make(parts));
const mistakes = (parts: Parts) => account.mistakes("aws_apprunner_service", service(parts)).join("\n");
const INVALID = "InvalidRequestException";
const KEY = { KEY: "arn:aws:ssm:eu-west-1:123456789012:parameter/growth/key" };

test("a service is made of an image that is there, in its own region", async () => {
  expect(await refused({ image: `${registry}:latest` })).toBe("CREATE_FAILED");
  expect(await refused({ image: `${registry.replace("eu-west-1", "eu-west-2")}:growth` })).toBe(INVALID);
  expect(await refused({})).toBe("accepted");
  expect(await refused({})).toBe(INVALID);
});

test("its roles trust App Runner, each the part of it that assumes them, and are there where they are needed", async () => {
  expect(await refused({ access: null })).toBe(INVALID);
  expect(await refused({ access: role })).toBe(INVALID);
  expect(await refused({ role: access })).toBe(INVALID);
  expect(await refused({ role: `${role}-of-nobody` })).toBe("NoSuchEntity");
  expect(await refused({ role: null, secrets: KEY })).toBe(INVALID);
  expect(await refused({ role: null })).toBe("accepted");
  expect(await refused({ name: "growth-api", secrets: KEY })).toBe("accepted");
});

test("automatic deployments are of an own, private repository", async () => {
  const other = `210987654321${registry.slice(12)}:growth`;
  expect(await refused({ image: other, automatic: true })).toBe(INVALID);
  expect(await refused({ image: other })).toBe("accepted");
  const open = { image: "public.ecr.aws/docker/library/nginx:1", type: "ECR_PUBLIC" };
  expect(mistakes({ ...open, automatic: true })).toContain("automatic deployments are not supported");
  expect(mistakes(open)).toBe("");
});

test.each<[Parts, string]>([
  [{ size: ["256", "2048"] }, "CPU 256 and memory 2048 is not supported by App Runner"],
  [{ size: ["1 vCPU", "8 GB"] }, "CPU 1 vCPU and memory 8 GB is not supported by App Runner"],
  [{ size: ["512", "512"] }, "CPU 512 and memory 512 is not supported by App Runner"],
  [{ size: ["300", "512"] }, "expected one of"],
  [{ variables: { PORT: "80" } }, "PORT is reserved"],
  [{ secrets: { AWSAPPRUNNER_KEY: "arn" } }, "AWSAPPRUNNER_KEY is reserved"],
  [{ name: "web" }, "(4 - 40), got 3"],
])("%j: %s", (parts, said) => {
  expect(mistakes(parts)).toContain(said);
});

test("its sizes are units or words", () => {
  for (const size of [
    ["256", "512"],
    ["1 vCPU", "4 GB"],
    ["4096", "12288"],
  ] as const)
    expect(mistakes({ size }), size.join()).toBe("");
});

test("a scaling that a service has stays, and a domain is one service's", async () => {
  const scaling = { auto_scaling_configuration_name: "growth-web", min_size: 1, max_size: 2 };
  const type = "aws_apprunner_auto_scaling_configuration_version";
  expect(account.mistakes(type, { ...scaling, min_size: 3 }).join()).toContain("MinSize must not be greater");
  const kept = await account.make(type, scaling);
  const web = await account.make("aws_apprunner_service", {
    ...service(),
    auto_scaling_configuration_arn: kept.arn ?? null,
  });
  const api = await make({ name: "growth-api" });
  expect(await account.refusal(account.remove(type, kept))).toBe(INVALID);
  const domain = ({ arn = null }: Fields) =>
    account.refusal(
      account.make("aws_apprunner_custom_domain_association", {
        domain_name: "app.example.com",
        service_arn: arn,
      }),
    );
  expect(await domain({ arn: `${web.arn}0` })).toBe("ResourceNotFoundException");
  expect(await domain(web)).toBe("accepted");
  expect(await domain(api)).toBe(INVALID);
});

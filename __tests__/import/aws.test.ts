import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Sandbox } from "../../sandbox/api/sandbox";
import { startAccount } from "../../sandbox/aws/account";
import { makeByHand } from "../../sandbox/aws/by-hand";
import { FileStore } from "../../sandbox/engine/store";
import { World } from "../../sandbox/world";
import { Project } from "./support/project";

const REGION = "eu-west-1";
const ACCOUNT = "123456789012";
const project = new Project();
const folder = mkdtempSync(join(tmpdir(), "slipway-import-world-"));
let world: World;
let sandbox: Sandbox;

const SECRET = `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:book-AbCdEf`;

beforeAll(async () => {
  world = new World(folder, startAccount);
  await world.change(() => {
    makeByHand(world, "aws_ecr_repository", "book", {}, REGION);
    const role = (name: string) => `arn:aws:iam::${ACCOUNT}:role/${name}`;
    makeByHand(
      world,
      "aws_ecs_express_gateway_service",
      "Guest_Book",
      {
        execution_role_arn: role("execution"),
        infrastructure_role_arn: role("infrastructure"),
        task_role_arn: role("uploads"),
        cpu: "512",
        memory: "1024",
        health_check_path: "/up",
        primary_container: [
          {
            image: `${ACCOUNT}.dkr.ecr.${REGION}.amazonaws.com/team/book:v7`,
            container_port: 3000,
            command: ["node", "server.js"],
            environment: [
              { name: "LOG_LEVEL", value: "info" },
              { name: "SESSION_KEY", value: "hidden-1" },
              { name: "DATABASE_URL", value: "postgres://book:hidden-2@db.example.com/book" },
            ],
            secret: [
              { name: "STRIPE", value_from: `${SECRET}:stripe::` },
              { name: "MAIL", value_from: `arn:aws:ssm:${REGION}:${ACCOUNT}:parameter/book/mail` },
            ],
          },
        ],
        scaling_target: [
          {
            min_task_count: 2,
            max_task_count: 8,
            auto_scaling_metric: "AVERAGE_CPU",
            auto_scaling_target_value: 50,
          },
        ],
      },
      REGION,
    );
  });
  sandbox = await Sandbox.start({ world, store: new FileStore(folder) });
});
afterAll(async () => {
  await sandbox.close();
  project.remove();
  rmSync(folder, { recursive: true });
});

const credentials = () => ({ AWS_ACCESS_KEY_ID: sandbox.accessKey, AWS_SECRET_ACCESS_KEY: "any" });
const run = (words: readonly string[]) =>
  project.slipway(["import", ...words], { ...credentials(), AWS_ENDPOINT_URL: sandbox.endpoint });
const written = (name: string) => readFileSync(join(project.folder, `environments/${name}.ts`), "utf8");

describe("slipway import express", () => {
  const arn = (name = "Guest_Book") => `arn:aws:ecs:${REGION}:${ACCOUNT}:service/default/${name}`;
  const domain = ["--domain", "book.example.com", "--zone", "example.com"];

  it("writes what runs there, and the move out of it", async () => {
    const { code, stdout, stderr } = await run(["express", arn(), ...domain]);
    expect(code, stderr).toBe(0);
    expect(
      written("guest-book").replace(/[0-9a-f]{12}(?=\.ecs)/, "abc123"),
    ).toBe(`import { environment, light } from "slipway";

export default environment({
  preset: light,
  region: "eu-west-1",
  registry: "team/book",
  distribution: { domain: { names: ["book.example.com"], zone: "example.com" } },
  data: "kept",
  database: true,
  move: {
    from: { origin: "https://abc123.ecs.eu-west-1.on.aws", domain: "book.example.com" },
    database: true,
  },
  services: {
    "guest-book": {
      port: 3000,
      health: "/up",
      command: ["node", "server.js"],
      cpu: 512,
      memory: 1024,
      autoscaling: { min: 2, max: 8, cpu: 50 },
      secrets: ["SESSION_KEY", "STRIPE", "MAIL"],
      database: ["DATABASE_URL"],
      config: { PORT: "3000", LOG_LEVEL: "info" },
    },
  },
});
`);
    expect(stdout).toContain("npx slipway move guest-book");
    expect(stdout).toMatch(
      /get-secret-value --region eu-west-1 --secret-id '[^']*book-AbCdEf' .* \| jq --raw-output '\.\["stripe"\]' \| npx slipway secret set guest-book STRIPE\n/,
    );
    expect(stdout).toContain(
      "get-parameter --region eu-west-1 --with-decryption --name 'arn:aws:ssm:eu-west-1:123456789012:parameter/book/mail'",
    );
    expect(stdout).toMatch(
      /describe-express-gateway-service .*name=='SESSION_KEY'.* \| npx slipway secret set guest-book SESSION_KEY\n/,
    );
    expect(stdout).toContain("its role uploads allows");
    expect(stdout + written("guest-book")).not.toContain("hidden");
    for (const { status, stdout: said } of project.check()) expect(status, said).toBe(0);
  });

  it.each([
    [
      ["express", "arn:aws:ecs:eu-west-1:123456789012:cluster/x"],
      1,
      /is no ARN of a service there: arn:aws:ecs:/,
    ],
    [["express", arn("Other")], 1, /ecs:DescribeExpressGatewayService: ResourceNotFoundException/],
    [["express"], 64, /missing required argument 'arn'/],
  ])("refuses %j", async (words, code, said) => {
    const { stderr, ...ended } = await run(words);
    expect(stderr).toMatch(said);
    expect(stderr).not.toMatch(/\n {4}at /);
    expect(ended).toEqual({ code, stdout: "" });
  });
});

describe("slipway import app-runner", () => {
  let arn = "";
  let origin = "";
  beforeAll(async () => {
    const repository = await sandbox.push({
      repository: "book",
      region: REGION,
      content: "v1",
      tags: ["latest"],
    });
    expect(repository).toMatch(/^sha256:/);
    const made = await world.change(() => {
      const role = (name: string) =>
        makeByHand(world, "aws_iam_role", name, {
          assume_role_policy: JSON.stringify({
            Version: "2012-10-17",
            Statement: [
              {
                Effect: "Allow",
                Principal: { Service: `${name}.apprunner.amazonaws.com` },
                Action: "sts:AssumeRole",
              },
            ],
          }),
        });
      const calm = makeByHand(
        world,
        "aws_apprunner_auto_scaling_configuration_version",
        "calm",
        { auto_scaling_configuration_name: "calm", max_size: 3 },
        REGION,
      );
      return makeByHand(
        world,
        "aws_apprunner_service",
        "book",
        {
          auto_scaling_configuration_arn: calm.attributes.arn ?? null,
          source_configuration: [
            {
              authentication_configuration: [{ access_role_arn: role("build").attributes.arn ?? null }],
              image_repository: [
                {
                  image_identifier: `${ACCOUNT}.dkr.ecr.${REGION}.amazonaws.com/book:latest`,
                  image_repository_type: "ECR",
                  image_configuration: [
                    {
                      port: "8000",
                      start_command: "node server.js",
                      runtime_environment_variables: {
                        LOG_LEVEL: "info",
                        CALLBACK: "https://book.example.com/callback",
                      },
                      runtime_environment_secrets: { DATABASE_URL: SECRET },
                    },
                  ],
                },
              ],
            },
          ],
          instance_configuration: [
            { cpu: "1 vCPU", memory: "2 GB", instance_role_arn: role("tasks").attributes.arn ?? null },
          ],
          health_check_configuration: [{ protocol: "HTTP", path: "/up" }],
        },
        REGION,
      );
    });
    arn = String(made.attributes.arn);
    origin = `https://${made.attributes.service_url}`;
    await world.change(() =>
      makeByHand(
        world,
        "aws_apprunner_custom_domain_association",
        "book.example.com",
        { service_arn: arn, enable_www_subdomain: false },
        REGION,
      ),
    );
  });

  it("writes what runs there, and the move out of it", async () => {
    const { code, stdout, stderr } = await run([
      "app-runner",
      arn,
      "--zone",
      "example.com",
      "--domain",
      "book.example.com",
    ]);
    expect(code, stderr).toBe(0);
    expect(
      written("book").replace(origin, "https://abc123.eu-west-1.awsapprunner.com"),
    ).toBe(`import { environment, light } from "slipway";

export default environment({
  preset: light,
  region: "eu-west-1",
  registry: "book",
  distribution: { domain: { names: ["book.example.com"], zone: "example.com" } },
  data: "kept",
  database: true,
  move: {
    from: { origin: "https://abc123.eu-west-1.awsapprunner.com", domain: "book.example.com" },
    database: true,
  },
  services: {
    book: {
      port: 8000,
      health: "/up",
      command: ["node", "server.js"],
      cpu: 1024,
      memory: 2048,
      autoscaling: { max: 3 },
      database: ["DATABASE_URL"],
      config: { PORT: "8000", LOG_LEVEL: "info", CALLBACK: "$URL/callback" },
    },
  },
});
`);
    expect(stdout).toContain("secret set book DATABASE_URL\n");
    expect(stdout).toContain("The repository book is there already");
    expect(stdout).toContain("its role tasks allows");
  });

  it("uses what is there without a name of its own", async () => {
    const { code, stdout, stderr } = await run(["app-runner", arn, "--name", "plain"]);
    expect(code, stderr).toBe(0);
    expect(written("plain")).toContain('database: { url: "external" }');
    expect(written("plain")).not.toMatch(/move|domain/);
    expect(stdout).not.toContain("slipway move");
  });

  it("says which service is not there", async () => {
    const { code, stderr } = await run(["app-runner", arn.replace(/.$/, "_")]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/apprunner:DescribeService: ResourceNotFoundException/);
  });
});

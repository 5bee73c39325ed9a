import { describe, expect, test } from "vitest";
import { appRunnerCpus, appRunnerMemories } from "../../aws/app-runner";
import { type AppRunnerProps, appRunner } from "../../modules/app-runner";
import { resolveAppRunner } from "../../modules/app-runner/resolve";
import { light } from "../../modules/environment/presets";
import { context, project } from "../iam/support/project";
import { synthesizeAppRunner, synthesizeBootstrap } from "./support/synthesize";

const web = {
  health: "/health",
  config: { CALLBACK: "$URL/auth" },
  secrets: ["KEY"],
  database: ["POSTGRES_URL", "GOOSE_DBSTRING"],
  migrations: true as const,
  domain: "app.example.com",
};
const ARN = "arn:aws:apprunner:us-west-2:123456789012:service/shop-web/8fe1e10304f84fd2b0df550fe98a71a1";
const least: AppRunnerProps = { region: "us-west-2", registry: "app", services: { web } };
const graph = synthesizeAppRunner(appRunner(least), "growth");
const mistakes = (props: object) =>
  resolveAppRunner(props as AppRunnerProps, "growth").mistakes.map(
    ({ path, message }) => `${path}: ${message}`,
  );
const butWeb = (service: object) => ({ ...least, services: { web: { ...web, ...service } } });

describe("an environment on App Runner", () => {
  test("is services, roles and parameters, and nothing of a network", () => {
    expect(graph.addresses).toEqual([
      "aws_apprunner_auto_scaling_configuration_version.service_web_scaling",
      "aws_apprunner_custom_domain_association.service_web_domain",
      "aws_apprunner_service.service_web",
      "aws_iam_role.service_web_roles_access",
      "aws_iam_role.service_web_roles_instance",
      "aws_iam_role_policy.service_web_roles_access_policy",
      "aws_iam_role_policy.service_web_roles_instance_policy",
      "aws_ssm_parameter.contract",
      "aws_ssm_parameter.service_web_released",
    ]);
  });

  test("packs the contract of many services, which a parameter could not hold", () => {
    const names = Array.from({ length: 5 }, (_, nth) => `shop-${nth}`);
    const services = Object.fromEntries(
      names.map((name) => [name, { ...web, domain: undefined, config: {} }]),
    );
    const many = synthesizeAppRunner(appRunner({ ...least, services }), "growth");
    expect(many.one("aws_ssm_parameter", "contract").value).toBe("${base64gzip(local.contract_text)}");
    expect(many.json.locals.contract_text).toBe(many.json.output.deploy.value);
  });

  test("has a service once anything was released, by what deploy wrote down", () => {
    const count = graph.one("aws_apprunner_service").count;
    expect(count).toContain("jsondecode(aws_ssm_parameter.service_web_released.insecure_value)");
    expect(graph.one("aws_apprunner_custom_domain_association").count).toBe(count);
    expect(graph.one("aws_ssm_parameter", "service_web_released").lifecycle).toEqual({
      ignore_changes: ["insecure_value"],
    });
  });

  test("gives the service secrets by reference, and no automatic deployments", () => {
    const { source_configuration: source, instance_configuration: instance } =
      graph.one("aws_apprunner_service");
    expect(source.auto_deployments_enabled).toBe(false);
    const { image_configuration: image } = source.image_repository;
    expect(image.runtime_environment_variables).toEqual({ CALLBACK: "https://app.example.com/auth" });
    expect(Object.keys(image.runtime_environment_secrets).sort()).toEqual([
      "GOOSE_DBSTRING",
      "KEY",
      "POSTGRES_URL",
    ]);
    expect(instance).toMatchObject({ cpu: "1024", memory: "2048" });
    expect(instance.instance_role_arn).toBe("${aws_iam_role.service_web_roles_instance.arn}");
    expect(source.authentication_configuration.access_role_arn).toBe(
      "${aws_iam_role.service_web_roles_access.arn}",
    );
  });

  test("lets the application read its own secrets and nothing else", () => {
    const { policy } = graph.one("aws_iam_role_policy", "service_web_roles_instance_policy");
    const { Statement } = JSON.parse(policy);
    expect(Statement).toHaveLength(1);
    expect(Statement[0].Action).toEqual(["ssm:GetParameters"]);
    expect(Statement[0].Resource.map((arn: string) => arn.replace(/^.*:parameter/, ""))).toEqual([
      "/growth/service/web/KEY",
      "/growth/database/url",
    ]);
  });

  test("has all of App Runner's sizes, and no others", () => {
    for (const cpu of appRunnerCpus)
      for (const memory of [512, ...appRunnerMemories(cpu)])
        expect(mistakes(butWeb({ cpu, memory })).length === 0).toBe(appRunnerMemories(cpu).includes(memory));
  });

  test("has of a service that exists what deploy needs, and nothing of the service", () => {
    const existing = { arn: ARN, tag: "latest" };
    const config = { GOOSE_DRIVER: "postgres" };
    const shop = { existing, config, database: ["GOOSE_DBSTRING"], migrations: true as const };
    const own = synthesizeAppRunner(appRunner({ ...least, services: { shop } }), "growth");
    expect(own.addresses).toEqual(["aws_ssm_parameter.contract", "aws_ssm_parameter.service_shop_released"]);
    const { services } = JSON.parse(own.one("aws_ssm_parameter", "contract").value);
    expect(services).toEqual([
      {
        name: "shop",
        service: "shop-web",
        arn: ARN,
        existing: true,
        platform: "linux/amd64",
        image: {
          repository: "${data.aws_ecr_repository.registry_app.name}",
          tag: "latest",
          candidateTag: "growth-candidate",
        },
        secrets: { GOOSE_DBSTRING: "/growth/database/url" },
        released: "/growth/app-runner/shop",
        migration: {
          command: ["goose", "-dir", "migrations", "up"],
          url: "/growth/database/url",
          urls: ["GOOSE_DBSTRING"],
          config,
        },
      },
    ]);
  });

  test("ships to services that exist and to those that it makes, in the order of the file", () => {
    const services = { shop: { existing: ARN }, web, api: { existing: ARN.replace("a1", "b2") } };
    const both = synthesizeAppRunner(appRunner({ ...least, services }), "growth");
    const contract = JSON.parse(both.one("aws_ssm_parameter", "contract").value);
    expect(contract.services.map(({ name }: { name: string }) => name)).toEqual(["shop", "web", "api"]);
    expect(contract.services[0].image.tag).toBe("growth");
    expect(Object.keys(both.json.resource.aws_apprunner_service)).toEqual(["service_web"]);
  });

  test("pulls from the repository that a service which exists is configured with, where the bootstrap stack makes all others, too", () => {
    const file = appRunner({ ...least, services: { shop: { existing: { arn: ARN, tag: "latest" } }, web } });
    const made = synthesizeAppRunner(file, "growth", project);
    const { services } = JSON.parse(made.one("aws_ssm_parameter", "contract").value);
    for (const { image } of services) {
      expect(image.repository).toBe("${data.aws_ecr_repository.registry_app.name}");
      expect(image).not.toHaveProperty("source");
    }
    const staging = {
      preset: light,
      region: "us-west-2",
      registry: "app",
      services: { web: { port: 8080 } },
    };
    const bootstrap = synthesizeBootstrap({ growth: file, staging }, context);
    expect(bootstrap.all("aws_ecr_repository").map(({ body }) => body.name)).toEqual(["app-staging"]);
    const repositories = (role: string) =>
      bootstrap
        .all("aws_iam_policy")
        .filter(({ id }) => id.startsWith(`ci_${role}_`))
        .flatMap(({ body }) => [...body.policy.matchAll(/repository\/[\w-]+/g)].map(String));
    expect(new Set(repositories("deploy_growth"))).toEqual(new Set(["repository/app"]));
    expect(new Set(repositories("deploy_staging"))).toEqual(
      new Set(["repository/app", "repository/app-staging"]),
    );
    expect(repositories("push")).toEqual(["repository/app"]);
  });

  test.each([
    [{ existing: "shop" }, 'shop.existing.arn: "shop" is no ARN of a service of App Runner; aws apprunner'],
    [{ existing: { arn: ARN, tag: "a b" } }, 'shop.existing.tag: "a b" is no tag of an image'],
    [
      { existing: ARN.replace("us-west-2", "eu-west-1") },
      "is in eu-west-1, and the environment in us-west-2",
    ],
    [{ existing: ARN, port: 80 }, "shop.port: is configured where the service is made, and stays so"],
    [{ existing: ARN, secrets: ["KEY"] }, "shop.secrets: is configured where the service is made"],
    [{ existing: ARN, config: { A: "b" } }, "shop.config: is for the migrations of a service that exists"],
    [{ existing: ARN, database: ["URL"] }, "shop.database: is for the migrations of a service that exists"],
    [
      { existing: ARN, database: ["URL"], migrations: true, config: { A: "$URL" } },
      "config.A: $URL is not known of a service that exists: write its address.",
    ],
  ])("refuses of a service that exists: %#", (shop, said) => {
    const found = mistakes({ ...least, services: { shop } });
    expect(found.join("\n")).toContain(said);
    expect(found).toHaveLength(1);
  });

  test("refuses a service of another account, and one that is named twice", () => {
    const found = mistakes({
      ...least,
      account: "999999999999",
      services: { shop: { existing: ARN }, shop2: { existing: ARN } },
    });
    expect(found).toEqual([
      "growth.services.shop.existing: belongs to account 123456789012, and the environment to 999999999999.",
      "growth.services.shop2.existing: belongs to account 123456789012, and the environment to 999999999999.",
      "growth.services.shop2.existing: is that of shop, too; leave one of them out.",
    ]);
  });

  test.each([
    [butWeb({ cpu: 300 }), "cpu: 300 is no size of App Runner; there are 256, 512, 1024, 2048, 4096."],
    [
      butWeb({ memory: 512 }),
      "memory: 512 MiB does not go with cpu 1024 on App Runner; there are 2048, 3072, 4096.",
    ],
    [butWeb({ scaling: { min: 6 } }), "scaling.min: 6 is more than max, 5; lower it, or raise max."],
    [
      butWeb({ database: false }),
      'migrations: migrate a database, and the service has none: database: ["DATABASE_URL"].',
    ],
    [
      butWeb({ domain: undefined }),
      "config.CALLBACK: $URL is known before App Runner has made the service only where",
    ],
    [butWeb({ domain: "APP" }), 'domain: "APP" is no domain name in lower case'],
    [butWeb({ config: { PORT: "1" } }), 'config.PORT: "PORT" is App Runner\'s own; choose another name.'],
    [butWeb({ secrets: ["AWSAPPRUNNER_X"] }), 'secrets: "AWSAPPRUNNER_X" is App Runner\'s own'],
    [
      butWeb({ secrets: ["POSTGRES_URL"] }),
      'database: "POSTGRES_URL" comes from secrets, too; leave one of them out.',
    ],
    [butWeb({ capacity: "fargate" }), 'has no option "capacity"; there are existing, port, health'],
    [{ ...least, registry: undefined }, "registry: is missing: name the ECR repository here"],
    [{ ...least, network: false }, 'has no option "network"; there are name, account'],
  ])("refuses, with the field, the rule and the way out: %#", (props, said) => {
    expect(mistakes(props).join("\n")).toContain(said);
    expect(mistakes(props)).toHaveLength(1);
  });

  test("tells all mistakes at once", () => {
    expect(mistakes(butWeb({ cpu: 300, scaling: { min: 9 }, database: false, config: {} }))).toHaveLength(3);
  });
});

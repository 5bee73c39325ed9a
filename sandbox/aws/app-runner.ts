import { appRunnerMemories, RESERVED_VARIABLES } from "../../aws/app-runner";
import { ecrImage, isPushed } from "../pushed";
import type { Fields } from "../wire/value";
import { AwsError, blocks, type Kinds, type Problem, type Situation, text } from "./kind";
import { between, length, oneOf, pattern } from "./rules";

/** What App Runner refuses, in its own words (API reference: InvalidRequestException). */
const INVALID = "InvalidRequestException";

/** vCPUs and GB are taken as well, and told as units and MiB. */
const UNITS: Readonly<Record<string, string>> = {
  "0.25 vCPU": "256",
  "0.5 vCPU": "512",
  "1 vCPU": "1024",
  "2 vCPU": "2048",
  "4 vCPU": "4096",
};
const inUnits = (cpu: string) => UNITS[cpu] ?? cpu;
const inMebibytes = (memory: string) => {
  const gigabytes = /^([\d.]+) GB$/.exec(memory)?.[1];
  return gigabytes === undefined ? memory : String(Number(gigabytes) * 1024);
};

/** App Runner (API reference: CreateService, CreateAutoScalingConfiguration, AssociateCustomDomain; the provider's own checks). */
export const appRunner: Kinds = {
  aws_apprunner_service: {
    made: {
      service_id: "{hex32}",
      arn: "arn:aws:apprunner:{region}:{account}:service/{service_name}/{service_id}",
      id: "{arn}",
      service_url: "{hex10}.{region}.awsapprunner.com",
      status: "RUNNING",
      auto_scaling_configuration_arn:
        "arn:aws:apprunner:{region}:{account}:autoscalingconfiguration/DefaultConfiguration/1/00000000000000000000000000000001",
    },
    defaults: {
      "source_configuration.auto_deployments_enabled": true,
      "source_configuration.image_repository.image_configuration.port": "8080",
      "instance_configuration.cpu": "1024",
      "instance_configuration.memory": "2048",
      "health_check_configuration.protocol": "TCP",
      "health_check_configuration.path": "/",
      "health_check_configuration.interval": 5,
      "health_check_configuration.timeout": 2,
      "health_check_configuration.healthy_threshold": 1,
      "health_check_configuration.unhealthy_threshold": 5,
    },
    replace: ["service_name", "encryption_configuration"],
    rules: {
      service_name: [
        length(4, 40),
        pattern(
          /^[A-Za-z0-9][A-Za-z0-9_-]+$/,
          "service names begin with a letter or digit, and hold those, _ and -",
        ),
      ],
      "instance_configuration.cpu": (cpu) => oneOf(...Object.values(UNITS))(inUnits(String(cpu))),
      "instance_configuration.memory": (memory) =>
        oneOf(512, 1024, 2048, 3072, 4096, 6144, 8192, 10240, 12288)(inMebibytes(String(memory))),
      "source_configuration.image_repository.image_repository_type": oneOf("ECR", "ECR_PUBLIC"),
      "health_check_configuration.protocol": oneOf("TCP", "HTTP"),
      "health_check_configuration.interval": between(1, 20),
      "health_check_configuration.timeout": between(1, 20),
      "health_check_configuration.healthy_threshold": between(1, 20),
      "health_check_configuration.unhealthy_threshold": between(1, 20),
    },
    verify: verifySource,
    refs: {
      auto_scaling_configuration_arn: {
        type: "aws_apprunner_auto_scaling_configuration_version",
        by: "arn",
      },
      "source_configuration.authentication_configuration.access_role_arn": {
        type: "aws_iam_role",
        by: "arn",
        holds: false,
      },
      "instance_configuration.instance_role_arn": { type: "aws_iam_role", by: "arn", holds: false },
    },
    unique: {
      by: ["service_name"],
      code: INVALID,
      message: "Service with the provided name already exists.",
    },
    missing: { code: "ResourceNotFoundException", message: "Service {value} does not exist." },
    check: checkService,
  },
  aws_apprunner_auto_scaling_configuration_version: {
    made: {
      auto_scaling_configuration_revision: ({ world, region, attributes }) =>
        1 +
        world.list({
          type: "aws_apprunner_auto_scaling_configuration_version",
          region,
          where: { auto_scaling_configuration_name: text(attributes, "auto_scaling_configuration_name") },
        }).length,
      arn: "arn:aws:apprunner:{region}:{account}:autoscalingconfiguration/{auto_scaling_configuration_name}/{auto_scaling_configuration_revision}/{hex32}",
      id: "{arn}",
      has_associated_service: false,
      is_default: false,
      latest: true,
      status: "active",
    },
    defaults: { max_concurrency: 100, max_size: 25, min_size: 1 },
    replace: ["auto_scaling_configuration_name", "max_concurrency", "max_size", "min_size"],
    rules: {
      auto_scaling_configuration_name: [
        length(4, 32),
        pattern(/^[A-Za-z0-9][A-Za-z0-9_-]+$/, "names begin with a letter or digit, and hold those, _ and -"),
      ],
      max_concurrency: between(1, 200),
      max_size: between(1, 25),
      min_size: between(1, 25),
    },
    verify: (config) =>
      typeof config.min_size === "number" &&
      typeof config.max_size === "number" &&
      config.min_size > config.max_size
        ? [{ path: "min_size", message: "MinSize must not be greater than MaxSize" }]
        : [],
    missing: {
      code: "ResourceNotFoundException",
      message: "AutoScalingConfiguration {value} does not exist.",
    },
    inUse: {
      code: INVALID,
      message: "The auto scaling configuration {value} is associated with a service and cannot be deleted.",
    },
  },
  aws_apprunner_custom_domain_association: {
    made: {
      id: "{domain_name},{service_arn}",
      dns_target: ({ world, region, attributes }) =>
        text(
          world.get("aws_apprunner_service", region, text(attributes, "service_arn"))?.attributes as Fields,
          "service_url",
        ),
      status: "pending_certificate_dns_validation",
      certificate_validation_records: (situation) =>
        [1, 2].map((place) => ({
          name: `_${situation.hex(32, `name ${place}`)}.${text(situation.attributes, "domain_name")}.`,
          type: "CNAME",
          value: `_${situation.hex(32, `value ${place}`)}.acm-validations.aws.`,
          status: "PENDING_VALIDATION",
        })),
    },
    defaults: { enable_www_subdomain: true },
    replace: ["domain_name", "enable_www_subdomain", "service_arn"],
    rules: { domain_name: length(1, 255) },
    refs: { service_arn: { type: "aws_apprunner_service", by: "arn" } },
    unique: {
      by: ["domain_name"],
      code: INVALID,
      message: "The domain is already associated with a service.",
    },
  },
};

const sourceOf = (attributes: Fields) => blocks(attributes, "source_configuration")[0];
const imageOf = (attributes: Fields) => blocks(sourceOf(attributes), "image_repository")[0];
const isPrivate = (attributes: Fields) => text(imageOf(attributes), "image_repository_type") === "ECR";

/** What can be said before AWS is asked: sizes that go together, images that are told from elsewhere, variables that are kept. */
function verifySource(config: Fields): Problem[] {
  const problems: Problem[] = [];
  const source = sourceOf(config);
  const repository = imageOf(config);
  const [instance] = blocks(config, "instance_configuration");
  const [cpu, memory] = [text(instance, "cpu") || "1024", text(instance, "memory") || "2048"];
  if (!appRunnerMemories(Number(inUnits(cpu))).includes(Number(inMebibytes(memory))))
    problems.push({
      path: "instance_configuration",
      message: `the combination of CPU ${cpu} and memory ${memory} is not supported by App Runner`,
    });
  if (repository && !isPrivate(config) && source?.auto_deployments_enabled !== false)
    problems.push({
      path: "source_configuration.auto_deployments_enabled",
      message: "automatic deployments are not supported for images of ECR Public: say false",
    });
  const [image] = blocks(repository, "image_configuration");
  for (const name of ["runtime_environment_variables", "runtime_environment_secrets"])
    for (const variable of Object.keys((image?.[name] ?? {}) as Fields))
      if (variable === "PORT" || variable.startsWith(RESERVED_VARIABLES))
        problems.push({
          path: `source_configuration.image_repository.image_configuration.${name}`,
          message: `${variable} is reserved: App Runner sets it itself`,
        });
  return problems;
}

function checkService(situation: Situation): void {
  const { attributes, before } = situation;
  const [authentication] = blocks(sourceOf(attributes), "authentication_configuration");
  const [instance] = blocks(attributes, "instance_configuration");
  const [image] = blocks(imageOf(attributes), "image_configuration");
  const access = text(authentication, "access_role_arn");
  const role = text(instance, "instance_role_arn");
  if (isPrivate(attributes) && access === "")
    throw new AwsError(
      INVALID,
      "Authentication configuration is invalid. An access role is required for images of a private ECR repository.",
      "source_configuration.authentication_configuration",
    );
  if (access !== "") checkTrust(situation, access, "build.apprunner.amazonaws.com", "access role");
  if (role !== "") checkTrust(situation, role, "tasks.apprunner.amazonaws.com", "instance role");
  if (role === "" && Object.keys((image?.runtime_environment_secrets ?? {}) as Fields).length > 0)
    throw new AwsError(
      INVALID,
      "Instance role is required when secrets are given.",
      "instance_configuration",
    );
  checkPlace(situation);
  if (!before) checkImage(situation);
}

function checkTrust({ world, region }: Situation, arn: string, service: string, what: string): void {
  const role = world.list({ type: "aws_iam_role", region, where: { arn } })[0];
  if (text(role?.attributes as Fields, "assume_role_policy").includes(`"${service}"`)) return;
  throw new AwsError(
    INVALID,
    `Error in assuming the ${what} ${arn}: its trust policy must allow ${service} to assume it.`,
  );
}

/** What is pushed there deploys by itself only within one account, and App Runner pulls within one region. */
function checkPlace({ attributes, region, account }: Situation): void {
  const named = ecrImage(text(imageOf(attributes), "image_identifier"));
  if (!named) return;
  if (named.account !== account && sourceOf(attributes)?.auto_deployments_enabled === true)
    throw new AwsError(
      INVALID,
      "Automatic deployments are supported only for images of a repository in the service's own account.",
    );
  if (named.region !== region)
    throw new AwsError(INVALID, `The image repository must be in the service's own region, ${region}.`);
}

/** A service is made of an image that is there: the provider waits until it runs, and finds that it does not. */
function checkImage({ world, attributes, account }: Situation): void {
  const identifier = text(imageOf(attributes), "image_identifier");
  const named = ecrImage(identifier);
  if (!named || named.account !== account) return;
  if (isPushed(world, named)) return;
  throw new AwsError(
    "CREATE_FAILED",
    `unexpected state 'CREATE_FAILED', wanted target 'RUNNING': Failed to pull your application image. Be sure you configure your service with a valid access role to your ECR repository. (${identifier})`,
  );
}

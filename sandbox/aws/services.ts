import type { Fields } from "../wire/value";
import { uuid } from "./compute";
import { AwsError, type Kind, type Kinds, type Reference, type Situation, text } from "./kind";
import { arn, between, json, length, oneOf, pattern } from "./rules";

const logGroupName = [
  length(1, 512),
  pattern(/^[\w./#-]+$/, "must contain only the characters a-zA-Z0-9_-/.#"),
];
const toRole: Reference = { type: "aws_iam_role", by: "arn", holds: false };
const RETENTION = [
  0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];
const TIER_LIMIT: Record<string, number> = { Standard: 4096, Advanced: 8192, "Intelligent-Tiering": 8192 };

/** SSM, CloudWatch, ECR, KMS, Application Auto Scaling, Scheduler, Budgets and Secrets Manager. */
export const services: Kinds = {
  aws_ssm_parameter: {
    made: {
      id: "{name}",
      arn: ({ attributes, region, account }) =>
        `arn:aws:ssm:${region}:${account}:parameter/${text(attributes, "name").replace(/^\//, "")}`,
      version: ({ before }) => (typeof before?.version === "number" ? before.version + 1 : 1),
      key_id: ({ attributes }) => (attributes.type === "SecureString" ? "alias/aws/ssm" : ""),
      has_value_wo: ({ secrets }) => secrets.value_wo !== undefined,
      insecure_value: null,
      value: null,
      tier: "Standard",
    },
    defaults: { tier: "Standard", data_type: "text" },
    renew: {
      version: [
        "value",
        "value_wo_version",
        "insecure_value",
        "type",
        "key_id",
        "allowed_pattern",
        "description",
      ],
    },
    replace: ["name"],
    // AWS turns Intelligent-Tiering into the tier that fits; the provider does not ask to change it back.
    plan: (planned, before) => {
      if (before && planned.tier === "Intelligent-Tiering") planned.tier = before.tier ?? "Standard";
      return undefined;
    },
    exactlyOne: [["value", "value_wo", "insecure_value"]],
    rules: {
      name: [
        length(1, 2048),
        pattern(/^[a-zA-Z0-9_.\-/]+$/, "parameter names hold only letters, digits and the characters .-_/"),
        pattern(/^(?!\/?(aws|ssm))/i, 'parameter names cannot begin with "aws" or "ssm"'),
        pattern(
          /^(\/[^/]+)+$|^[^/]+$/,
          "a parameter name with a slash must begin with one, and not end with one",
        ),
        (name) =>
          String(name).split("/").length > 16 ? "a parameter hierarchy has at most 15 levels" : undefined,
      ],
      type: oneOf("String", "StringList", "SecureString"),
      tier: oneOf("Standard", "Advanced", "Intelligent-Tiering"),
      data_type: oneOf("text", "aws:ec2:image", "aws:ssm:integration"),
      description: length(0, 1024),
    },
    verify: (config) =>
      config.type === "SecureString" && (config.insecure_value ?? null) !== null
        ? [
            {
              path: "insecure_value",
              message: "invalid configuration, cannot set type = SecureString and insecure_value",
            },
          ]
        : [],
    missing: { code: "ParameterNotFound", message: "Parameter {value} not found." },
    check: checkParameter,
  },
  aws_cloudwatch_log_group: {
    nameLength: 512,
    made: { id: "{name}", arn: "arn:aws:logs:{region}:{account}:log-group:{name}" },
    defaults: {
      retention_in_days: 0,
      skip_destroy: false,
      log_group_class: "STANDARD",
      deletion_protection_enabled: false,
    },
    replace: ["name", "name_prefix", "log_group_class"],
    exclusive: [["name", "name_prefix"]],
    rules: {
      name: logGroupName,
      name_prefix: logGroupName,
      retention_in_days: oneOf(...RETENTION),
      log_group_class: oneOf("STANDARD", "INFREQUENT_ACCESS", "DELIVERY"),
    },
    unique: {
      by: ["name"],
      code: "ResourceAlreadyExistsException",
      message: "The specified log group already exists",
    },
    missing: {
      code: "ResourceNotFoundException",
      message: "The specified log group does not exist: {value}",
    },
  },
  aws_cloudwatch_metric_alarm: {
    made: {
      id: "{alarm_name}",
      arn: "arn:aws:cloudwatch:{region}:{account}:alarm:{alarm_name}",
      evaluate_low_sample_count_percentiles: "",
    },
    defaults: { actions_enabled: true, treat_missing_data: "missing" },
    replace: ["alarm_name"],
    rules: {
      alarm_name: length(1, 255),
      treat_missing_data: oneOf("breaching", "notBreaching", "ignore", "missing"),
      comparison_operator: oneOf(
        "GreaterThanOrEqualToThreshold",
        "GreaterThanThreshold",
        "LessThanThreshold",
        "LessThanOrEqualToThreshold",
        "LessThanLowerOrGreaterThanUpperThreshold",
        "LessThanLowerThreshold",
        "GreaterThanUpperThreshold",
      ),
      statistic: oneOf("SampleCount", "Average", "Sum", "Minimum", "Maximum"),
      evaluation_periods: between(1, 86400),
    },
    exclusive: [["statistic", "extended_statistic"]],
  },
  aws_cloudwatch_log_delivery_source: {
    ...delivery("source"),
    made: { arn: "arn:aws:logs:{region}:{account}:delivery-source:{name}", service: "cloudfront" },
  },
  aws_cloudwatch_log_delivery_destination: {
    ...delivery("destination"),
    made: {
      arn: "arn:aws:logs:{region}:{account}:delivery-destination:{name}",
      delivery_destination_type: ({ attributes }) => deliveryType(attributes),
    },
  },
  aws_cloudwatch_log_delivery: {
    made: { id: "{hex16}", arn: "arn:aws:logs:{region}:{account}:delivery:{id}" },
    replace: ["delivery_source_name", "delivery_destination_arn"],
    refs: {
      delivery_source_name: { type: "aws_cloudwatch_log_delivery_source", by: "name" },
      delivery_destination_arn: { type: "aws_cloudwatch_log_delivery_destination", by: "arn" },
    },
  },
  aws_ecr_repository: {
    made: {
      id: "{name}",
      arn: "arn:aws:ecr:{region}:{account}:repository/{name}",
      registry_id: "{account}",
      repository_url: "{account}.dkr.ecr.{region}.amazonaws.com/{name}",
    },
    defaults: {
      image_tag_mutability: "MUTABLE",
      force_delete: false,
      "encryption_configuration.encryption_type": "AES256",
    },
    replace: ["name", "encryption_configuration"],
    rules: {
      name: [
        length(2, 256),
        pattern(
          /^(?:[a-z0-9]+(?:[._-][a-z0-9]+)*\/)*[a-z0-9]+(?:[._-][a-z0-9]+)*$/,
          "repository names are lower case, with single separators",
        ),
      ],
      image_tag_mutability: oneOf(
        "MUTABLE",
        "IMMUTABLE",
        "MUTABLE_WITH_EXCLUSION",
        "IMMUTABLE_WITH_EXCLUSION",
      ),
    },
    verify: (config) =>
      text(config, "image_tag_mutability").endsWith("_WITH_EXCLUSION") ===
        hasBlocks(config, "image_tag_mutability_exclusion_filter") ||
      typeof config.image_tag_mutability !== "string"
        ? []
        : [
            {
              path: "image_tag_mutability_exclusion_filter",
              message: "exclusion filters and a …_WITH_EXCLUSION mutability belong together",
            },
          ],
    unique: { by: ["name"], code: "RepositoryAlreadyExistsException" },
    missing: {
      code: "RepositoryNotFoundException",
      message: "The repository with name '{value}' does not exist in the registry",
    },
    removable: ({ world, object, attributes, region }) => {
      const image = world.find({ type: "sandbox_ecr_image", region, where: { repository: object.id } });
      if (!image || attributes.force_delete === true) return;
      const said = `The repository with name '${object.id}' cannot be deleted because it still contains images`;
      throw new AwsError("RepositoryNotEmptyException", said, "force_delete");
    },
  },
  aws_ecr_lifecycle_policy: satellite({ policy: json }),
  aws_ecr_repository_policy: satellite({ policy: json }),
  aws_kms_key: {
    made: {
      id: ({ hex }) => uuid(hex),
      key_id: "{id}",
      arn: "arn:aws:kms:{region}:{account}:key/{id}",
      policy: ({ account }) =>
        JSON.stringify({
          Version: "2012-10-17",
          Statement: [
            {
              Effect: "Allow",
              Principal: { AWS: `arn:aws:iam::${account}:root` },
              Action: "kms:*",
              Resource: "*",
            },
          ],
        }),
      rotation_period_in_days: ({ attributes }) => (attributes.enable_key_rotation === true ? 365 : 0),
      description: "",
    },
    defaults: {
      bypass_policy_lockout_safety_check: false,
      customer_master_key_spec: "SYMMETRIC_DEFAULT",
      enable_key_rotation: false,
      is_enabled: true,
      key_usage: "ENCRYPT_DECRYPT",
      multi_region: false,
    },
    replace: ["customer_master_key_spec", "key_usage", "multi_region"],
    rules: { deletion_window_in_days: between(7, 30), policy: json },
    missing: { code: "NotFoundException", message: "Key '{value}' does not exist" },
  },
  aws_kms_alias: {
    nameLength: 256,
    made: {
      id: "{name}",
      arn: "arn:aws:kms:{region}:{account}:{name}",
      target_key_arn: ({ attributes, region, account }) =>
        `arn:aws:kms:${region}:${account}:key/${text(attributes, "target_key_id").split("/").pop()}`,
    },
    replace: ["name", "name_prefix"],
    rules: {
      name: pattern(
        /^alias\/(?!aws\/)[a-zA-Z0-9/_-]+$/,
        'must begin with "alias/" and not with "alias/aws/"',
      ),
    },
    unique: { by: ["name"], code: "AlreadyExistsException" },
  },
  aws_appautoscaling_target: {
    made: {
      id: "{resource_id}",
      arn: "arn:aws:application-autoscaling:{region}:{account}:scalable-target/{hex32}",
      role_arn:
        "arn:aws:iam::{account}:role/aws-service-role/ecs.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_ECSService",
    },
    replace: ["resource_id", "scalable_dimension", "service_namespace"],
    verify: ({ min_capacity: min, max_capacity: max }) =>
      typeof min === "number" && typeof max === "number" && min > max
        ? [
            {
              path: "min_capacity",
              message: `Maximum capacity (${max}) cannot be less than minimum capacity (${min})`,
            },
          ]
        : [],
    check: checkScalable,
    importAs: ["{service_namespace}/{resource_id}/{scalable_dimension}"],
  },
  aws_appautoscaling_policy: {
    made: {
      id: "{name}",
      arn: ({ attributes, region, account, hex }) =>
        `arn:aws:autoscaling:${region}:${account}:scalingPolicy:${uuid(hex)}:resource/${text(attributes, "service_namespace")}/${text(attributes, "resource_id")}:policyName/${text(attributes, "name")}`,
      alarm_arns: [],
    },
    defaults: { policy_type: "StepScaling" },
    replace: ["name", "resource_id", "scalable_dimension", "service_namespace"],
    rules: {
      name: length(1, 255),
      policy_type: oneOf("StepScaling", "TargetTrackingScaling", "PredictiveScaling"),
    },
    check: ({ world, region, attributes }) => {
      if (world.get("aws_appautoscaling_target", region, text(attributes, "resource_id"))) return;
      const said = `No scalable target registered for service namespace: ${text(attributes, "service_namespace")}, resource ID: ${text(attributes, "resource_id")}`;
      throw new AwsError("ObjectNotFoundException", said, "resource_id");
    },
    importAs: ["{service_namespace}/{resource_id}/{scalable_dimension}/{name}"],
  },
  aws_scheduler_schedule: {
    nameLength: 64,
    made: {
      id: "{group_name}/{name}",
      arn: "arn:aws:scheduler:{region}:{account}:schedule/{group_name}/{name}",
    },
    defaults: {
      group_name: "default",
      schedule_expression_timezone: "UTC",
      state: "ENABLED",
      action_after_completion: "NONE",
    },
    replace: ["name", "name_prefix", "group_name"],
    exclusive: [["name", "name_prefix"]],
    rules: {
      name: [
        length(1, 64),
        pattern(/^[0-9A-Za-z_.-]+$/, "must contain only letters, digits and the characters _.-"),
      ],
      schedule_expression: pattern(
        /^(rate\([1-9]\d* (minute|hour|day)s?\)|cron\(\S+( \S+){5}\)|at\(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\))$/,
        "Invalid Schedule Expression",
      ),
      state: oneOf("ENABLED", "DISABLED"),
      "flexible_time_window.mode": oneOf("OFF", "FLEXIBLE"),
      "target.arn": arn(),
      "target.role_arn": arn("iam"),
    },
    refs: { "target.role_arn": toRole },
    unique: { by: ["name", "group_name"], code: "ConflictException" },
  },
  aws_scheduler_schedule_group: {
    nameLength: 64,
    made: {
      id: "{name}",
      arn: "arn:aws:scheduler:{region}:{account}:schedule-group/{name}",
      state: "ACTIVE",
    },
    replace: ["name", "name_prefix"],
    unique: { by: ["name"], code: "ConflictException" },
  },
  aws_budgets_budget: {
    nameLength: 100,
    made: {
      id: "{account}:{name}",
      arn: "arn:aws:budgets::{account}:budget/{name}",
      account_id: "{account}",
      time_period_start: "2026-01-01_00:00",
    },
    defaults: { time_period_end: "2087-06-15_00:00", time_unit: "MONTHLY" },
    replace: ["name", "name_prefix"],
    exclusive: [["name", "name_prefix"]],
    rules: {
      name: length(1, 100),
      time_unit: oneOf("DAILY", "MONTHLY", "QUARTERLY", "ANNUALLY", "CUSTOM"),
      budget_type: oneOf(
        "USAGE",
        "COST",
        "RI_UTILIZATION",
        "RI_COVERAGE",
        "SAVINGS_PLANS_UTILIZATION",
        "SAVINGS_PLANS_COVERAGE",
      ),
    },
    unique: { by: ["name"], code: "DuplicateRecordException" },
  },
  aws_secretsmanager_secret: {
    nameLength: 512,
    made: { arn: "arn:aws:secretsmanager:{region}:{account}:secret:{name}-{hex6}", id: "{arn}", policy: "" },
    defaults: { recovery_window_in_days: 30, force_overwrite_replica_secret: false },
    replace: ["name", "name_prefix"],
    exclusive: [["name", "name_prefix"]],
    rules: {
      name: [
        length(1, 512),
        pattern(/^[\w/+=.@-]+$/, "must contain only alphanumeric characters and /_+=.@-"),
      ],
    },
    unique: { by: ["name"], code: "ResourceExistsException" },
    missing: {
      code: "ResourceNotFoundException",
      message: "Secrets Manager can't find the specified secret.",
    },
  },
  aws_secretsmanager_secret_version: {
    made: {
      version_id: ({ hex }) => uuid(hex),
      id: "{secret_id}|{version_id}",
      arn: "{secret_id}",
      version_stages: ["AWSCURRENT"],
    },
    replace: ["secret_id", "secret_string", "secret_binary", "secret_string_wo_version"],
    exclusive: [["secret_string", "secret_string_wo", "secret_binary"]],
    refs: { secret_id: { type: "aws_secretsmanager_secret", holds: false } },
  },
};

function hasBlocks(config: Fields, name: string): boolean {
  return Array.isArray(config[name]) && config[name].length > 0;
}

function delivery(word: string): Kind {
  return {
    replace: ["name"],
    rules: {
      name: [
        length(1, 60),
        pattern(/^[\w-]+$/, "must contain only letters, digits, hyphens and underscores"),
      ],
    },
    unique: { by: ["name"], code: "ConflictException" },
    missing: { code: "ResourceNotFoundException", message: `Delivery ${word} {value} does not exist.` },
    inUse: { code: "ConflictException", message: "{value} is in use by a delivery" },
  };
}

function deliveryType(attributes: Fields): string {
  const target = JSON.stringify(attributes.delivery_destination_configuration ?? "");
  return target.includes(":s3:::") ? "S3" : target.includes(":firehose:") ? "FH" : "CWL";
}

/** Settings of a repository that are resources of their own. */
function satellite(rules: Kind["rules"]): Kind {
  return {
    made: { id: "{repository}", registry_id: "{account}" },
    replace: ["repository"],
    rules: rules ?? {},
    refs: { repository: { type: "aws_ecr_repository", by: "name", holds: false } },
  };
}

function checkParameter({ world, region, attributes, secrets, before }: Situation): void {
  const name = text(attributes, "name");
  const value = secrets.value_wo ?? (text(attributes, "value") || text(attributes, "insecure_value"));
  const bytes = Buffer.byteLength(value);
  const tier = text(attributes, "tier") || "Standard";
  const limit = TIER_LIMIT[tier] ?? 4096;
  if (bytes > limit) {
    const hint = tier === "Standard" ? " or use the Advanced tier or Intelligent-Tiering" : "";
    throw new AwsError(
      "ValidationException",
      `${tier} tier parameters support a maximum parameter value of ${limit} characters, this one has ${bytes}. Shorten it${hint}.`,
      "value",
    );
  }
  if (value === "" && !before)
    throw new AwsError("ValidationException", "Value must have length greater than or equal to 1.", "value");
  if (tier === "Intelligent-Tiering") attributes.tier = bytes > 4096 ? "Advanced" : "Standard";
  const allowed = text(attributes, "allowed_pattern");
  if (allowed && !new RegExp(allowed).test(value)) {
    throw new AwsError(
      "ParameterPatternMismatchException",
      `Parameter value, cannot be validated against allowedPattern: ${allowed}`,
      "allowed_pattern",
    );
  }
  if (!before && attributes.overwrite !== true && world.get("aws_ssm_parameter", region, name)) {
    throw new AwsError(
      "ParameterAlreadyExists",
      "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.",
      "name",
    );
  }
}

function checkScalable({ world, region, attributes }: Situation): void {
  const match = /^service\/([^/]+)\/([^/]+)$/.exec(text(attributes, "resource_id"));
  if (text(attributes, "service_namespace") !== "ecs" || !match) return;
  const arn = `arn:aws:ecs:${region}:${world.account}:service/${match[1]}/${match[2]}`;
  if (!world.get("aws_ecs_service", region, arn)) {
    throw new AwsError("ValidationException", `ECS service doesn't exist: ${match[0]}`, "resource_id");
  }
}

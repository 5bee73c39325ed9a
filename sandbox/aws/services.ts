import type { Fields } from "../wire/value";
import { AwsError, type Kind, type Kinds, type Situation, text } from "./kind";
import { checkLogGroupKey, encryptsParameters } from "./kms";
import { between, json, length, oneOf, pattern } from "./rules";

const logGroupName = [
  length(1, 512),
  pattern(/^[\w./#-]+$/, "must contain only the characters a-zA-Z0-9_-/.#"),
];
const RETENTION = [
  0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];
/** Arguments whose change is a PutParameter, with the value in it. */
const WRITTEN = [
  "value",
  "value_wo_version",
  "insecure_value",
  "type",
  "key_id",
  "allowed_pattern",
  "data_type",
  "description",
];
const TIER_LIMIT: Record<string, number> = { Standard: 4096, Advanced: 8192, "Intelligent-Tiering": 8192 };

/** What ECR does with layers unless another key is named. Source: "Encryption at rest", ECR guide. */
const ENCRYPTED = { encryption_type: "AES256", kms_key: null };

/** SSM parameters, CloudWatch and ECR. */
export const services: Kinds = {
  aws_ssm_parameter: {
    made: {
      id: "{name}",
      arn: ({ attributes, region, account }) =>
        `arn:aws:ssm:${region}:${account}:parameter/${text(attributes, "name").replace(/^\//, "")}`,
      version: ({ world, region, attributes }) =>
        Number(world.get("aws_ssm_parameter", region, text(attributes, "name"))?.attributes.version ?? 0) + 1,
      key_id: ({ attributes }) => (attributes.type === "SecureString" ? "alias/aws/ssm" : ""),
      has_value_wo: ({ secrets }) => secrets.value_wo !== undefined,
      insecure_value: null,
      value: null,
      tier: "Standard",
    },
    defaults: { tier: "Standard", data_type: "text" },
    renew: {
      version: WRITTEN,
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
    adopt: ({ world, region, attributes }) =>
      attributes.overwrite === true
        ? world.get("aws_ssm_parameter", region, text(attributes, "name"))
        : undefined,
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
    check: checkLogGroupKey,
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
      "image_tag_mutability_exclusion_filter.filter": [
        length(1, 128),
        pattern(/^[\w.*-]+$/, "filters hold only letters, digits and the characters ._*-"),
        pattern(/^[^*]*(\*[^*]*){0,2}$/, "a filter has at most 2 wildcards"),
      ],
      "image_tag_mutability_exclusion_filter.filter_type": oneOf("WILDCARD"),
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
    // AWS encrypts whether it is asked to or not, and the provider keeps to that (SuppressMissingOptionalConfigurationBlock).
    plan: (planned, before, config) => {
      if (!hasBlocks(config, "encryption_configuration"))
        planned.encryption_configuration = before?.encryption_configuration ?? [ENCRYPTED];
      return undefined;
    },
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
  aws_ecr_lifecycle_policy: { ...satellite({ policy: json }), check: checkLifecycle },
  aws_ecr_repository_policy: satellite({ policy: json }),
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

interface LifecycleRule {
  rulePriority?: number;
  selection?: { [name: string]: unknown; tagStatus?: string; countType?: string };
  action?: { type?: string };
}

/** Amazon ECR User Guide, "Lifecycle policy template" and "properties". */
function checkLifecycle({ attributes }: Situation): void {
  const rules: LifecycleRule[] = JSON.parse(text(attributes, "policy")).rules ?? [];
  const wrong = rules.length === 0 ? "there is no rule" : rules.map(mistakeIn).find(Boolean);
  const priorities = rules.map(({ rulePriority }) => rulePriority);
  const twice = priorities.find((one, at) => priorities.indexOf(one) !== at);
  const last = rules.filter(({ selection }) => selection?.tagStatus === "any");
  const catchAll = last.some(({ rulePriority }) => rulePriority !== Math.max(...priorities.map(Number)));
  const mistake =
    wrong ??
    (twice && `rulePriority ${twice} is there twice`) ??
    (last.length > 1 ? 'only one rule may have tagStatus "any"' : undefined) ??
    (catchAll ? 'the rule with tagStatus "any" must have the highest rulePriority' : undefined);
  if (!mistake) return;
  const said = `Invalid parameter at 'LifecyclePolicyText' failed to satisfy constraint: 'Lifecycle policy validation failure: ${mistake}'`;
  throw new AwsError("InvalidParameterException", said, "policy");
}

function mistakeIn({ rulePriority, selection = {}, action }: LifecycleRule): string | undefined {
  const { tagStatus, tagPrefixList, tagPatternList, countType, countNumber, countUnit } = selection;
  const where = `rule ${rulePriority}: `;
  if (!Number.isInteger(rulePriority) || Number(rulePriority) < 1) return "rulePriority must be 1 or more";
  if (!["tagged", "untagged", "any"].includes(String(tagStatus)))
    return `${where}tagStatus must be tagged, untagged or any`;
  const named = [tagPrefixList, tagPatternList].filter((list) => Array.isArray(list) && list.length > 0);
  if (named.length !== (tagStatus === "tagged" ? 1 : 0))
    return `${where}tagStatus "tagged", and no other, needs a tagPrefixList or a tagPatternList`;
  if (!["imageCountMoreThan", "sinceImagePushed"].includes(String(countType)))
    return `${where}countType must be imageCountMoreThan or sinceImagePushed`;
  if ((countUnit === "days") !== (countType === "sinceImagePushed"))
    return `${where}countUnit "days" and countType "sinceImagePushed" belong together`;
  if (!Number.isInteger(countNumber) || Number(countNumber) < 1)
    return `${where}countNumber must be 1 or more`;
  return action?.type === "expire" ? undefined : `${where}the action must be of type "expire"`;
}

function checkParameter({ world, region, attributes, secrets, before }: Situation): void {
  const key = text(attributes, "key_id");
  if (key !== "" && !encryptsParameters(world, region, key))
    throw new AwsError("InvalidKeyId", `Invalid keyId ${key}`, "key_id");
  const name = text(attributes, "name");
  // The provider sends a write-only value when its version changes, and with any other change an empty one.
  const written = before && before.value_wo_version === attributes.value_wo_version ? "" : secrets.value_wo;
  const value = written || text(attributes, "value") || text(attributes, "insecure_value");
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
  const put = !before || WRITTEN.some((argument) => text(before, argument) !== text(attributes, argument));
  if (value === "" && put)
    throw new AwsError("ValidationException", "Value must have length greater than or equal to 1.", "value");
  if (tier === "Intelligent-Tiering") attributes.tier = bytes > 4096 ? "Advanced" : "Standard";
  const allowed = text(attributes, "allowed_pattern");
  if (allowed && put && !new RegExp(allowed).test(value)) {
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

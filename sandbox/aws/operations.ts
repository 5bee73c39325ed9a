import { uuid } from "./compute";
import type { Fields } from "../wire/value";
import { AwsError, blocks, type Kinds, type Reference, type Situation, text, texts } from "./kind";
import { arn, length, oneOf, pattern } from "./rules";

const toRole: Reference = { type: "aws_iam_role", by: "arn", holds: false };

/** Application Auto Scaling, EventBridge Scheduler, Budgets and Secrets Manager. */
export const operations: Kinds = {
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
      "notification.comparison_operator": oneOf("GREATER_THAN", "LESS_THAN", "EQUAL_TO"),
      "notification.notification_type": oneOf("ACTUAL", "FORECASTED"),
      "notification.threshold_type": oneOf("PERCENTAGE", "ABSOLUTE_VALUE"),
      "notification.subscriber_sns_topic_arns": arn("sns"),
    },
    // 10 and 10.00 are one amount.
    plan: (planned, before) => {
      if (Number(text(planned, "limit_amount")) === Number(text(before, "limit_amount") || Number.NaN))
        planned.limit_amount = before?.limit_amount ?? null;
      return undefined;
    },
    check: ({ attributes }) => {
      for (const notification of blocks(attributes, "notification")) checkSubscribers(notification);
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

/** AWS Budgets API Reference, "Subscriber" and "CreateNotification". */
function checkSubscribers(notification: Fields): void {
  const emails = texts(notification, "subscriber_email_addresses");
  const topics = texts(notification, "subscriber_sns_topic_arns");
  const refuse = (said: string) => {
    throw new AwsError("InvalidParameterException", said, "notification");
  };
  if (emails.length + topics.length === 0) refuse("Budget notification must have at least one subscriber!");
  if (emails.length > 10 || topics.length > 1)
    refuse("A notification has at most 10 email subscribers and 1 SNS subscriber.");
  const wrong = emails.find((address) => !/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(address));
  if (wrong) refuse(`Email address ${wrong} is invalid.`);
}

function checkScalable({ world, region, attributes }: Situation): void {
  const match = /^service\/([^/]+)\/([^/]+)$/.exec(text(attributes, "resource_id"));
  if (text(attributes, "service_namespace") !== "ecs" || !match) return;
  const arn = `arn:aws:ecs:${region}:${world.account}:service/${match[1]}/${match[2]}`;
  if (!world.get("aws_ecs_service", region, arn)) {
    throw new AwsError("ValidationException", `ECS service doesn't exist: ${match[0]}`, "resource_id");
  }
}

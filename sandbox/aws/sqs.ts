import type { Fields, Value } from "../wire/value";
import { AwsError, type Kinds, type Problem, type Reference, type Situation, text } from "./kind";
import { between, json, length, pattern } from "./rules";

/** A queue by its URL, which is its id. */
const toQueue: Reference = { type: "aws_sqs_queue", holds: false };

/** Queues (SQS API Reference: CreateQueue, SetQueueAttributes; SQS Developer Guide, "Configuring a dead-letter queue"). */
export const sqs: Kinds = {
  aws_sqs_queue: {
    nameLength: 80,
    made: {
      url: "https://sqs.{region}.amazonaws.com/{account}/{name}",
      id: "{url}",
      arn: "arn:aws:sqs:{region}:{account}:{name}",
      policy: "",
      redrive_allow_policy: "",
      redrive_policy: "",
      deduplication_scope: "",
      fifo_throughput_limit: "",
      kms_data_key_reuse_period_seconds: 300,
      sqs_managed_sse_enabled: ({ attributes }) => text(attributes, "kms_master_key_id") === "",
    },
    defaults: {
      content_based_deduplication: false,
      delay_seconds: 0,
      fifo_queue: false,
      max_message_size: 262144,
      message_retention_seconds: 345600,
      receive_wait_time_seconds: 0,
      visibility_timeout_seconds: 30,
    },
    replace: ["name", "name_prefix", "fifo_queue"],
    exclusive: [
      ["name", "name_prefix"],
      ["kms_master_key_id", "sqs_managed_sse_enabled"],
    ],
    rules: {
      name: [
        length(1, 80),
        pattern(/^[\w-]+(\.fifo)?$/, "queue names hold only letters, digits, hyphens and underscores"),
      ],
      delay_seconds: between(0, 900),
      max_message_size: between(1024, 1048576),
      message_retention_seconds: between(60, 1209600),
      receive_wait_time_seconds: between(0, 20),
      visibility_timeout_seconds: between(0, 43200),
      policy: json,
      redrive_policy: json,
      redrive_allow_policy: json,
    },
    verify: verifyQueue,
    unique: {
      by: ["name"],
      code: "QueueAlreadyExists",
      message: "A queue already exists with the same name and a different value for attribute",
    },
    missing: { code: "QueueDoesNotExist", message: "The specified queue does not exist: {value}" },
    check: checkRedrive,
  },
  aws_sqs_queue_policy: {
    made: { id: "{queue_url}" },
    replace: ["queue_url"],
    rules: { policy: json },
    refs: { queue_url: toQueue },
  },
  aws_sqs_queue_redrive_allow_policy: {
    made: { id: "{queue_url}" },
    replace: ["queue_url"],
    rules: { redrive_allow_policy: json },
    refs: { queue_url: toQueue },
  },
  aws_sqs_queue_redrive_policy: {
    made: { id: "{queue_url}" },
    replace: ["queue_url"],
    rules: { redrive_policy: json },
    refs: { queue_url: toQueue },
  },
};

function verifyQueue(config: Fields): Problem[] {
  const name = text(config, "name");
  if (name === "" || name.endsWith(".fifo") === (config.fifo_queue === true)) return [];
  return [
    { path: "name", message: `invalid queue name: ${name} (.fifo ends the name of a FIFO queue alone)` },
  ];
}

function checkRedrive({ world, region, attributes }: Situation): void {
  const written = text(attributes, "redrive_policy");
  if (written === "") return;
  const policy = JSON.parse(written) as Record<string, Value>;
  const where = { arn: String(policy.deadLetterTargetArn ?? "") };
  const target = world.find({ type: "aws_sqs_queue", region, where });
  const count = Number(policy.maxReceiveCount);
  const reason = !target
    ? "Dead letter target does not exist."
    : Boolean(target.attributes.fifo_queue) !== (attributes.fifo_queue === true)
      ? "Dead-letter queue must be same type of queue as the source."
      : !Number.isInteger(count) || count < 1 || count > 1000
        ? "Invalid value for maxReceiveCount: must be an integer from 1 to 1000."
        : undefined;
  if (reason === undefined) return;
  const said = `Value ${written} for parameter RedrivePolicy is invalid. Reason: ${reason}`;
  throw new AwsError("InvalidParameterValue", said, "redrive_policy");
}

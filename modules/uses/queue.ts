import { SqsQueue } from "@cdktf/provider-aws/lib/sqs-queue";
import { SqsQueueRedriveAllowPolicy } from "@cdktf/provider-aws/lib/sqs-queue-redrive-allow-policy";
import { Construct } from "constructs";
import { nameOf } from "../names";
import { actionsOf } from "../policy";
import { ITSELF } from "../stack";
import type { QueueConfiguration } from "./props";
import type { Grant, Use, UseProps } from "./use";

const DAY = 24 * 60 * 60;

/** A queue, and one beside it for the messages that nobody could work off. */
export class Queue extends Construct implements Use {
  readonly deadLetters: SqsQueue;
  readonly queue: SqsQueue;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: UseProps<QueueConfiguration>,
  ) {
    super(scope, id);
    this.deadLetters = this.createDeadLetters();
    this.queue = this.createQueue();
    new SqsQueueRedriveAllowPolicy(this, "redrive", {
      queueUrl: this.deadLetters.url,
      redriveAllowPolicy: JSON.stringify({ redrivePermission: "byQueue", sourceQueueArns: [this.queue.arn] }),
    });
  }

  get address(): string {
    return this.queue.url;
  }

  get grants(): readonly Grant[] {
    const messages = ["ChangeMessageVisibility", "DeleteMessage", "GetQueueAttributes", "ReceiveMessage"];
    return [{ actions: actionsOf("sqs", [...messages, "SendMessage"]), resources: [this.queue.arn] }];
  }

  /** Messages wait there as long as SQS lets them. */
  private createDeadLetters() {
    const { environment, name, options } = this.props;
    return new SqsQueue(this, "dead_letters", {
      name: nameOf("aws_sqs_queue", environment, name, "dead-letter"),
      messageRetentionSeconds: 14 * DAY,
      sqsManagedSseEnabled: true,
      lifecycle: { preventDestroy: options.deletionProtection },
    });
  }

  private createQueue() {
    const { environment, name, options } = this.props;
    return new SqsQueue(this, ITSELF, {
      name: nameOf("aws_sqs_queue", environment, name),
      visibilityTimeoutSeconds: options.visibilityTimeout,
      messageRetentionSeconds: options.retentionDays * DAY,
      // Long polling: an empty answer is waited for, not paid for again and again.
      receiveWaitTimeSeconds: 20,
      sqsManagedSseEnabled: true,
      redrivePolicy: JSON.stringify({
        deadLetterTargetArn: this.deadLetters.arn,
        maxReceiveCount: options.attempts,
      }),
      lifecycle: { preventDestroy: options.deletionProtection },
    });
  }
}

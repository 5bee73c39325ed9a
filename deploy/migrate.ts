import { createHash } from "node:crypto";
import type { Task } from "@aws-sdk/client-ecs";
import { familyOf } from "../modules/contract";
import { AwsError } from "./aws/error";
import type { Context } from "./context";
import { DeployError } from "./errors";
import { EXIT } from "./exit-code";
import { unfinished } from "./facts";
import { reportedDigests, shortDigest } from "./image";
import { type OneOff, startTask, stop, type TaskEnd, watchTask } from "./one-off";
import type { MigrationPlan } from "./plan";
import { readStartedBy } from "./started-by";
import { taskId } from "./task-story";

/**
 * Runs one migration from the candidate image and waits for its end. The service is not touched.
 * @throws DeployError 2 when it failed, 4 when its end cannot be seen, 5 when another one is at work.
 */
export async function migrate(context: Context, plan: MigrationPlan): Promise<void> {
  const { events } = context;
  const subject = plan.service.name;
  const say = (state: "started" | "succeeded" | "failed", text: string) =>
    events.emit({ type: "stage", stage: "migrate", subject, state, text });
  say("started", plan.migration.command.join(" "));
  try {
    const task = plan.running ?? (await start(context, plan));
    events.emit({ type: "progress", stage: "migrate", subject, text: `task ${task.taskArn}` });
    const end = await watchTask(context, oneOffOf(context, plan), task);
    if (end.kind !== "succeeded") throw failure(end);
    say("succeeded", `exit code 0 in ${shortDigest(plan.image.digest)}`);
  } catch (error) {
    say("failed", error instanceof Error ? error.message : String(error));
    throw error;
  }
}

async function start(context: Context, plan: MigrationPlan): Promise<Task> {
  const { repository, candidateTag } = plan.service.image;
  await context.aws.tagImage(repository, candidateTag, plan.image);
  const task = await startTask(context, oneOffOf(context, plan)).catch((error: unknown) => {
    if (error instanceof AwsError) return other(context, plan, error);
    throw error;
  });
  await refuseRival(context, plan, task);
  return task;
}

function oneOffOf({ contract, clock }: Context, plan: MigrationPlan): OneOff {
  const { service, migration, image, known } = plan;
  const hour = Math.floor(clock.now() / 3_600_000);
  return {
    stage: "migrate",
    subject: service.name,
    capacity: service.capacity,
    network: service.network,
    taskDefinition: migration.taskDefinition,
    container: migration.container,
    override: { command: [...migration.command] },
    logs: migration.logs,
    startedBy: plan.startedBy,
    known,
    digests: reportedDigests(image, service.platform),
    clientToken: (attempt) =>
      lockToken([contract.environment, migration.taskDefinition, hour, attempt, ...[...known].sort()]),
  };
}

/**
 * The client token is the lock: two deploys that see the same tasks ask with the same token, and ECS starts
 * one task for both or answers the second with ConflictException. Any migration that ran since changes the
 * token, and so does the hour: ECS shows a stopped task for one, and remembers a token for up to 24.
 * At most 64 characters (RunTask's rule): SHA-256 in hex is 64.
 */
const lockToken = (parts: readonly (string | number)[]) =>
  createHash("sha256").update(parts.join("\n")).digest("hex");

/** Our request met another's with the same token: its task is waited for, or named. */
async function other(context: Context, plan: MigrationPlan, error: AwsError): Promise<Task> {
  const { resourceIds } = (error.cause ?? {}) as { resourceIds?: string[] };
  if (error.code !== "ConflictException" || !resourceIds?.length) {
    if (error.kind !== "lost") {
      throw new DeployError(EXIT.migrationFailed, `The migration could not be started. ${error.message}`);
    }
    throw new DeployError(EXIT.unknown, `Whether the migration was started is unknown. ${error.message}`, [
      `Look for a task that ${plan.startedBy} started before you deploy again.`,
    ]);
  }
  const [task] = await context.aws.tasks(context.contract.cluster, resourceIds);
  const mark = readStartedBy(task?.startedBy);
  if (task && mark?.digest === plan.image.digest) return task;
  if (task) await giveBack(context, plan, task);
  throw inTheWay(task ?? { taskArn: resourceIds[0] });
}

/** Two tokens can differ for two deploys at once, at the turn of an hour or after a stale answer: the older wins. */
async function refuseRival(context: Context, plan: MigrationPlan, ours: Task): Promise<void> {
  const { lasting, contract, events } = context;
  const family = familyOf(plan.migration.taskDefinition);
  const tasks = await lasting.listTasks(contract.cluster, { family }, "RUNNING").catch((error: Error) => {
    // The task is at work: it is watched all the same.
    events.emit({ type: "warning", text: `cannot look for other migrations: ${error.message}` });
    return [];
  });
  const order = (task: Task) => `${task.createdAt?.toISOString() ?? ""} ${task.taskArn}`;
  const us = tasks.find(({ taskArn }) => taskArn === ours.taskArn) ?? ours;
  const rival = unfinished(tasks).find((task) => task.taskArn !== ours.taskArn && order(task) < order(us));
  if (!rival) return;
  const stopped = await stop(context, ours, "another migration came first");
  await giveBack(context, plan, rival);
  throw inTheWay(rival, stopped);
}

/** The rival has perhaps not pulled yet, and our retag would give it our image: its own gets the candidate tag again. */
async function giveBack({ lasting }: Context, plan: MigrationPlan, rival: Task): Promise<void> {
  const imageDigest = readStartedBy(rival.startedBy)?.digest;
  if (!imageDigest) return;
  const { repository, candidateTag } = plan.service.image;
  try {
    const [found] = await lasting.images(repository, [{ imageDigest }]);
    if (found) await lasting.tagImage(repository, candidateTag, found.image);
  } catch (error) {
    // Then the rival's own check of the digest finds out.
    if (!(error instanceof AwsError)) throw error;
  }
}

function inTheWay(task: Task, ...notes: string[]): DeployError {
  const who = readStartedBy(task.startedBy)?.who ?? task.startedBy ?? "unknown";
  return new DeployError(
    EXIT.superseded,
    `Another migration is at work: task ${taskId(task)}, started by ${who}. The service was not touched.`,
    [...notes, "Wait until it has ended, then deploy again."],
  );
}

function failure(end: Exclude<TaskEnd, { kind: "succeeded" }>): DeployError {
  if (end.kind === "unknown") {
    return new DeployError(
      EXIT.unknown,
      `What became of the migration is unknown: ${end.reason}. The service was not touched.`,
      ["Look at the database before you deploy again."],
      end.lastLines,
    );
  }
  return new DeployError(
    EXIT.migrationFailed,
    `The migration failed: ${end.reason}. The service was not touched.`,
    [end.retry],
    end.lastLines,
  );
}

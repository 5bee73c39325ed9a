import type { ContainerOverride, Failure, RunTaskRequest, Task } from "@aws-sdk/client-ecs";
import type { ServiceContract } from "../modules/contract";
import { AwsError } from "./aws/error";
import type { Context } from "./context";
import { DeployError, Interrupted } from "./errors";
import type { Stage } from "./events";
import { EXIT } from "./exit-code";
import { LogTail, logStream } from "./log-tail";
import { done, notYet, poll } from "./poll";
import { hasRun, taskId } from "./task-story";
import {
  isStopped,
  stoppedVerdict,
  type TaskPhase,
  type TaskVerdict,
  taskPhase,
  taskVerdict,
} from "./one-off-verdict";

/** A task that is run once, with something else than its definition says. */
export interface OneOff extends Pick<ServiceContract, "capacity" | "network"> {
  stage: Stage;
  /** Whom events are about: a service, or the environment. */
  subject: string;
  taskDefinition: string;
  /** The container whose exit code is the task's. */
  container: string;
  override: Pick<ContainerOverride, "command" | "environment">;
  logs: { group: string; prefix: string };
  startedBy: string;
  /** ECS starts one task per token, however often the request is sent. A refused attempt needs a new one. */
  clientToken(attempt: number): string;
  /** Tasks of the same definition that were there before. */
  known: ReadonlySet<string>;
  /** Digests that the container may report; null when any image will do. */
  digests: ReadonlySet<string> | null;
}

const CAPACITY_PAUSE = 10_000;
/** While the task runs, one look in so many also reads the log: 20 + 7 calls a minute. */
const LOOKS_PER_LOG_PAGE = 3;

/** What RunTask is asked for. Strategy and launch type exclude each other: only the strategy scales a group out. */
function request(
  { contract }: Context,
  task: OneOff,
  attempt: number,
): RunTaskRequest & { clientToken: string; cluster: string } {
  const { network, capacity } = task;
  return {
    cluster: contract.cluster,
    taskDefinition: task.taskDefinition,
    count: 1,
    capacityProviderStrategy: capacity,
    ...(network && {
      networkConfiguration: { awsvpcConfiguration: { ...network, assignPublicIp: "DISABLED" } },
    }),
    overrides: { containerOverrides: [{ name: task.container, ...task.override }] },
    startedBy: task.startedBy,
    clientToken: task.clientToken(attempt),
  };
}

/** No machine has room, or an agent is away: the group scales out, the agent comes back. */
const isShortage = ({ reason = "" }: Failure) => /^RESOURCE|^AGENT$|capacity is unavailable/i.test(reason);

/**
 * Starts the task; waits for capacity within its bound.
 * @throws DeployError when ECS refuses for good, with its reasons.
 */
export async function startTask(context: Context, oneOff: OneOff): Promise<Task> {
  const { clock, signal, limits, events } = context;
  const { stage, subject } = oneOff;
  const deadline = clock.now() + limits.capacity;
  for (let attempt = 1; ; attempt++) {
    signal.throwIfAborted();
    const { tasks, failures = [] } = await runTask(context, oneOff, attempt);
    if (tasks?.[0]) return tasks[0];
    const reasons = failures
      .map(({ reason, detail }) => [reason, detail].filter(Boolean).join(": "))
      .join(", ");
    if (failures.length === 0 || !failures.every(isShortage)) {
      throw new DeployError(
        EXIT.migrationFailed,
        `ECS did not start the task: ${reasons || "no reason given"}.`,
      );
    }
    if (clock.now() >= deadline) {
      throw new DeployError(
        EXIT.migrationFailed,
        `No room for the task within ${limits.capacity / 1000} seconds: ${reasons}.`,
        ["Look at the capacity provider's group: its largest size, and whether machines come up."],
      );
    }
    events.emit({ type: "progress", stage, subject, text: `waiting for capacity: ${reasons}` });
    await clock.sleep(CAPACITY_PAUSE, signal);
  }
}

async function runTask(
  context: Context,
  oneOff: OneOff,
  attempt: number,
): Promise<{ tasks?: Task[]; failures?: Failure[] }> {
  const { aws, clock } = context;
  const asked = clock.now();
  const answer = await aws.runTask(request(context, oneOff, attempt), oneOff.known);
  const [task] = answer.tasks ?? [];
  const earlier = task && isStopped(task) && (task.stoppedAt?.getTime() ?? 0) < asked;
  if (!earlier) return answer;
  // The token was used before, and a stale list had hidden the task of then: once more, with another.
  return aws.runTask(request(context, oneOff, -attempt), new Set([...oneOff.known, task.taskArn ?? ""]));
}

type FinalVerdict = Exclude<TaskVerdict, { kind: "in progress" } | { kind: "overdue" }>;

/** The end of a one-off task, with the last lines that its container wrote. */
export type TaskEnd = FinalVerdict & { lastLines: string[] };

/** Watches the task to its end, its log live. Ctrl-C and every bound that passes stop it. */
export async function watchTask(context: Context, oneOff: OneOff, task: Task): Promise<TaskEnd> {
  const tail = logTail(context, oneOff, task);
  const { end, ran } = await untilItEnds(context, oneOff, task, tail).catch(async (error: unknown) => {
    if (!(error instanceof Interrupted)) throw unseen(error, task);
    error.wayOut.push(await stop(context, task, error.message));
    throw error;
  });
  // A container that never started has no stream to wait for.
  if (ran || end.kind === "unknown") await tail.drain(context.clock, end.kind !== "succeeded");
  return { ...end, lastLines: tail.lastLines };
}

function logTail({ aws, events }: Context, { stage, subject, logs, container }: OneOff, task: Task): LogTail {
  return new LogTail(
    aws,
    { group: logs.group, stream: logStream(logs, container, taskId(task)) },
    {
      line: (text) => events.emit({ type: "log", subject, text }),
      warning: (text) => events.emit({ type: "warning", text: `${stage} ${subject}: ${text}` }),
    },
  );
}

async function untilItEnds(
  context: Context,
  oneOff: OneOff,
  started: Task,
  tail: LogTail,
): Promise<{ end: FinalVerdict; ran: boolean }> {
  const { aws, clock, contract, events, limits } = context;
  const { stage, subject, container, digests } = oneOff;
  const bounds: Record<TaskPhase, number> = {
    capacity: limits.capacity,
    starting: limits.start,
    running: limits.migration,
    stopping: limits.start,
  };
  let phase = taskPhase(started);
  let phaseSince = clock.now();
  let seenAt = clock.now();
  let looks = 0;
  let ran = false;
  const verdict = await poll(context, async () => {
    const [task] = await aws.tasks(contract.cluster, [started.taskArn ?? ""]);
    const now = clock.now();
    if (task) seenAt = now;
    ran ||= task !== undefined && hasRun(task, container);
    if (task && taskPhase(task) !== phase) {
      phase = taskPhase(task);
      phaseSince = now;
      if (!isStopped(task)) events.emit({ type: "progress", stage, subject, text: PHASE_WORDS[phase] });
    }
    const verdict = taskVerdict({ now, task, seenAt, phaseSince, container, digests, limits: bounds });
    if (verdict.kind !== "in progress") return done(verdict);
    if ((phase === "running" || phase === "stopping") && looks++ % LOOKS_PER_LOG_PAGE === 0)
      await tail.read();
    return notYet;
  });
  const end =
    verdict.kind === "overdue" ? await stopOverdue(context, oneOff, started, verdict.reason) : verdict;
  return { end, ran };
}

const PHASE_WORDS: Record<TaskPhase, string> = {
  capacity: "waiting for a machine with room",
  starting: "pulling the image and starting",
  running: "running",
  stopping: "stopping",
};

/** A task that takes too long is stopped. If it ended by itself just before that, its own end counts. */
async function stopOverdue(
  context: Context,
  { container, digests }: OneOff,
  task: Task,
  reason: string,
): Promise<FinalVerdict> {
  const { clock, aws, contract, limits } = context;
  const told = await stop(context, task, "time is up");
  const deadline = clock.now() + limits.start;
  const last = await poll(context, async () => {
    const [seen] = await aws.tasks(contract.cluster, [task.taskArn ?? ""]);
    return !seen || isStopped(seen) || clock.now() >= deadline ? done(seen) : notYet;
  });
  if (last && isStopped(last) && stoppedVerdict(last, container, digests).kind === "succeeded") {
    return { kind: "succeeded" };
  }
  const story = `task ${taskId(task)}: ${reason}. ${told}`;
  if (last && !isStopped(last)) return { kind: "unknown", reason: `${story} It is still there` };
  return {
    kind: "failed",
    reason: story,
    retry: "Give it longer (see --help), or find out what it waits for.",
    exitCode: null,
  };
}

/** Tells the task to stop, even after Ctrl-C, and says how that went. */
export async function stop({ lasting, contract }: Context, task: Task, why: string): Promise<string> {
  const arn = task.taskArn ?? "";
  try {
    await lasting.stopTask(contract.cluster, arn, `Slipway: ${why}`);
    return `Task ${arn} was told to stop.`;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return `Task ${arn} could not be stopped (${reason}): aws ecs stop-task --cluster ${contract.cluster} --task ${arn}`;
  }
}

/** AWS no longer lets us see the task: it may go on, and the next deploy will find it. */
function unseen(error: unknown, task: Task): unknown {
  if (!(error instanceof AwsError)) return error;
  return new DeployError(
    EXIT.unknown,
    `Task ${taskId(task)} could not be watched to its end. ${error.message}`,
    [`It may still be at work: ${task.taskArn}`],
  );
}

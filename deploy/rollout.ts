import type { Service, ServiceDeploymentBrief, Task } from "@aws-sdk/client-ecs";
import type { ServiceContract } from "../modules/contract";
import { AwsError } from "./aws/error";
import type { Context } from "./context";
import { isCrash } from "./crash-loop";
import { DeployError } from "./errors";
import type { Stage } from "./events";
import { EXIT } from "./exit-code";
import { lastLines, logStream } from "./log-tail";
import { done, notYet, poll } from "./poll";
import { stopStory, taskId } from "./task-story";
import { isStopped } from "./one-off-verdict";
import { evidenceNeeded, ourServiceDeployment, rollbackVerdict, rolloutVerdict } from "./rollout-verdict";
import type { FinalVerdict, Verdict } from "./verdict";

/** A forced deployment of one service that ECS has accepted. */
export interface Rollout {
  stage: Stage;
  service: ServiceContract;
  /** `ecs-svc/N`. */
  deploymentId: string;
  /** Milliseconds since the epoch, on ECS's clock. */
  createdAt: number;
  /** The digests under which ECS may report the image. */
  digests: ReadonlySet<string>;
  /** The deployment of ours that ECS rolls back, when this is its rollback. */
  rollbackOf?: string;
}

/** What ECS answers to a forced deployment: its id, and its time in milliseconds since the epoch. */
export interface ForcedDeployment {
  id: string;
  createdAt: number;
}

export type RolloutEnd = FinalVerdict & { lastLines: string[] };

/** Between two readings of the tasks while nothing demands one: 20 + 3 to 6 calls a minute in all. */
const TASKS_INTERVAL = 20_000;
/** Once ECS says COMPLETED the proof is wanted at once; when it keeps failing, at that interval too. */
const QUICK_PROOFS = 5;

/**
 * Forces a deployment of a service, of another task definition where one is given.
 * @throws DeployError 3 when ECS was not told to deploy, or 4 when nobody can say whether it was.
 */
export async function force(
  { aws, clock, contract }: Context,
  service: ServiceContract,
  taskDefinition: string | undefined,
): Promise<ForcedDeployment> {
  try {
    const deployment = await aws.forceDeployment(contract.cluster, service.service, taskDefinition);
    if (!deployment?.id) throw new DeployError(EXIT.unknown, "ECS accepted the deployment but names none.");
    return { id: deployment.id, createdAt: deployment.createdAt?.getTime() ?? clock.now() };
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    const lost = error.kind === "lost";
    throw new DeployError(
      lost ? EXIT.unknown : EXIT.rolloutFailed,
      lost
        ? `Whether ${service.name} deploys is unknown. ${error.message}`
        : `${service.name} was not told to deploy. ${error.message}`,
      lost ? ["Look at status: if no deployment is in progress, deploy again."] : [],
    );
  }
}

/** Watches a roll-out to its verdict, and finds out why if it failed. */
export async function watch(context: Context, rollout: Rollout): Promise<RolloutEnd> {
  const watcher = new Watcher(context, rollout);
  try {
    const verdict = await poll(context, async () => {
      const now = await watcher.look();
      return now.kind === "in progress" ? notYet : done(now);
    });
    if (verdict.kind === "succeeded" || verdict.kind === "superseded") return { ...verdict, lastLines: [] };
    return await explained(context, rollout, verdict, watcher);
  } catch (error) {
    return unseen(error);
  }
}

/**
 * Watches ECS's own rollback of a deployment. ECS shows it as another PRIMARY, under a new id or under the one that it
 * returns to; the record of the deployment that failed tells when ECS gives that up, too.
 */
export async function watchRollback(
  context: Context,
  service: ServiceContract,
  { id: rollbackOf, createdAt }: ForcedDeployment,
  digests: ReadonlySet<string>,
): Promise<RolloutEnd> {
  const { aws, clock, contract, limits } = context;
  const deadline = clock.now() + limits.rollout;
  try {
    const begun = await poll<RolloutEnd | string>(context, async () => {
      const [now] = await aws.services(contract.cluster, [service.service]);
      const primary = now?.deployments?.find(({ status }) => status === "PRIMARY");
      if (primary?.id && primary.id !== rollbackOf) return done(primary.id);
      const verdict = rollbackVerdict(
        await aws.serviceDeployments(contract.cluster, service.service),
        rollbackOf,
      );
      if (verdict) return done({ ...verdict, lastLines: [] });
      const reason = "the time is up, and ECS has not begun to roll back";
      return clock.now() < deadline ? notYet : done({ kind: "unknown" as const, reason, lastLines: [] });
    });
    if (typeof begun !== "string") return begun;
    return await watch(context, {
      stage: "put back",
      service,
      deploymentId: begun,
      createdAt,
      digests,
      rollbackOf,
    });
  } catch (error) {
    return unseen(error);
  }
}

/** AWS no longer lets us see the roll-out. */
function unseen(error: unknown): RolloutEnd {
  if (!(error instanceof AwsError)) throw error;
  return { kind: "unknown", reason: `the roll-out cannot be watched. ${error.message}`, lastLines: [] };
}

/** The readings of one roll-out; what they mean is decided in `rollout-verdict.ts`. */
class Watcher {
  private tasks: Task[] = [];
  private readonly ended = new Map<string, Task>();
  private tasksReadAt: number;
  private history: ServiceDeploymentBrief[] = [];
  private readonly seenEvents = new Set<string>();
  /** The newest event that tells of trouble. */
  lastWarning: string | undefined;
  private firstLook = true;
  private lastProgress = "";
  private proofs = 0;
  private readonly deadline: number;

  constructor(
    private readonly context: Context,
    private readonly rollout: Rollout,
  ) {
    this.tasksReadAt = context.clock.now();
    this.deadline = context.clock.now() + context.limits.rollout;
  }

  async look(): Promise<Verdict> {
    const { clock, contract, aws } = this.context;
    const { service: name } = this.rollout.service;
    const { deploymentId, rollbackOf } = this.rollout;
    const [service] = await aws.services(contract.cluster, [name]);
    const evidence = evidenceNeeded(service, deploymentId);
    const due = clock.now() - this.tasksReadAt >= TASKS_INTERVAL;
    if (evidence === "history" || (rollbackOf && due))
      this.history = await aws.serviceDeployments(contract.cluster, name);
    const proves = evidence === "tasks" && (due || this.proofs++ < QUICK_PROOFS);
    if (proves) await this.readTasks("RUNNING", "STOPPED");
    else if (due) await this.readTasks("STOPPED");
    let verdict = this.judge(service);
    if (verdict.kind === "succeeded" && !proves) {
      // What ran a while ago proves nothing of now.
      await this.readTasks("RUNNING", "STOPPED");
      verdict = this.judge(service);
    }
    this.tellEvents(service);
    if (verdict.kind === "in progress") this.tellProgress(verdict.detail);
    return verdict;
  }

  private judge(service: Service | undefined): Verdict {
    const { deploymentId, createdAt, digests, rollbackOf } = this.rollout;
    return rolloutVerdict({
      now: this.context.clock.now(),
      deadline: this.deadline,
      deploymentId,
      createdAt,
      ...(rollbackOf && { rollbackOf }),
      service,
      tasks: this.tasks,
      history: this.history,
      container: this.rollout.service.container,
      digests,
    });
  }

  /** ECS's own words on the end of our deployment, which only the full record holds. */
  async recordedReason(): Promise<string | undefined> {
    const arn = ourServiceDeployment(this.history, this.rollout.deploymentId)?.serviceDeploymentArn;
    if (!arn) return undefined;
    const recorded = await this.context.lasting.serviceDeployment(arn);
    return recorded?.rollback?.reason ?? recorded?.statusReason;
  }

  /** The stopped ones tell a crash loop, the running ones prove the image. */
  private async readTasks(...which: ("RUNNING" | "STOPPED")[]): Promise<void> {
    this.tasksReadAt = this.context.clock.now();
    this.tasks = await tasksOf(this.context, this.rollout, which, this.ended);
    for (const task of this.tasks) if (task.taskArn && isStopped(task)) this.ended.set(task.taskArn, task);
  }

  private tellProgress(text: string): void {
    if (text === this.lastProgress) return;
    this.lastProgress = text;
    const { stage, service } = this.rollout;
    this.context.events.emit({ type: "progress", stage, subject: service.name, text });
  }

  /** ECS keeps the last 100 events, newest first, and repeats them in every answer. */
  private tellEvents(seen: Service | undefined): void {
    const { stage, service, rollbackOf } = this.rollout;
    const first = this.firstLook;
    this.firstLook = false;
    for (const { id = "", createdAt, message = "" } of [...(seen?.events ?? [])].reverse()) {
      // What led to a rollback was told while the roll-out was watched.
      if (first && rollbackOf) this.seenEvents.add(id);
      if (this.seenEvents.has(id) || (createdAt?.getTime() ?? 0) < this.rollout.createdAt) continue;
      this.seenEvents.add(id);
      const text = message.replace(/^\(service [^)]*\)\s*/, "");
      // Without room now there may be room when an old task has stopped: a warning, not a failure.
      if (/unable to|unhealthy|failed/i.test(text)) {
        this.lastWarning = `the service's last warning: ${text}`;
        this.context.events.emit({ type: "warning", text: `${service.name}: ${text}` });
      } else this.context.events.emit({ type: "progress", stage, subject: service.name, text });
    }
  }
}

async function tasksOf(
  { aws, contract }: Context,
  { service }: Rollout,
  which: readonly ("RUNNING" | "STOPPED")[],
  ended?: ReadonlyMap<string, Task>,
): Promise<Task[]> {
  const serviceName = service.service;
  const tasks: Task[] = [];
  for (const desired of which)
    tasks.push(...(await aws.listTasks(contract.cluster, { serviceName }, desired, ended)));
  return tasks;
}

/**
 * Adds why the last task died, and what it wrote: ECS's own reason only counts the dead, and a time-out has none. The verdict stands
 * whatever these readings come to, and Ctrl-C does not end them: the tag must still go back.
 */
async function explained(
  context: Context,
  rollout: Rollout,
  verdict: { kind: "failed" | "rolled back" | "unknown"; reason: string },
  watcher: Watcher,
): Promise<RolloutEnd> {
  const { container, logs } = rollout.service;
  const { lasting } = context;
  try {
    const tasks = await tasksOf({ ...context, aws: lasting }, rollout, ["STOPPED"]);
    const [last] = tasks
      .filter((task) => task.startedBy === rollout.deploymentId && isCrash(task))
      .sort((a, b) => (b.stoppedAt?.getTime() ?? 0) - (a.stoppedAt?.getTime() ?? 0));
    const parts = [
      verdict.reason,
      await watcher.recordedReason(),
      verdict.kind === "unknown" ? watcher.lastWarning : undefined,
      last && stopStory(last, container),
    ];
    const told = parts.flatMap((part) => part?.replace(/\.$/, "") ?? []);
    const reason = told.filter((part, index) => !told.slice(0, index).join().includes(part)).join("; ");
    const stream = logStream(logs, container, taskId(last ?? {}));
    return { ...verdict, reason, lastLines: last ? await lastLines(lasting, logs.group, stream) : [] };
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    return { ...verdict, reason: `${verdict.reason} (no more is known: ${error.message})`, lastLines: [] };
  }
}

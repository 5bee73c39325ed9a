import { randomUUID } from "node:crypto";
import type { Task } from "@aws-sdk/client-ecs";
import { z } from "zod";
import { DeployError, Interrupted, refused } from "../deploy/errors";
import { EXIT } from "../deploy/exit-code";
import { logStream } from "../deploy/log-tail";
import { type OneOff, startTask, stop } from "../deploy/one-off";
import { isStopped, MISSING_GRACE, stoppedVerdict } from "../deploy/one-off-verdict";
import { done, notYet, poll } from "../deploy/poll";
import { taskId } from "../deploy/task-story";
import { familyOf, type MoveContract } from "../modules/contract";
import type { Move } from "./move";

/** The task that reaches both databases, as the contract tells of it. */
export type Mover = NonNullable<MoveContract["database"]>;

const lineSchema = z.looseObject({
  kind: z.enum(["progress", "facts", "done", "refused", "failed"]),
  /** What of the words was under way. */
  verb: z.string(),
});

/** One line of what the mover prints. */
export type MoverLine = z.infer<typeof lineSchema>;

/** What became of a task of the mover. */
export interface MoverRun {
  readonly lines: readonly MoverLine[];
  /** The task's ARN. */
  readonly task: string;
}

/** What startedBy of the mover's tasks begins with, but for those of a flip. */
const MARK = "slipway-move";

/** How long lines may be on their way after the task has ended, in milliseconds. */
const LATE = 15_000;

/** @throws DeployError 1 where no data moves */
export function moverOf({ plan, contract: { environment } }: Move): Mover {
  if (plan.database) return plan.database;
  throw refused(
    `No data moves into ${environment}: what was applied has no move.database.`,
    `Say move: { database: true } in environments/${environment}.ts, then npx slipway apply ${environment}.`,
  );
}

/**
 * Starts the mover in the private subnets.
 * @param words its verbs and options, which it goes through in their order: `copy --follow`
 * @param mark what the task's startedBy begins with: who may find it again
 * @throws DeployError 1 where ECS does not start it
 */
export async function startMover(move: Move, words: string, mark = MARK): Promise<MoverTask> {
  const mover = moverOf(move);
  const oneOff: OneOff = {
    stage: "run",
    subject: "mover",
    capacity: [{ capacityProvider: "FARGATE", weight: 1, base: 0 }],
    network: mover.network,
    taskDefinition: mover.taskDefinition,
    container: mover.container,
    override: { environment: [{ name: "MOVER", value: words }] },
    logs: mover.logs,
    startedBy: `${mark}/${randomUUID()}`,
    clientToken: () => randomUUID(),
    known: new Set(),
    digests: null,
  };
  const task = await startTask(move.context(), oneOff).catch((error: unknown) => {
    if (!(error instanceof DeployError)) throw error;
    throw new DeployError(EXIT.refused, `The mover did not start. ${error.message}`, error.wayOut);
  });
  return new MoverTask(move, mover, task);
}

/**
 * Runs the mover, and tells what it says. Ctrl-C stops the task; what it leaves, the next one goes on from.
 * @param words its verbs and options: `copy --follow`
 * @param isEnough a line after which the task goes on alone; without one it is waited for
 * @throws DeployError 1 where the mover refuses, 2 where it fails, 4 where nobody can say
 */
export async function runMover(
  move: Move,
  words: string,
  isEnough?: (line: MoverLine) => boolean,
): Promise<MoverRun> {
  return watch(move, await startMover(move, words), isEnough);
}

/** The mover's run with the same words whose command has died, watched on; a run of its own where there is none. */
export async function resumeMover(
  move: Move,
  words: string,
  isEnough?: (line: MoverLine) => boolean,
): Promise<MoverRun> {
  const left = (await moversAtWork(move, MARK)).find((task) => task.words === words);
  return watch(move, left ?? (await startMover(move, words)), isEnough);
}

async function watch(
  move: Move,
  task: MoverTask,
  isEnough?: (line: MoverLine) => boolean,
): Promise<MoverRun> {
  try {
    await task.until(move.signal, isEnough);
    return { lines: task.lines, task: task.arn };
  } catch (error) {
    if (error instanceof Interrupted) error.wayOut.push(await task.tell(error.message));
    throw error;
  }
}

/** The line that ended a verb. @throws DeployError 4 where there is none */
export function endOf({ lines }: Pick<MoverRun, "lines">, verb: string): MoverLine {
  const found = lines.find((line) => line.kind === "done" && line.verb === verb);
  if (found) return found;
  throw new DeployError(EXIT.unknown, `The mover ended without a word about ${verb}.`);
}

/** Tasks of the mover that are at work and were started with that mark. */
export async function moversAtWork(move: Move, mark: string): Promise<MoverTask[]> {
  const mover = moverOf(move);
  const family = familyOf(mover.taskDefinition);
  const tasks = await move.aws.listTasks(move.contract.cluster, { family }, "RUNNING");
  return tasks
    .filter(({ startedBy }) => startedBy?.startsWith(`${mark}/`))
    .map((task) => new MoverTask(move, mover, task));
}

/** A task of the mover, read line by line. */
export class MoverTask {
  readonly lines: MoverLine[] = [];
  private token: string | undefined;

  constructor(
    private readonly move: Move,
    private readonly mover: Mover,
    private readonly task: Task,
  ) {}

  get arn(): string {
    return this.task.taskArn ?? "";
  }

  /** The verbs that it was started with. */
  get words(): string {
    const overrides = this.task.overrides?.containerOverrides ?? [];
    const variables = overrides.flatMap(({ environment = [] }) => environment);
    return variables.find(({ name }) => name === "MOVER")?.value ?? "";
  }

  /**
   * Waits for a line, or else for the task's end.
   * @throws DeployError 1 where the mover refuses, 2 where it fails, 4 where nobody can say
   */
  async until(signal: AbortSignal, isEnough: (line: MoverLine) => boolean = () => false): Promise<void> {
    const { clock } = this.move;
    const { capacity, start } = this.move.context().limits;
    const began = clock.now();
    let seenAt = began;
    let stoppedAt: number | undefined;
    const ended = await poll({ clock, signal }, async () => {
      const task = await this.now();
      await this.read();
      if (this.lines.some(isEnough)) return done(undefined);
      const now = clock.now();
      if (task) seenAt = now;
      const isLate = task !== undefined && !hasStarted(task) && now - began > capacity + start;
      if (isLate || now - seenAt >= MISSING_GRACE) throw this.unseen();
      if (task === undefined || !isStopped(task)) return notYet;
      stoppedAt ??= now;
      return this.hasSaidAll() || now - stoppedAt >= LATE ? done(task) : notYet;
    });
    if (ended) this.judge(ended);
  }

  /** Tells it to stop, and says how that went. */
  tell(why: string): Promise<string> {
    return stop(this.move.context(), this.task, why);
  }

  /** Stops it, and waits until it is gone. */
  async stop(): Promise<void> {
    const lasting = this.move.lasting();
    await stop(lasting.context(), this.task, "the move goes on without it");
    await poll({ clock: lasting.clock }, async () => {
      const task = await this.now(lasting);
      return task === undefined || isStopped(task) ? done(undefined) : notYet;
    });
  }

  private async now({ aws, contract } = this.move): Promise<Task | undefined> {
    const [task] = await aws.tasks(contract.cluster, [this.arn]);
    return task;
  }

  /** Whether it has said why it ended, or that each of its verbs has. */
  private hasSaidAll(): boolean {
    const verbs = this.words.split(/\s+/).filter((word) => word !== "" && !word.startsWith("--"));
    const isDone = (verb: string) => this.lines.some((line) => line.kind === "done" && line.verb === verb);
    return this.lines.some(isBadEnd) || verbs.every(isDone);
  }

  private judge(task: Task): void {
    const again = "Run the same again: it goes on, or begins anew, by itself.";
    const last = this.lines.find(isBadEnd);
    const { environment } = this.move.contract;
    if (last?.kind === "refused")
      throw refused(
        String(last.text),
        String(last.way)
          .replaceAll("<environment>", environment)
          .replaceAll("<variable>", variableOf(this.move)),
      );
    if (last) {
      const full =
        "The environment's database has no room left: say more in database.storage, apply, then run the same again.";
      throw new DeployError(EXIT.migrationFailed, `${last.verb} failed. ${String(last.text)}`, [
        last.code === "disk-full" ? full : again,
      ]);
    }
    const verdict = stoppedVerdict(task, this.mover.container, null);
    if (verdict.kind !== "failed") return;
    const url = `Has its URL been written? npx slipway secret set ${environment} ${variableOf(this.move)}`;
    throw new DeployError(EXIT.migrationFailed, `The mover did not come to its end: ${verdict.reason}.`, [
      this.lines.length === 0 ? url : again,
    ]);
  }

  private unseen(): DeployError {
    const { contract } = this.move;
    return new DeployError(
      EXIT.unknown,
      `What becomes of the mover is unknown, and it may be at work: task ${taskId(this.task)}.`,
      [`aws ecs stop-task --cluster ${contract.cluster} --task ${this.arn}`],
    );
  }

  /** All that it has said since the last look. */
  private async read(): Promise<void> {
    const { logs, container } = this.mover;
    const stream = logStream(logs, container, taskId(this.task));
    for (;;) {
      const page = await this.move.aws.logEvents(logs.group, stream, { token: this.token });
      for (const { message = "" } of page?.events ?? []) await this.take(message);
      if (!page || page.token === this.token) return;
      this.token = page.token;
    }
  }

  /** What is no line of the mover's is bash's or a library's, and is told as it is. */
  private async take(message: string): Promise<void> {
    const line = lineOf(message);
    if (line) this.lines.push(line);
    const words = line ? wordsOf(line) : message.trim();
    if (words) await this.move.tell(words);
  }
}

/** The first variable by which services read the old database's URL. */
function variableOf({ contract: { services, database } }: Move): string {
  const all = services.flatMap(({ secrets, otherSecrets }) =>
    Object.entries({ ...secrets, ...otherSecrets }),
  );
  return all.find(([, parameter]) => parameter === database?.also?.url)?.[0] ?? "<variable>";
}

const isBadEnd = ({ kind }: MoverLine) => kind === "refused" || kind === "failed";

const hasStarted = ({ lastStatus }: Task) =>
  !["PROVISIONING", "PENDING", "ACTIVATING"].includes(lastStatus ?? "");

function lineOf(message: string): MoverLine | undefined {
  try {
    return lineSchema.parse(JSON.parse(message));
  } catch {
    return undefined;
  }
}

const STEPS: Readonly<Record<string, string>> = {
  snapshot: "the old database's moment that the copy is of is held",
  schema: "types, tables and functions are read",
  "pre-data": "tables are made",
  "large-objects": "large objects are copied",
  "post-data": "indexes, keys and triggers are made",
  "materialized-views": "materialized views are filled",
  following: "what is written to the old database follows",
  "caught-up": "the last that was written is here",
};

const ENDS: Readonly<Record<string, string>> = {
  hold: "the old database is read only",
  sequences: "sequences are set",
  flipped: "the environment's database has the writes",
  release: "the old database takes writes again",
  "hold-new": "the environment's database is read only",
  "copy-back": "what was written since is in the old database",
  unflipped: "the old database has the writes",
  "release-new": "the environment's database takes writes again",
};

/** A line for a person; undefined for what only programs need. */
function wordsOf({ kind, verb, ...line }: MoverLine): string | undefined {
  if (kind === "done") return ENDS[verb];
  if (kind !== "progress") return undefined;
  const step = String(line.step ?? "");
  if (step === "table")
    return `${String(line.table)}: ${line.rows === undefined ? "copied once more" : `${String(line.rows)} rows`}`;
  if (step === "compared")
    return `${String(line.table)}: compared, ${String(line.rows)} rows${line.ahead === true ? ", each of them once and now what was written since" : ""}`;
  if (step === "clear" || step === "waiting") return String(line.text);
  if (verb === "follow" && typeof line.lagBytes === "number") return `${line.lagBytes} bytes behind`;
  return STEPS[step];
}

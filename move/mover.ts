import { randomUUID } from "node:crypto";
import type { Task } from "@aws-sdk/client-ecs";
import { z } from "zod";
import type { Context } from "../deploy/context";
import { DeployError, Interrupted, refused } from "../deploy/errors";
import { EXIT } from "../deploy/exit-code";
import { logStream } from "../deploy/log-tail";
import { type OneOff, startTask, stop } from "../deploy/one-off";
import { isStopped, stoppedVerdict } from "../deploy/one-off-verdict";
import { done, notYet, poll } from "../deploy/poll";
import { runMark, whoami } from "../deploy/started-by";
import { taskId } from "../deploy/task-story";
import type { MoveContract } from "../modules/contract";
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

/** How long lines may be on their way after the task has ended, in looks of a second. */
const LATE = 15;

/** @throws DeployError 1 where no data moves */
export function moverOf({ plan, contract: { environment } }: Move): Mover {
  if (plan.database) return plan.database;
  throw refused(
    `No data moves into ${environment}: what was applied has no move.database.`,
    `Say move: { database: true } in environments/${environment}.ts, then npx slipway apply ${environment}.`,
  );
}

/**
 * Runs the mover in the private subnets, and tells what it says. Ctrl-C stops the task; what it leaves, the next one goes on from.
 * @param words its verbs and options: `copy --follow`
 * @param isEnough a line after which the task goes on alone; without one it is waited for
 * @throws DeployError 1 where the mover refuses, 2 where it fails, 4 where nobody can say
 */
export async function runMover(
  move: Move,
  words: string,
  isEnough: (line: MoverLine) => boolean = () => false,
): Promise<MoverRun> {
  const mover = moverOf(move);
  const context = move.context();
  const oneOff = await oneOffOf(move, mover, words);
  const task = await startTask(context, oneOff).catch((error: unknown) => {
    if (!(error instanceof DeployError)) throw error;
    throw new DeployError(EXIT.refused, `The mover did not start. ${error.message}`, error.wayOut);
  });
  try {
    const log = new MoverLog(move, mover, task);
    const ended = await untilEnough(context, task, log, isEnough);
    if (ended) await endOf(context, ended, mover, log);
    return { lines: log.lines, task: task.taskArn ?? "" };
  } catch (error) {
    if (error instanceof Interrupted) error.wayOut.push(await stop(context, task, error.message));
    throw error;
  }
}

async function oneOffOf(move: Move, mover: Mover, words: string): Promise<OneOff> {
  const caller = await move.aws.caller();
  return {
    stage: "run",
    subject: "mover",
    capacity: [{ capacityProvider: "FARGATE", weight: 1, base: 0 }],
    network: mover.network,
    taskDefinition: mover.taskDefinition,
    container: mover.container,
    override: { environment: [{ name: "MOVER", value: words }] },
    logs: mover.logs,
    startedBy: runMark(whoami(process.env, caller.arn), randomUUID()),
    clientToken: () => randomUUID(),
    known: new Set(),
    digests: null,
  };
}

/** @returns the task that has ended; undefined when enough was said */
async function untilEnough(
  context: Context,
  { taskArn = "" }: Task,
  log: MoverLog,
  isEnough: (line: MoverLine) => boolean,
): Promise<Task | undefined> {
  const { aws, contract, clock, limits } = context;
  const bound = clock.now() + limits.capacity + limits.start;
  return poll(context, async () => {
    await log.read();
    if (log.lines.some(isEnough)) return done(undefined);
    const [task] = await aws.tasks(contract.cluster, [taskArn]);
    if (task && isStopped(task)) return done(task);
    if (log.lines.length === 0 && clock.now() > bound && task?.lastStatus !== "RUNNING")
      throw new DeployError(
        EXIT.unknown,
        `The mover did not start, and may still: task ${taskId({ taskArn })}.`,
        [`aws ecs stop-task --cluster ${contract.cluster} --task ${taskArn}`],
      );
    return notYet;
  });
}

/** @throws DeployError unless the mover's last word is that it is done */
async function endOf(
  { clock, contract }: Context,
  task: Task,
  { container }: Mover,
  log: MoverLog,
): Promise<void> {
  const verdict = stoppedVerdict(task, container, null);
  const isLast = ({ kind }: MoverLine) => kind === "refused" || kind === "failed";
  for (let late = 0; late < LATE; late++) {
    await log.read();
    const last = log.lines.at(-1);
    if (last && (isLast(last) || (last.kind === "done" && verdict.kind === "succeeded" && late > 0))) break;
    await clock.sleep(1_000);
  }
  const last = log.lines.at(-1);
  const again = "Run the same again: it goes on, or begins anew, by itself.";
  if (last?.kind === "refused") throw refused(String(last.text), String(last.way));
  if (last?.kind === "failed") {
    const full = "There is no room: give the environment's database more storage, then run the same again.";
    throw new DeployError(EXIT.migrationFailed, `${last.verb} failed. ${String(last.text)}`, [
      last.code === "disk-full" ? full : again,
    ]);
  }
  const url = `Has its URL been written? npx slipway secret set ${contract.environment} DATABASE_URL`;
  if (verdict.kind === "failed")
    throw new DeployError(EXIT.migrationFailed, `The mover did not come to its end: ${verdict.reason}.`, [
      log.lines.length === 0 ? url : again,
    ]);
}

/** What the mover prints, as CloudWatch has it. */
class MoverLog {
  readonly lines: MoverLine[] = [];
  private token: string | undefined;

  constructor(
    private readonly move: Move,
    private readonly mover: Mover,
    private readonly task: Task,
  ) {}

  async read(): Promise<void> {
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

/** A line for a person; undefined for what only programs need. */
function wordsOf({ kind, verb, ...line }: MoverLine): string | undefined {
  if (kind !== "progress") return undefined;
  const step = String(line.step ?? "");
  if (step === "table")
    return `${String(line.table)}: ${line.rows === undefined ? "copied once more" : `${String(line.rows)} rows`}`;
  if (step === "clear") return String(line.text);
  if (verb === "follow" && typeof line.lagBytes === "number") return `${line.lagBytes} bytes behind`;
  return STEPS[step];
}

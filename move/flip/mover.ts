import { randomUUID } from "node:crypto";
import type { Task } from "@aws-sdk/client-ecs";
import { z } from "zod";
import { DeployError, refused } from "../../deploy/errors";
import { EXIT } from "../../deploy/exit-code";
import { logStream } from "../../deploy/log-tail";
import { type OneOff, startTask, stop } from "../../deploy/one-off";
import { isStopped, MISSING_GRACE, stoppedVerdict } from "../../deploy/one-off-verdict";
import { done, notYet, poll } from "../../deploy/poll";
import { taskId } from "../../deploy/task-story";
import { familyOf, type MoveContract } from "../../modules/contract";
import type { Move } from "../move";

/** One line of what the mover says: JSON. `done` ends a verb, `refused` and `failed` end the task. */
const line = z.looseObject({
  kind: z.enum(["progress", "facts", "done", "refused", "failed"]),
  verb: z.string(),
  step: z.string().optional(),
  text: z.string().optional(),
  way: z.string().optional(),
});

export type MoverLine = z.infer<typeof line>;

type Place = NonNullable<MoveContract["database"]>;

/** Milliseconds that the last lines of a task that has stopped are waited for. */
const LATE = 15_000;

/** The data's half of the move. @throws DeployError 1 where the environment's file has none */
export function moverOf({ plan, contract: { environment } }: Move): Place {
  if (plan.database) return plan.database;
  throw refused(
    `No database moves into ${environment}.`,
    `Say move: { database: true } in environments/${environment}.ts, then npx slipway apply ${environment}.`,
  );
}

/**
 * Starts the mover with verbs, which it goes through in their order.
 * @param mark what the task's startedBy begins with: who may find it again
 */
export async function startMover(move: Move, words: string, mark = "slipway-move"): Promise<MoverTask> {
  const place = moverOf(move);
  const oneOff: OneOff = {
    stage: "run",
    subject: "mover",
    capacity: [{ capacityProvider: "FARGATE", weight: 1, base: 0 }],
    network: place.network,
    taskDefinition: place.taskDefinition,
    container: place.container,
    override: { environment: [{ name: "MOVER", value: words }] },
    logs: place.logs,
    startedBy: `${mark}/${randomUUID()}`,
    clientToken: () => randomUUID(),
    known: new Set(),
    digests: null,
  };
  const task = await startTask(move.context(), oneOff);
  await move.tell(`mover: ${words}, task ${taskId(task)}`);
  return new MoverTask(move, place, task);
}

/** Runs verbs of the mover to their end. @returns what it said @throws DeployError with its reason where one did not get there */
export async function runMover(move: Move, words: string): Promise<readonly MoverLine[]> {
  const task = await startMover(move, words);
  return task.end(move.signal);
}

/** The line that ended a verb. */
export function endOf(lines: readonly MoverLine[], verb: string): MoverLine {
  const found = lines.find((one) => one.kind === "done" && one.verb === verb);
  if (found) return found;
  throw new DeployError(EXIT.unknown, `The mover ended without a word about ${verb}.`);
}

/** Tasks of the mover that are at work and were started with that mark. */
export async function moversAtWork(move: Move, mark: string): Promise<MoverTask[]> {
  const place = moverOf(move);
  const family = familyOf(place.taskDefinition);
  const tasks = await move.aws.listTasks(move.contract.cluster, { family }, "RUNNING");
  return tasks
    .filter(({ startedBy }) => startedBy?.startsWith(`${mark}/`))
    .map((task) => new MoverTask(move, place, task));
}

/** A task of the mover, read line by line. */
export class MoverTask {
  private readonly lines: MoverLine[] = [];
  private token: string | undefined;

  constructor(
    private readonly move: Move,
    private readonly place: Place,
    private readonly task: Task,
  ) {}

  /** The verbs that it was started with. */
  get words(): string {
    const overrides = this.task.overrides?.containerOverrides ?? [];
    const variables = overrides.flatMap(({ environment = [] }) => environment);
    return variables.find(({ name }) => name === "MOVER")?.value ?? "";
  }

  /** Waits until it has said so. @throws DeployError where it ends before */
  async ready(signal: AbortSignal): Promise<void> {
    await this.until(signal, () => this.lines.some(({ step }) => step === "ready"));
  }

  /** Waits for its end. @returns what it said @throws DeployError with its reason where it did not get there */
  async end(signal: AbortSignal): Promise<readonly MoverLine[]> {
    await this.until(signal, () => false);
    return this.lines;
  }

  /** Stops it, and waits until it is gone. */
  async stop(): Promise<void> {
    const { clock } = this.move;
    await stop(this.move.context(), this.task, "the move goes on without it");
    await poll({ clock }, async () => {
      const task = await this.now();
      return task === undefined || isStopped(task) ? done(undefined) : notYet;
    });
  }

  private async until(signal: AbortSignal, isReached: () => boolean): Promise<void> {
    const { clock } = this.move;
    let stoppedAt: number | undefined;
    let seenAt = clock.now();
    const last = await poll({ clock, signal }, async () => {
      const task = await this.now();
      await this.read();
      if (isReached()) return done(undefined);
      if (task) seenAt = clock.now();
      if (clock.now() - seenAt >= MISSING_GRACE) throw this.lost();
      if (task === undefined || !isStopped(task)) return notYet;
      stoppedAt ??= clock.now();
      const hasSaid = this.lines.some(({ kind }) => kind === "refused" || kind === "failed");
      const isOver = hasSaid || this.saidAll() || clock.now() - stoppedAt >= LATE;
      return isOver ? done(task) : notYet;
    });
    if (last) this.judge(last);
  }

  /** Whether each of its verbs has ended. */
  private saidAll(): boolean {
    const verbs = this.words.split(/\s+/).filter((word) => word !== "" && !word.startsWith("--"));
    return verbs.every((verb) => this.lines.some((one) => one.kind === "done" && one.verb === verb));
  }

  private judge(task: Task): void {
    const last = this.lines.find(({ kind }) => kind === "refused" || kind === "failed");
    if (last?.kind === "refused")
      throw refused(last.text ?? "The mover refused.", ...(last.way ? [last.way] : []));
    if (last)
      throw new DeployError(EXIT.rolloutFailed, `The mover failed: ${last.text ?? "without a word"}`, [
        "Run it again: what is done is not done twice.",
      ]);
    const verdict = stoppedVerdict(task, this.place.container, null);
    if (verdict.kind === "succeeded") return;
    throw new DeployError(EXIT.rolloutFailed, `The mover's task ended: ${verdict.reason}.`, [
      `What it said: ${this.place.logs.group}, ${this.stream}`,
    ]);
  }

  private lost(): DeployError {
    return new DeployError(EXIT.unknown, `What became of the mover's task ${taskId(this.task)} is unknown.`, [
      `What it said: ${this.place.logs.group}, ${this.stream}`,
    ]);
  }

  private async now(): Promise<Task | undefined> {
    const { aws, contract } = this.move;
    const [task] = await aws.tasks(contract.cluster, [this.task.taskArn ?? ""]);
    return task;
  }

  private get stream(): string {
    return logStream(this.place.logs, this.place.container, taskId(this.task));
  }

  /** All that it has said since the last look. */
  private async read(): Promise<void> {
    for (;;) {
      const page = await this.move.aws.logEvents(this.place.logs.group, this.stream, { token: this.token });
      if (!page) return;
      for (const { message } of page.events) await this.keep(message ?? "");
      if (page.token === this.token) return;
      this.token = page.token;
    }
  }

  private async keep(text: string): Promise<void> {
    let said: MoverLine | undefined;
    try {
      said = line.safeParse(JSON.parse(text)).data;
    } catch {}
    if (!said) return;
    this.lines.push(said);
    if (said.kind === "progress" || said.kind === "done")
      await this.move.tell(`mover: ${said.verb}${said.kind === "done" ? " done" : ` ${progress(said)}`}`);
  }
}

/** What a line of progress says beside its kind, short. */
const progress = ({ kind: _, verb: __, ...rest }: MoverLine) => Object.values(rest).join(" ");

import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { Clock } from "../deploy/clock";
import { DeployError } from "../deploy/errors";
import { EXIT } from "../deploy/exit-code";
import type { MoveStep } from "../modules/contract/move";
import type { LockAws } from "./aws/lock";

/** A lock that nobody renewed for so many milliseconds is of a process that died. */
export const STALE = 120_000;
/** From one renewal to the next, in milliseconds. */
const RENEWAL = 30_000;

const holder = z.object({
  /** Tells two takes of one person apart. */
  token: z.string(),
  by: z.string(),
  step: z.string(),
  /** ISO 8601, as is `renewed`. */
  since: z.string(),
  renewed: z.string(),
});

type Holder = z.infer<typeof holder>;

const busy = (message: string, ...wayOut: string[]) => new DeployError(EXIT.superseded, message, wayOut);

/** A change that Terraform makes to the environment: no step of the move, but under the same lock. */
export type TerraformChange = "apply" | "destroy";

const CHANGES: Readonly<Record<string, string>> = {
  apply: "has been applying the environment",
  destroy: "has been destroying the environment",
} satisfies Record<TerraformChange, string>;

/** The holder's work, in words. */
const doing = (step: string) => CHANGES[step] ?? `has been at the step ${step}`;

/**
 * The right to take a step, or to change the environment by Terraform, which one person at a time has: a parameter that exists while
 * they have it. Parameter Store makes a parameter only once, and counts its versions: of two who take over the same stale one, at most
 * one sees its own count.
 */
export class Lock {
  private held: Holder | undefined;
  private readonly stop = new AbortController();
  private renewing = Promise.resolve();

  /**
   * @param aws without a signal: the lock is given back after Ctrl-C, too
   * @param next what to do once whoever has it has ended
   */
  constructor(
    private readonly aws: Pick<LockAws, keyof LockAws>,
    private readonly clock: Clock,
    private readonly name: string,
    private readonly next = "run it again",
  ) {}

  /** @throws DeployError 5 where somebody else has it: who, for what, since when, and when to try again */
  async take(by: string, step: MoveStep | TerraformChange): Promise<void> {
    const since = new Date(this.clock.now()).toISOString();
    const mine: Holder = { token: randomUUID(), by, step, since, renewed: since };
    if (!(await this.aws.createParameter(this.name, JSON.stringify(mine)))) await this.takeOver(mine);
    this.held = mine;
    this.renewing = this.renew();
  }

  private async takeOver(mine: Holder): Promise<void> {
    const found = await this.aws.writtenParameter(this.name);
    if (!found) throw busy("Somebody else was at a step until this moment.", "Run it again.");
    const other = read(found.value);
    const age = other ? this.clock.now() - Date.parse(other.renewed) : Number.POSITIVE_INFINITY;
    if (other && age < STALE) {
      throw busy(
        `${other.by} ${doing(other.step)} since ${other.since}. Nothing was changed.`,
        `Wait until that has ended, then ${this.next}.`,
        `If that process died: ${Math.ceil((STALE - age) / 1000)} seconds from now it counts as gone.`,
      );
    }
    await this.aws.writeParameter(this.name, JSON.stringify(mine));
    const now = await this.aws.writtenParameter(this.name);
    if (read(now?.value)?.token === mine.token && now?.version === found.version + 1) return;
    throw busy(
      "Two people took the same abandoned step over at the same moment. Nothing was changed.",
      `Run it again in ${STALE / 1000} seconds.`,
    );
  }

  /** @throws DeployError 5 where somebody else has it by now: this process was away too long */
  async check(): Promise<void> {
    const now = read(await this.aws.parameter(this.name));
    if (this.held && now?.token === this.held.token) return;
    throw busy(
      now
        ? `${now.by} has taken the step over at ${now.since}: this process was not heard of for too long.`
        : "The lock of this step is gone: somebody deleted it.",
      `Look where the move stands: npx slipway move ${this.name.split("/")[1]}`,
    );
  }

  /** Gives it back, where it is still ours. */
  async release(): Promise<void> {
    this.stop.abort();
    await this.renewing;
    const mine = this.held;
    this.held = undefined;
    if (mine && read(await this.aws.parameter(this.name))?.token === mine.token)
      await this.aws.deleteParameter(this.name);
  }

  /** Says that this process lives, until it gives the lock back. What fails here, `check` finds out. */
  private async renew(): Promise<void> {
    const { signal } = this.stop;
    for (;;) {
      await this.clock.sleep(RENEWAL, signal).catch(() => {});
      if (signal.aborted || !this.held) return;
      try {
        await this.check();
        const renewed = { ...this.held, renewed: new Date(this.clock.now()).toISOString() };
        await this.aws.writeParameter(this.name, JSON.stringify(renewed));
      } catch {}
    }
  }
}

function read(text: string | undefined): Holder | undefined {
  try {
    return holder.parse(JSON.parse(text ?? ""));
  } catch {
    return undefined;
  }
}

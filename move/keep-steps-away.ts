import { makeClients } from "../deploy/aws/clients";
import { type Clock, systemClock } from "../deploy/clock";
import { DeployError } from "../deploy/errors";
import { LockAws } from "./aws/lock";
import { Lock, type TerraformChange } from "./lock";

/** A change by Terraform of an environment that something moves into. */
export interface Changing {
  readonly change: TerraformChange;
  /** Name of the lock's parameter in SSM, its region, and the account where that is known. */
  readonly lock: string;
  readonly region: string;
  readonly account: string | undefined;
  /** What to do once whoever has the lock has ended. */
  readonly next: string;
  /** Seconds for which another one's lock is waited for. */
  readonly patience: number;
  /** Ends that wait. */
  readonly signal: AbortSignal | undefined;
  /** Told once that it is waited for: who has the lock, since when. */
  readonly waiting: (text: string) => void;
}

/** Milliseconds from one attempt to the next. */
const PAUSE = 5_000;

/** The lock, once it is had; or who has it, since when, and when to try again. */
export type Kept =
  | { readonly release: () => Promise<void> }
  | { readonly busy: Pick<DeployError, "message" | "wayOut"> };

/**
 * Keeps every step of a move away while Terraform changes the environment: what it has yet to change is written as it was planned.
 * After a process that died they are let in as after a dead step.
 * @throws AwsError where the lock may not be read or written
 */
export async function keepStepsAway(
  { change, lock: name, region, account, next, patience, signal, waiting }: Changing,
  clock: Clock = systemClock,
): Promise<Kept> {
  const clients = await makeClients({ file: "", region, account }, () => region);
  const aws = new LockAws(clients, { clock, random: Math.random });
  const lock = new Lock(aws, clock, name, next);
  const by = await aws.who();
  const deadline = clock.now() + patience * 1_000;
  let isTold = false;
  for (;;) {
    try {
      await lock.take(by, change);
      // One that cannot be given back is nobody's in two minutes.
      return { release: () => lock.release().catch(() => {}) };
    } catch (error) {
      if (!(error instanceof DeployError)) throw error;
      if (clock.now() >= deadline || signal?.aborted) return { busy: error };
      if (!isTold) waiting(error.message);
      isTold = true;
      await clock.sleep(PAUSE, signal).catch(() => {});
    }
  }
}

import { makeClients } from "../deploy/aws/clients";
import { type Clock, systemClock } from "../deploy/clock";
import { DeployError } from "../deploy/errors";
import { LockAws } from "./aws/lock";
import { Lock, type TerraformChange } from "./lock";

/** A change that Terraform makes to an environment while something moves into it. */
export interface Changing {
  readonly change: TerraformChange;
  /** Name of the lock's parameter in SSM, its region, and the account where that is known. */
  readonly lock: string;
  readonly region: string;
  readonly account: string | undefined;
  /** What to do once whoever has the lock has ended. */
  readonly next: string;
  /** Seconds to wait for a lock that somebody else has. */
  readonly patience: number;
  /** Ends that wait. */
  readonly signal: AbortSignal | undefined;
  /** Called once when a wait begins, with who has the lock and since when. */
  readonly waiting: (text: string) => void;
}

/** Milliseconds from one attempt to the next. */
const PAUSE = 5_000;

/** The lock, to be given back; or why it is not to be had: who has it, since when, and when to try again. */
export type Kept =
  | { readonly release: () => Promise<void> }
  | { readonly busy: Pick<DeployError, "message" | "wayOut"> };

/**
 * Takes the lock of a move's steps, so that none of them changes what Terraform is about to write as it was planned. The lock of a process
 * that died counts as gone after two minutes, as a step's does.
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

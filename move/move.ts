import type { Context, FindRecord } from "../deploy/context";
import type { Clock } from "../deploy/clock";
import type { Contract, MoveContract } from "../modules/contract";
import type { MoveState } from "../modules/contract/move";
import type { Cloud } from "./aws/gateway";
import type { Probe } from "./probe";
import type { Journal } from "./state";

/** What every step works with. */
export interface Move {
  readonly contract: Contract;
  /** What the contract says of the move. */
  readonly plan: MoveContract;
  /** AWS, whose reads end with `signal`. */
  readonly aws: Cloud;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Where the move stands; whoever writes it holds the lock. */
  readonly journal: Journal;
  /** Asks the old side, or the edge, as a viewer's browser does. */
  readonly probe: Probe;
  /** Asks a domain's name servers; undefined where AWS is stood in for, whose names nobody has. */
  readonly find: FindRecord | undefined;
  /** Tells a person one line of what goes on. */
  tell(text: string): Promise<void>;
  /** What the parts of deploy need: one-off tasks, roll-outs. */
  context(): Context;
  /** The same without the signal: what must come to its end after Ctrl-C. */
  lasting(): Move;
}

/** Where the move stands, as last read or written. */
export const stateOf = (move: Move): MoveState => move.journal.state;

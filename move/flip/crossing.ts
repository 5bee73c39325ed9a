import { DeployError } from "../../deploy/errors";
import { EXIT } from "../../deploy/exit-code";
import type { Clock } from "../../deploy/clock";

/** The one of two databases that is used. */
export type Use = "own" | "external";

/** Where viewers' writes are let through, or are not. */
export interface Gate {
  /** Refuses every write; returns once it is seen to. */
  hold(): Promise<void>;
  /**
   * Lets writes through.
   * @param use the database that services use: with the environment's own, whoever is led to the old side would write to the other
   */
  release(use: Use): Promise<void>;
}

/** What was written to the environment's own database since the flip, and is in no other. */
export interface Written {
  readonly transactions: number;
  /** Whether that is their number; otherwise it is no less than that. */
  readonly exact: boolean;
}

/** A crossing that waits for its word. */
export interface Ready {
  /**
   * Makes the old database read only, brings over what is missing, compares both, and writes down that the environment's own has the
   * writes from now on.
   * @throws DeployError where anything differs: nothing has the writes then but the old one, once it is released
   */
  go(signal: AbortSignal): Promise<void>;
  /** Ends it wherever it is. Nothing of it is at work any more when this returns. */
  cancel(): Promise<void>;
}

/** Both databases. Whatever was cut short may be called again. */
export interface Databases {
  /** Ends what an earlier try has left at work. */
  settle(): Promise<void>;
  /** Whether the environment's own has the writes, as it is written down there. */
  flipped(): Promise<boolean>;
  /** The environment's own takes nothing from the old one any more. */
  unfollow(): Promise<void>;
  /** Gets ready what takes time, so that the hold does not. */
  prepare(): Promise<Ready>;
  /** The old one may be written again; its copy stays one. */
  release(): Promise<void>;
  written(): Promise<Written>;
  /** The environment's own takes no writes any more. */
  holdOwn(): Promise<Written>;
  /**
   * The old one has the writes again.
   * @param copy whether what only the environment's own has is brought back before
   */
  giveBack(copy: boolean): Promise<void>;
  releaseOwn(): Promise<void>;
}

/** The environment's services. */
export interface Services {
  /** Whether no task runs another task definition than the one for a database. */
  run(which: Use): Promise<boolean>;
  /**
   * Hands every service over to its task definition for a database, and returns once no task runs another.
   * @throws DeployError where one does not get there
   */
  handOver(to: Use, signal: AbortSignal): Promise<void>;
}

/** What the next process knows of this one. */
export interface Notes {
  readonly use: Use;
  /** Milliseconds since the epoch; undefined while nothing is held. */
  readonly heldSince: number | undefined;
  held(since: number): Promise<void>;
  uses(use: Use): Promise<void>;
  released(): Promise<void>;
  /** The copy is none any more: the environment's own database was written to. It stays there until somebody empties it. */
  stale(): Promise<void>;
  /** The record of the copy is dropped, as `finish` has taken away what it was checked by; a copy that is out of date stays so. */
  unknown(): Promise<void>;
}

/** Everything that a flip touches. */
export interface Sides {
  readonly gate: Gate;
  readonly databases: Databases;
  readonly services: Services;
  readonly notes: Notes;
  readonly clock: Clock;
  /** Ends with the process. */
  readonly signal: AbortSignal;
}

/**
 * Brings every service from the old database to the environment's own, in one hold. What was cut short goes on where it was: at any
 * moment one of the two takes writes, or neither.
 * @param bound milliseconds that the hold may last
 * @throws whatever stood in the way, in the middle: `comeBack` takes it back
 */
export async function cross(sides: Sides, bound: number): Promise<void> {
  const { gate, databases, services, notes } = sides;
  if (notes.use !== "own") {
    await databases.settle();
    const isOver = notes.heldSince !== undefined && (await databases.flipped());
    if (isOver) await databases.unfollow();
    else await carryOver(sides, bound);
    await notes.uses("own");
  }
  if (!(await services.run("own"))) await inTime(sides, bound, (signal) => services.handOver("own", signal));
  await gate.release("own");
  await notes.released();
}

async function carryOver(sides: Sides, bound: number): Promise<void> {
  if (restOf(sides, bound) <= 0) throw overdue(bound);
  const ready = await sides.databases.prepare();
  try {
    await hold(sides);
    await inTime(sides, bound, (signal) => ready.go(signal));
  } catch (error) {
    await ready.cancel();
    throw error;
  }
}

/** Noted before it is done: whoever comes next knows since when. */
async function hold({ gate, notes, clock }: Sides): Promise<void> {
  if (notes.heldSince === undefined) await notes.held(clock.now());
  await gate.hold();
}

/** More would be lost by going back than somebody agreed to. */
export class MoreWritten extends DeployError {
  constructor(readonly written: Written) {
    super(
      EXIT.refused,
      `Meanwhile ${countOf(written)} were written to the environment's own database alone.`,
    );
  }
}

/** How many, in words. */
export const countOf = ({ transactions, exact }: Written) =>
  `${exact ? "" : "at most "}${transactions} transaction${transactions === 1 ? "" : "s"}`;

/**
 * Brings every service back to the old database, wherever a crossing stands.
 * @param copy whether what only the environment's own database has is brought back
 * @param most transactions that may be lost where it is not
 * @throws MoreWritten where there are more by now: everything is as it was before then
 */
export async function comeBack(
  sides: Sides,
  { copy, most }: { readonly copy: boolean; readonly most: number },
): Promise<void> {
  const { gate, databases, services, notes, signal } = sides;
  await databases.settle();
  if (notes.heldSince === undefined && notes.use === "external") return;
  await hold(sides);
  if (await databases.flipped()) {
    const written = await databases.holdOwn();
    if (!copy && written.transactions > most) {
      await databases.releaseOwn();
      await gate.release("own");
      await notes.released();
      throw new MoreWritten(written);
    }
    await notes.stale();
    await databases.giveBack(copy && written.transactions > 0);
  } else {
    if (notes.use === "own") await notes.unknown();
    await databases.release();
  }
  await notes.uses("external");
  if (!(await services.run("external"))) await services.handOver("external", signal);
  await databases.releaseOwn();
  await gate.release("external");
  await notes.released();
}

const restOf = ({ notes, clock }: Sides, bound: number) =>
  (notes.heldSince ?? clock.now()) + bound - clock.now();

const overdue = (bound: number) =>
  new DeployError(
    EXIT.rolloutFailed,
    `The hold has lasted ${Math.round(bound / 1000)} s, and may not last longer`,
    ["A longer one: --hold 20m."],
  );

/** Work that ends with the hold's bound: what goes on then is told so, and has ended when this throws. */
async function inTime(
  sides: Sides,
  bound: number,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const { clock, signal } = sides;
  const rest = restOf(sides, bound);
  if (rest <= 0) throw overdue(bound);
  const late = new AbortController();
  const ended = new AbortController();
  const timer = clock.sleep(rest, AbortSignal.any([signal, ended.signal])).then(
    () => late.abort(overdue(bound)),
    () => {},
  );
  try {
    await work(AbortSignal.any([signal, late.signal]));
  } catch (error) {
    throw late.signal.aborted ? late.signal.reason : error;
  } finally {
    ended.abort();
    await timer;
  }
}

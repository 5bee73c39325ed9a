import type { Move } from "../move";
import {
  endOf,
  type MoverLine,
  type MoverRun,
  type MoverTask,
  moversAtWork,
  runMover,
  startMover,
} from "../mover";
import type { Databases, Ready, Written } from "./crossing";

/** What startedBy of the tasks begins with that a flip leaves at work when it dies: a copy's own go on. */
const MARK = "slipway-flip";

/** The verb of the task that, once it is stopped, gives the others their word. */
const GATE = "gate";

/** Both databases, by tasks of the mover. */
export function databasesOf(move: Move, bound: number): Databases {
  const run = (words: string) => runMover(move, words);
  return {
    settle: () => settle(move),
    async flipped() {
      const facts = (await run("survey")).lines.find(({ kind }) => kind === "facts");
      return facts?.state === "flipped";
    },
    prepare: () => prepare(move, bound),
    unfollow: async () => void (await run("unfollow")),
    release: async () => void (await run("release unflipped")),
    written: async () => writtenIn(await run("transactions-since")),
    holdOwn: async () => writtenIn(await run("unfollow hold-new transactions-since")),
    giveBack: async (copy) =>
      void (await run(copy ? "copy-back compare unflipped release" : "unflipped release")),
    releaseOwn: async () => void (await run("release-new")),
  };
}

function writtenIn(run: MoverRun): Written {
  const { transactions, exact } = endOf(run, "transactions-since");
  return { transactions: Number(transactions), exact: exact === true };
}

/** The gate last: whoever waits for its word goes on when it ends. */
async function settle(move: Move): Promise<void> {
  const left = await moversAtWork(move, MARK);
  await stopAll(left.filter(({ words }) => words !== GATE));
  await stopAll(left.filter(({ words }) => words === GATE));
}

async function stopAll(tasks: readonly MoverTask[]): Promise<void> {
  for (const task of tasks) await task.stop();
}

const isReady = ({ step }: MoverLine) => step === "ready";

/** A task takes half a minute to start: both are there before anything is held. */
async function prepare(move: Move, bound: number): Promise<Ready> {
  const isFollowing = move.journal.entry("copy")?.data?.following === true;
  const rest = isFollowing ? "hold catch-up sequences compare flipped" : "hold copy --again compare flipped";
  // An open gate of an earlier try is shut by this one, before anybody waits at it.
  const started: MoverTask[] = [];
  const start = async (words: string) => {
    const task = await startMover(move, words, MARK);
    started.unshift(task);
    await task.until(move.signal, isReady);
    return task;
  };
  try {
    const gate = await start(GATE);
    const crossing = await start(`await ${rest} --bound=${Math.ceil(bound / 1000)}`);
    return readyOf(gate, crossing);
  } catch (error) {
    await stopAll(started);
    throw error;
  }
}

/** Two tasks, of which the one waits for the end of the other. */
function readyOf(gate: MoverTask, crossing: MoverTask): Ready {
  return {
    async go(signal) {
      await gate.stop();
      await crossing.until(signal);
    },
    async cancel() {
      await stopAll([crossing, gate]);
    },
  };
}

import { refused } from "../deploy/errors";
import { awaitHeld, type Held, released, setHeld, waiting, wrongWith } from "./held";
import type { Move } from "./move";
import type { Plan, Standing, Step } from "./step";

/** Services that nobody sends requests, and schedules: they work on one side at a time. */
export const workers: Step<readonly string[]> = {
  name: "workers",
  about: "services without a port, and schedules, work on the new side",
  stands: ({ workers, steps }) =>
    workers.length > 0 || steps.some(({ step, state }) => step === "workers" && state === "begun"),
  plan: planWorkers,
  undo: undoWorkers,
};

async function planWorkers(move: Move, names: readonly string[]): Promise<Plan | Standing> {
  refuseUnknown(move, names);
  const chosen = Object.entries(move.plan.held)
    .filter(([name]) => names.includes(name))
    .map(([name, held]) => released(name, held));
  const { workers } = move.journal.state;
  if (names.every((name) => workers.includes(name)) && (await wrongWith(move, chosen)).length === 0)
    return { standing: `${names.join(", ")}: released already.` };
  return {
    lines: chosen.flatMap(linesOf),
    question: `Have the old ones of ${names.join(", ")} stopped? Two of one kind do the same work twice.`,
    back: "they stop here, and work waits until somebody starts the old ones by hand.",
    data: { names: names.join(" ") },
    async act() {
      const { workers } = move.journal.state;
      await move.journal.write({ workers: [...new Set([...workers, ...names])] });
      await setHeld(move, chosen);
    },
    async prove() {
      await awaitHeld(move, chosen);
      return { text: `${names.join(", ")}: at work on the new side.` };
    },
  };
}

const linesOf = ({ name, count, scaling, schedules }: Held): string[] => [
  ...(count === null ? [] : [`run ${count} of ${name}`]),
  ...(scaling ? [`let autoscaling keep ${scaling.min} to ${scaling.max} of ${name}`] : []),
  ...schedules.map((schedule) => `switch on the schedule ${schedule}`),
];

/** @throws DeployError 1 unless all are names of what is held */
function refuseUnknown({ plan, contract: { environment }, journal }: Move, names: readonly string[]): void {
  const known = Object.keys(plan.held);
  if (names.length === 0)
    throw refused(
      known.length === 0
        ? `Nothing is held in ${environment}: it has neither a service without a port nor a schedule.`
        : `Which of them have stopped on the old side? Held are: ${known.filter((name) => !journal.state.workers.includes(name)).join(", ") || "none any more"}.`,
      ...(known.length === 0 ? [] : [`npx slipway move ${environment} workers ${known.join(" ")}`]),
    );
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0)
    throw refused(
      `${unknown.join(", ")}: nothing of that name is held in ${environment}.`,
      `There are: ${known.join(", ") || "none"}.`,
    );
}

/** All that were released are held again. */
async function undoWorkers(move: Move): Promise<Plan> {
  const { workers } = move.journal.state;
  const chosen = Object.entries(move.plan.held)
    .filter(([name]) => workers.includes(name))
    .map(([name, held]) => waiting(name, held));
  return {
    lines: chosen.flatMap(({ name, count, schedules }) => [
      ...schedules.map((schedule) => `switch off the schedule ${schedule}`),
      ...(count === null ? [] : [`stop every task of ${name}, and wait for their ends`]),
    ]),
    back: `npx slipway move ${move.contract.environment} workers ${workers.join(" ")}`,
    act: () => setHeld(move, chosen),
    async prove() {
      await awaitHeld(move, chosen);
      return {
        text: `${workers.join(", ") || "nothing"}: held again. Start the old ones by hand.`,
        state: { workers: [] },
      };
    },
  };
}

import { DeployError, refused } from "../deploy/errors";
import { EXIT } from "../deploy/exit-code";
import { DEFAULT_LIMITS } from "../deploy/context";
import type { MoveContract, ServiceContract } from "../modules/contract";
import type { Move } from "./move";
import type { Plan, Standing, Step } from "./step";
import { reached } from "./store";

type Held = MoveContract["held"][string];

/** Services that nobody sends requests, and schedules: they work on one side at a time. */
export const workers: Step<readonly string[]> = {
  name: "workers",
  about: "services without a port, and schedules, work on the new side",
  stands: ({ workers, steps }) =>
    workers.length > 0 || steps.some(({ step, state }) => step === "workers" && state === "begun"),
  plan: planWorkers,
  undo: undoWorkers,
};

/** Each with a count of tasks: others are held for their schedules alone. */
const counted = (held: readonly (readonly [string, Held])[]) =>
  held.flatMap(([name, { count }]) => (count === null ? [] : [{ name, count }]));

async function planWorkers(move: Move, names: readonly string[]): Promise<Plan | Standing> {
  const { held } = move.plan;
  const known = Object.keys(held);
  const { environment } = move.contract;
  const { workers: released } = move.journal.state;
  if (names.length === 0)
    throw refused(
      known.length === 0
        ? `Nothing is held in ${environment}: it has neither a service without a port nor a schedule.`
        : `Which of them have stopped on the old side? Held are: ${known.filter((name) => !released.includes(name)).join(", ") || "none any more"}.`,
      ...(known.length === 0 ? [] : [`npx slipway move ${environment} workers ${known.join(" ")}`]),
    );
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0)
    throw refused(
      `${unknown.join(", ")}: nothing of that name is held in ${environment}.`,
      `There are: ${known.join(", ") || "none"}.`,
    );
  const chosen = Object.entries(held).filter(([name]) => names.includes(name));
  const services = await running(move);
  const isRight = counted(chosen).every(({ name, count }) => services(name)?.desired === count);
  if (isRight && names.every((name) => released.includes(name)))
    return { standing: `${names.join(", ")}: released already.` };
  const scheduled = chosen.flatMap(([, { schedules }]) => schedules);
  const scaled = chosen.flatMap(([name, { autoscaling }]) => (autoscaling ? [name] : []));
  return {
    lines: [
      ...counted(chosen).map(({ name, count }) => `run ${count} of ${name}`),
      ...(scheduled.length > 0 ? [`schedules that begin with the next apply: ${scheduled.join(", ")}`] : []),
      ...(scaled.length > 0 ? [`autoscaling begins with the next apply: ${scaled.join(", ")}`] : []),
    ],
    question: `Have the old ones of ${names.join(", ")} stopped? Two of one kind do the same work twice.`,
    back: "they stop here, and work waits until somebody starts the old ones by hand.",
    data: { names: names.join(" ") },
    async act() {
      const { workers } = move.journal.state;
      await move.journal.write({ workers: [...new Set([...workers, ...names])] });
      await setCounts(move, counted(chosen));
    },
    async prove() {
      await countsAre(move, counted(chosen));
      const apply =
        scheduled.length + scaled.length > 0
          ? ` Schedules and autoscaling: npx slipway apply ${environment}.`
          : "";
      return { text: `${names.join(", ")}: at work on the new side.${apply}` };
    },
  };
}

/** All that were released are held again. */
async function undoWorkers(move: Move): Promise<Plan> {
  const { workers: released } = move.journal.state;
  const chosen = Object.entries(move.plan.held).filter(([name]) => released.includes(name));
  const stopped = counted(chosen).map(({ name }) => ({ name, count: 0 }));
  const scheduled = chosen.flatMap(([, { schedules }]) => schedules);
  return {
    lines: [
      ...stopped.map(({ name }) => `stop every task of ${name}, and wait for their ends`),
      ...(scheduled.length > 0 ? [`schedules that end with the next apply: ${scheduled.join(", ")}`] : []),
    ],
    back: `npx slipway move ${move.contract.environment} workers ${released.join(" ")}`,
    act: () => setCounts(move, stopped),
    async prove() {
      await countsAre(move, stopped);
      return {
        text: `${released.join(", ") || "nothing"}: held again. Start the old ones by hand.${scheduled.length > 0 ? ` Schedules: npx slipway apply ${move.contract.environment}, first.` : ""}`,
        state: { workers: [] },
      };
    },
  };
}

const serviceOf = ({ contract }: Move, name: string): ServiceContract => {
  const found = contract.services.find((service) => service.name === name);
  if (!found)
    throw refused(`The contract has no service ${name}, which it says is held.`, "Apply once more.");
  return found;
};

/** How many tasks each service has, and shall have. */
async function running(move: Move) {
  const { contract, aws, plan } = move;
  const names = Object.keys(plan.held).map((name) => serviceOf(move, name).service);
  const found = await aws.services(contract.cluster, names);
  return (name: string) => {
    const service = found.find(({ serviceName }) => serviceName === serviceOf(move, name).service);
    return service && { desired: service.desiredCount ?? 0, running: service.runningCount ?? 0 };
  };
}

async function setCounts(move: Move, counts: readonly { name: string; count: number }[]): Promise<void> {
  const now = await running(move);
  for (const { name, count } of counts)
    if (now(name)?.desired !== count)
      await move.aws.setCount(move.contract.cluster, serviceOf(move, name).service, count);
}

/** Waits until as many tasks run as shall: one more would do the same work twice. */
async function countsAre(move: Move, counts: readonly { name: string; count: number }[]): Promise<void> {
  if (counts.length === 0) return;
  let told = "";
  const wrong = await reached(
    move,
    async () => {
      const now = await running(move);
      const off = counts.filter(
        ({ name, count }) => now(name)?.running !== count || now(name)?.desired !== count,
      );
      const text = off.map(({ name, count }) => `${name}: ${now(name)?.running ?? 0} of ${count}`).join(", ");
      if (text !== "" && text !== told) await move.tell(`running ${text}`);
      told = text;
      return text === "" ? undefined : text;
    },
    DEFAULT_LIMITS.rollout,
  );
  if (wrong === undefined) return;
  throw new DeployError(EXIT.rolloutFailed, `Not as many tasks run as shall: ${wrong}.`, [
    `npx slipway status ${move.contract.environment} says why; then run it again, or back.`,
  ]);
}

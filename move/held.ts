import { DEFAULT_LIMITS } from "../deploy/context";
import { DeployError, refused } from "../deploy/errors";
import { EXIT } from "../deploy/exit-code";
import type { MoveContract, ServiceContract } from "../modules/contract";
import type { Scaling } from "./aws/gateway";
import type { Move } from "./move";
import { reached } from "./store";

/** A service of which something waits during a move, and what it is to have. */
export interface Held {
  readonly name: string;
  /** Tasks; null for a service that runs, whose schedules alone are held. */
  readonly count: number | null;
  readonly scaling: Scaling | undefined;
  readonly schedules: readonly string[];
  /** Whether its schedules start anything. */
  readonly isOn: boolean;
}

type Contracted = MoveContract["held"][string];

/** A service as it works. */
export const released = (name: string, { count, autoscaling, schedules }: Contracted): Held => ({
  name,
  count,
  scaling: autoscaling,
  schedules,
  isOn: true,
});

/** A service whose work waits: neither a task nor a schedule of it. */
export const waiting = (name: string, { count, autoscaling, schedules }: Contracted): Held => ({
  name,
  count: count === null ? null : 0,
  scaling: autoscaling && { min: 0, max: 0 },
  schedules,
  isOn: false,
});

/** Makes AWS as it shall be. The state parameter says the same to Terraform, whose next plan finds nothing to change. */
export async function setHeld(move: Move, all: readonly Held[]): Promise<void> {
  // What starts tasks by itself goes first when work stops, and comes last when it begins.
  for (const held of all) if (!held.isOn) await setSchedules(move, held);
  await setCounts(move, all);
  for (const held of all) if (held.isOn) await setSchedules(move, held);
}

async function setSchedules({ aws }: Move, { schedules, isOn }: Held): Promise<void> {
  const state = stateOf(isOn);
  for (const name of schedules)
    if ((await aws.schedule(name)).state !== state) await aws.setSchedule(name, { state });
}

const stateOf = (isOn: boolean) => (isOn ? "ENABLED" : "DISABLED");

async function setCounts(move: Move, all: readonly Held[]): Promise<void> {
  const { aws, contract } = move;
  const tasks = await tasksOf(move, all);
  for (const held of all) {
    const { name, count, scaling } = held;
    if (count === null) continue;
    const { service } = serviceOf(move, name);
    // Before the count, which autoscaling would bring back between its bounds.
    if (scaling) await aws.setScaling(contract.cluster, service, scaling);
    if (!isWanted(held, tasks(name)?.desired)) await aws.setCount(contract.cluster, service, count);
  }
}

/** As many as are meant; with autoscaling, what it has made of that by now. */
const isWanted = ({ count, scaling }: Held, desired: number | undefined) =>
  desired !== undefined && (scaling ? desired >= scaling.min && desired <= scaling.max : desired === count);

/** What is not as it shall be at this moment, a line each. */
export async function wrongWith(move: Move, all: readonly Held[]): Promise<string[]> {
  const tasks = await tasksOf(move, all);
  const wrong: string[] = [];
  for (const held of all) {
    const now = tasks(held.name);
    if (held.count !== null && !(isWanted(held, now?.desired) && now?.running === now?.desired))
      wrong.push(`${held.name}: ${now?.running ?? 0} of ${held.count}`);
    wrong.push(...(await wrongSettings(move, held)));
  }
  return wrong;
}

async function wrongSettings(move: Move, { name, scaling, schedules, isOn }: Held): Promise<string[]> {
  const { aws, contract } = move;
  const wrong: string[] = [];
  if (scaling) {
    const { min, max } = (await aws.scaling(contract.cluster, serviceOf(move, name).service)) ?? {};
    if (min !== scaling.min || max !== scaling.max)
      wrong.push(`autoscaling of ${name}: ${min} to ${max}, not ${scaling.min} to ${scaling.max}`);
  }
  for (const schedule of schedules) {
    const { state } = await aws.schedule(schedule);
    if (state !== stateOf(isOn)) wrong.push(`schedule ${schedule}: ${state}`);
  }
  return wrong;
}

/** Waits until as many tasks run as shall, and schedules are on or off: one more would do the same work twice. */
export async function awaitHeld(move: Move, all: readonly Held[]): Promise<void> {
  let told = "";
  const wrong = await reached(
    move,
    async () => {
      const text = (await wrongWith(move, all)).join(", ");
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

const serviceOf = ({ contract }: Move, name: string): ServiceContract => {
  const found = contract.services.find((service) => service.name === name);
  if (!found)
    throw refused(
      `The contract has no service ${name}, which it says is held.`,
      `Apply once more: npx slipway apply ${contract.environment}`,
    );
  return found;
};

/** How many tasks each service has, and shall have; nothing is asked where none is held for its tasks. */
async function tasksOf(move: Move, all: readonly Held[]) {
  const { contract, aws } = move;
  const names = all.flatMap(({ name, count }) => (count === null ? [] : [serviceOf(move, name).service]));
  const found = names.length === 0 ? [] : await aws.services(contract.cluster, names);
  return (name: string) => {
    const service = found.find(({ serviceName }) => serviceName === serviceOf(move, name).service);
    return service && { desired: service.desiredCount ?? 0, running: service.runningCount ?? 0 };
  };
}

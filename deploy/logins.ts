import { randomUUID } from "node:crypto";
import type { Service } from "@aws-sdk/client-ecs";
import type { Contract, LoginsContract, ServiceContract } from "../modules/contract";
import { AwsError } from "./aws/error";
import type { Context } from "./context";
import { DeployError } from "./errors";
import { EXIT } from "./exit-code";
import { type OneOff, startTask, type TaskEnd, watchTask } from "./one-off";
import { runMark } from "./started-by";
import { loginOf } from "./used-database";

/** The logins that the database shall have when the task has run. */
export interface LoginsPlan {
  logins: LoginsContract;
  /** Names of the logins, in the order of the contract. */
  wanted: readonly string[];
  who: string;
}

/** A service that is told to run another task definition, its login's or its database's; `from` is what it runs until then. */
export interface HandOver {
  from: string;
  to: string;
}

const NO_LOGINS: ReadonlySet<string> = new Set();

/** The logins that the parameter says were made. */
export const madeLogins = (text: string | undefined): ReadonlySet<string> =>
  text === undefined ? NO_LOGINS : new Set(text.split(","));

/** The logins that shall be: the current one of each service, and the one before while tasks may still use it. */
export function wantedLogins(
  { services: logins }: LoginsContract,
  made: ReadonlySet<string>,
  services: readonly ServiceContract[],
  found: readonly Service[],
): string[] {
  return Object.entries(logins).flatMap(([name, { login, before, scheduled }]) => {
    const isUsed = before !== null && (scheduled === before || !hasTakenOver(name, services, found));
    return isUsed && made.has(before) ? [login, before] : [login];
  });
}

/** Whether nothing but the login's task definition runs. */
function hasTakenOver(
  name: string,
  services: readonly ServiceContract[],
  found: readonly Service[],
): boolean {
  const contract = services.find((service) => service.name === name);
  const service = found.find(({ serviceName }) => serviceName === contract?.service);
  const [only, ...others] = service?.deployments ?? [];
  return (
    others.length === 0 &&
    only?.rolloutState === "COMPLETED" &&
    only.taskDefinition === contract?.taskDefinition
  );
}

/** What a service runs by now, if that is not the task definition of the database that is used, with its login once that is made. */
export function handOverOf(
  contract: Pick<Contract, "database">,
  made: ReadonlySet<string>,
  { name, taskDefinition: to, other }: ServiceContract,
  found: Service | undefined,
): HandOver | undefined {
  const login = loginOf(contract, name)?.login;
  const from = found?.taskDefinition;
  if (from === undefined || from === to) return undefined;
  const mayRun = login === undefined ? other !== undefined : made.has(login);
  return mayRun ? { from, to } : undefined;
}

export const sameLogins = (wanted: readonly string[], made: ReadonlySet<string>) =>
  wanted.length === made.size && wanted.every((login) => made.has(login));

/** Users without what tells the writings of their passwords apart. */
export const usersIn = (logins: readonly string[]) => logins.map((login) => login.split(":")[0]).join(", ");

/**
 * Makes the logins in the database, and writes down that they are. Nothing runs with one of them before that.
 * @throws DeployError 2 when they could not be made, 4 when nobody can say.
 */
export async function makeLogins(context: Context, { logins, wanted, who }: LoginsPlan): Promise<void> {
  const { aws, contract, events } = context;
  const subject = contract.environment;
  const say = (state: "started" | "succeeded" | "failed", text: string) =>
    events.emit({ type: "stage", stage: "logins", subject, state, text });
  say("started", usersIn(wanted));
  try {
    const oneOff = oneOffOf(context, logins, wanted, who);
    const task = await startTask(context, oneOff);
    events.emit({ type: "progress", stage: "logins", subject, text: `task ${task.taskArn}` });
    const end = await watchTask(context, oneOff, task);
    if (end.kind !== "succeeded") throw failure(end);
    await aws.writeParameter(logins.made, wanted.join(",")).catch(notWritten);
    say("succeeded", usersIn(wanted));
  } catch (error) {
    say("failed", error instanceof Error ? error.message : String(error));
    throw error;
  }
}

/** Each run is one of its own: the SQL has the same end however often it runs, and one waits for the other. */
function oneOffOf(
  { contract }: Context,
  logins: LoginsContract,
  wanted: readonly string[],
  who: string,
): OneOff {
  return {
    stage: "logins",
    subject: contract.environment,
    capacity: [{ capacityProvider: "FARGATE", weight: 1, base: 0 }],
    network: logins.network,
    taskDefinition: logins.taskDefinition,
    container: logins.container,
    override: { environment: [{ name: "LOGINS", value: wanted.join(",") }] },
    logs: logins.logs,
    startedBy: runMark(who, randomUUID()),
    clientToken: () => randomUUID(),
    known: new Set(),
    digests: null,
  };
}

function notWritten(error: unknown): never {
  if (!(error instanceof AwsError)) throw error;
  throw new DeployError(
    error.kind === "lost" ? EXIT.unknown : EXIT.migrationFailed,
    `The logins were made, and that could not be written down. No service was touched. ${error.message}`,
    ["Deploy again: making them once more changes nothing."],
  );
}

function failure(end: Exclude<TaskEnd, { kind: "succeeded" }>): DeployError {
  const untouched = "No service was touched";
  if (end.kind === "unknown") {
    const text = `What became of the task that makes logins is unknown: ${end.reason}. ${untouched}.`;
    return new DeployError(
      EXIT.unknown,
      text,
      ["Deploy again: making them once more changes nothing."],
      end.lastLines,
    );
  }
  const text = `The logins were not made: ${end.reason}. ${untouched}.`;
  return new DeployError(EXIT.migrationFailed, text, [end.retry], end.lastLines);
}

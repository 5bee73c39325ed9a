import type { Contract, LoginsContract, ServiceContract } from "../modules/contract";
import { type MoveState, parseMoveState } from "../modules/contract/move";
import { refused } from "./errors";

/** One of the two databases that an environment may have. */
export type UsedDatabase = NonNullable<NonNullable<Contract["database"]>["use"]>;

/** The two in words. */
export const DATABASES: Readonly<Record<UsedDatabase, string>> = {
  own: "the environment's own",
  external: "the one that is elsewhere",
};

/** The one of two databases that services are given; undefined where there is but one. */
export const usedDatabase = ({ database }: Pick<Contract, "database">): UsedDatabase | undefined =>
  database?.also && (database.use ?? "own");

/** The one of two databases that one service is given; undefined for a service that has none, too. */
export const usedBy = (contract: Pick<Contract, "database">, { otherSecrets }: ServiceContract) =>
  otherSecrets && usedDatabase(contract);

/** A service's login, where that is what it comes to the database with: one that is elsewhere knows none. */
export const loginOf = (
  contract: Pick<Contract, "database">,
  service: string,
): LoginsContract["services"][string] | undefined =>
  usedDatabase(contract) === "external" ? undefined : contract.database?.logins?.services[service];

/** Task definitions of a service by the database that they are for, while data moves from one to the other. */
export function definitionsOf(
  contract: Pick<Contract, "database">,
  { taskDefinition, other }: ServiceContract,
): Readonly<Record<UsedDatabase, string>> | undefined {
  if (!other) return undefined;
  return usedDatabase(contract) === "external"
    ? { external: taskDefinition, own: other.taskDefinition }
    : { own: taskDefinition, external: other.taskDefinition };
}

/** What reads parameters that hold no secret. */
interface Parameters {
  parameter(name: string): Promise<string | undefined>;
}

/**
 * How far the move of a database has come; undefined where none moves.
 * @throws DeployError 1 where its parameter is gone or says something else
 */
export async function readMoveState(aws: Parameters, contract: Contract): Promise<MoveState | undefined> {
  if (!contract.move || !contract.services.some(({ other }) => other)) return undefined;
  const { parameter } = contract.move;
  const state = parseMoveState(await aws.parameter(parameter));
  if (state !== undefined) return state;
  throw refused(
    `The parameter ${parameter}, which says how far the move has come, is gone or is none: nobody knows which database services are given.`,
    `npx slipway apply ${contract.environment} makes it anew where it is gone, as if nothing had moved; its history in Parameter Store has the last one that was.`,
  );
}

/**
 * The contract as it stands while data moves: an apply writes it for the environment's own database, and until the flip
 * definitions, migrations and secrets are those of the one that is elsewhere.
 */
export function withUsed(contract: Contract, state: MoveState | undefined): Contract {
  const { database, services } = contract;
  if (state?.use !== "external" || !database) return contract;
  return { ...contract, database: { ...database, use: "external" }, services: services.map(withExternal) };
}

function withExternal(service: ServiceContract): ServiceContract {
  const { taskDefinition, migration, other, secrets, otherSecrets } = service;
  if (!other) return service;
  return {
    ...service,
    taskDefinition: other.taskDefinition,
    migration: migration && other.migration ? { ...migration, taskDefinition: other.migration } : null,
    other: { taskDefinition, migration: migration?.taskDefinition ?? null },
    secrets: { ...secrets, ...otherSecrets },
    otherSecrets: {},
  };
}

import type { Contract, LoginsContract, ServiceContract } from "../modules/contract";

/** One of the two databases that an environment may have. */
export type UsedDatabase = NonNullable<NonNullable<Contract["database"]>["use"]>;

/** Which of two databases services are given; undefined where there is but one. */
export const usedDatabase = ({ database }: Pick<Contract, "database">): UsedDatabase | undefined =>
  database?.also && (database.use ?? "own");

/** Which of two databases one service is given; undefined for a service that has none, too. */
export const usedBy = (contract: Pick<Contract, "database">, { otherSecrets }: ServiceContract) =>
  otherSecrets && usedDatabase(contract);

/** A service's login, where that is what it comes to the database with: one that is elsewhere knows none. */
export const loginOf = (
  contract: Pick<Contract, "database">,
  service: string,
): LoginsContract["services"][string] | undefined =>
  usedDatabase(contract) === "external" ? undefined : contract.database?.logins?.services[service];

/** The two in words. */
export const DATABASES: Readonly<Record<UsedDatabase, string>> = {
  own: "the environment's own",
  external: "the one that is elsewhere",
};

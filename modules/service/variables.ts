import type { ServiceConfiguration } from "./props";
import { variableOf } from "../uses/props";

/** Variables that the database's connection fills. */
export const connectionVariables = ["PGHOST", "PGPORT", "PGUSER", "PGDATABASE", "PGSSLMODE", "PGPASSWORD"];

type Sources = readonly (readonly [source: string, variables: readonly string[]])[];

/** Every variable that a service's containers are given, by where it comes from. */
export const variablesOf = (
  { config, secrets, database, uses }: ServiceConfiguration,
  urls: readonly string[] = database ? database.urls : [],
): Sources => [
  ["config", Object.keys(config)],
  ["secrets", secrets],
  ["database.urls", urls],
  ["the database's own variables", database ? database.variables : []],
  ["uses", Object.entries(uses).map(([name, options]) => variableOf(name, options))],
];

/** Where each variable comes from that is there already. */
export const sourcesOf = (service: ServiceConfiguration): Map<string, string> =>
  new Map(variablesOf(service).flatMap(([source, names]) => names.map((name) => [name, source] as const)));

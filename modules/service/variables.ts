import { z } from "zod";
import type { ServiceConfiguration } from "../environment/props";

/** The name of an environment variable. */
export const variable = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "is no name for an environment variable (letters, digits and _).");

/** Variables that the database's connection fills. */
const connectionVariables = ["PGHOST", "PGPORT", "PGUSER", "PGDATABASE", "PGSSLMODE", "PGPASSWORD"];

type Sources = readonly (readonly [source: string, variables: readonly string[]])[];

/** Every variable that a service's containers are given, by where it comes from. */
export const variablesOf = (
  { config, secrets, database }: ServiceConfiguration,
  urls: readonly string[] = database ? database.urls : [],
): Sources => [
  ["config", Object.keys(config)],
  ["secrets", secrets],
  ["database.urls", urls],
  ["the database's own variables", database ? connectionVariables : []],
];

/** Where each variable comes from that is there already. */
export const sourcesOf = (service: ServiceConfiguration): Map<string, string> =>
  new Map(variablesOf(service).flatMap(([source, names]) => names.map((name) => [name, source] as const)));

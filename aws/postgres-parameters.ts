import { postgresSettings } from "./postgres-settings";

/** How RDS takes over a changed parameter: a static one only when somebody reboots the instance. */
export type ApplyType = "dynamic" | "static";

/**
 * Parameters whose type on RDS pg_settings does not tell: RDS' own, and those that RDS changes by a restart although
 * Postgres would not need one. Source: Amazon RDS user guide, "RDS for PostgreSQL DB instance parameter list",
 * column Apply_Type; read on 2026-11-21.
 */
const onRds: Readonly<Record<string, ApplyType>> = {
  "rds.adaptive_autovacuum": "dynamic",
  "rds.force_ssl": "dynamic",
  "rds.log_retention_period": "dynamic",
  "rds.restrict_password_commands": "static",
  ssl: "static",
  temp_file_limit: "static",
};

/** By lower-case name: the majors in which a setting has a context. RDS writes `timezone` where Postgres writes `TimeZone`. */
const settings = new Map(
  Object.entries(postgresSettings).map(([name, contexts]) => [name.toLowerCase(), Object.entries(contexts)]),
);

/**
 * The type of a Postgres parameter on RDS: by its context in pg_settings of that major version (postgres-settings.ts),
 * static for `postmaster`. A parameter that no table knows is taken for static, which RDS accepts of any.
 */
export function applyType(major: string, parameter: string): ApplyType {
  const name = parameter.toLowerCase();
  const contexts = settings.get(name) ?? [];
  const context = contexts.find(([, [first, last]]) => Number(major) >= first && Number(major) <= last)?.[0];
  return onRds[name] ?? (context === undefined || context === "postmaster" ? "static" : "dynamic");
}

/** Whether RDS certainly takes this parameter for static, and so refuses to apply it at once. */
export const isKnownStatic = (major: string, parameter: string): boolean =>
  (settings.has(parameter.toLowerCase()) || parameter.toLowerCase() in onRds) &&
  applyType(major, parameter) === "static";

import type { DatabaseConfiguration, ExternalDatabaseConfiguration } from "../modules/database/props";

/** What stands in for an environment's database where there is only Docker: a laptop, a runner. */
export interface Engine {
  /** The official image of the same major version, or of the same minor one where the environment holds it. */
  readonly image: string;
  /** What follows the image in `docker run`: `-c name=value` for each parameter. */
  readonly arguments: readonly string[];
  /** Parameters of the environment that the image does not know. */
  readonly leftOut: readonly LeftOut[];
  readonly database: string;
  readonly username: string;
}

interface LeftOut {
  readonly name: string;
  readonly value: string;
  readonly why: string;
}

/**
 * Modules that come with Postgres and have parameters, whose names begin with theirs. Other names with a dot belong to
 * extensions that RDS adds. Source: PostgreSQL documentation, "Additional Supplied Modules" and "PL/pgSQL under the Hood".
 */
const MODULES = [
  "auth_delay",
  "auto_explain",
  "passwordcheck",
  "pg_prewarm",
  "pg_stat_statements",
  "pg_trgm",
  "plpgsql",
  "postgres_fdw",
];

const LIBRARIES = "shared_preload_libraries";

/** What must be known of a database to start one like it. */
type Known = Pick<DatabaseConfiguration, "engineVersion" | "parameters" | "name" | "username">;

/** A database, whether the environment makes it or it is elsewhere; undefined where its file says no version of that. */
export function known(database: DatabaseConfiguration | ExternalDatabaseConfiguration): Known | undefined {
  if (database.url === undefined) return database;
  const { engineVersion } = database;
  return engineVersion === undefined
    ? undefined
    : { engineVersion, parameters: {}, name: "app", username: "app" };
}

/** A Postgres like the one that these options are about. Pure. */
export function engineLike({ engineVersion, parameters, name, username }: Known): Engine {
  const kept: string[] = [];
  const leftOut: LeftOut[] = [];
  for (const [parameter, value] of Object.entries(parameters)) {
    const why = reasonAgainst(parameter, value);
    if (why) leftOut.push({ name: parameter, value, why });
    else if (parameter === LIBRARIES) {
      const { known, unknown } = libraries(value);
      if (known.length > 0) kept.push("-c", `${LIBRARIES}=${known.join(",")}`);
      for (const library of unknown)
        leftOut.push({
          name: LIBRARIES,
          value: library,
          why: "the official image does not have the library",
        });
    } else kept.push("-c", `${parameter}=${value}`);
  }
  return { image: `postgres:${engineVersion}`, arguments: kept, leftOut, database: name, username };
}

function reasonAgainst(parameter: string, value: string): string | undefined {
  const [prefix, rest] = parameter.split(".");
  if (prefix === "rds") return "only RDS has it";
  if (rest !== undefined && !MODULES.includes(prefix ?? ""))
    return "the official image does not have the extension";
  // RDS computes such values from the instance's size: {DBInstanceClassMemory/32768}, GREATEST(…), LEAST(…), SUM(…).
  // Source: Amazon RDS user guide, "Specifying DB parameters".
  if (/\{|^(GREATEST|LEAST|SUM)\(/.test(value)) return "only RDS computes the formula";
  return undefined;
}

function libraries(value: string) {
  const all = value
    .split(",")
    .map((library) => library.trim())
    .filter((library) => library !== "");
  return {
    known: all.filter((library) => MODULES.includes(library)),
    unknown: all.filter((library) => !MODULES.includes(library)),
  };
}

import { DEFAULT_SCHEMA } from "../modules/database/schema";
import type { AnyConfiguration } from "../modules/environment/any";
import type { ServiceConfiguration } from "../modules/service/props";
import { type Engine, engineLike, known } from "./engine";

/** Where the throw-away server is, for the containers beside it, and its password. */
const SERVER = "database:5432";
const PASSWORD = "throw-away";

/** The migrations of an environment, and the Postgres to try them on. */
export interface Migrations {
  /** Null where nothing migrates, or the database is elsewhere and its file says no version of it. */
  readonly engine: Engine | null;
  readonly services: readonly ServiceMigration[];
}

/** What a service runs before each deployment, as it is tried where there is only Docker. */
export interface ServiceMigration {
  readonly service: string;
  /** ECR repository of the image. */
  readonly repository: string;
  /** The schema that has to be there. */
  readonly schema: string;
  /** Each of them has to succeed. */
  readonly commands: readonly (readonly string[])[];
  /** The container's environment, but for secrets and for what only AWS knows. */
  readonly variables: Readonly<Record<string, string>>;
}

/** The migrations of all services of an environment. Those of App Runner's are none to try: they run outside of the image. Pure. */
export function migrationsOf(configuration: AnyConfiguration): Migrations {
  if (!("database" in configuration)) return { engine: null, services: [] };
  const { database, services } = configuration;
  const found = database && known(database);
  if (!found) return { engine: null, services: [] };
  const engine = engineLike(found);
  const migrating = services.flatMap((service) =>
    service.migrations && service.database
      ? [migrationOf(service, service.migrations.command, service.database, engine)]
      : [],
  );
  return { engine: migrating.length > 0 ? engine : null, services: migrating };
}

function migrationOf(
  { name, registry, config }: ServiceConfiguration,
  command: readonly string[],
  { schema, urls, variables }: Exclude<ServiceConfiguration["database"], false>,
  { database, username }: Engine,
): ServiceMigration {
  const path = schema === DEFAULT_SCHEMA ? "" : `-csearch_path=${schema}`;
  const options = path && `&options=${encodeURIComponent(path)}`;
  const url = `postgres://${username}:${PASSWORD}@${SERVER}/${database}?sslmode=disable${options}`;
  const [PGHOST = "", PGPORT = ""] = SERVER.split(":");
  const parts = {
    PGHOST,
    PGPORT,
    PGUSER: username,
    PGPASSWORD: PASSWORD,
    PGDATABASE: database,
    PGSSLMODE: "disable",
  };
  return {
    service: name,
    repository: registry.repository,
    schema,
    commands: rehearsed(command),
    variables: {
      // $URL and the like have their values on AWS.
      ...Object.fromEntries(Object.entries(config).filter(([, value]) => !value.includes("$"))),
      // Of one that is elsewhere a service has the whole URL alone.
      ...Object.fromEntries(Object.entries(parts).filter(([name]) => variables.includes(name))),
      ...(path && { PGOPTIONS: path }),
      ...Object.fromEntries(urls.map((variable) => [variable, url])),
    },
  };
}

/** Before goose migrates, it is asked what there is, and whether its files can be read. */
function rehearsed(command: readonly string[]): string[][] {
  const [program = "", ...words] = command;
  if (!/(^|\/)goose$/.test(program) || words.at(-1) !== "up") return [[...command]];
  return ["status", "validate", "up"].map((verb) => [program, ...words.slice(0, -1), verb]);
}

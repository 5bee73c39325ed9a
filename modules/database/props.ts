import { z } from "zod";
import { isPostgresVersion, postgresMajors } from "../../aws/postgres";
import { show } from "../mistakes";
import { expand, formed, into, intoThere, isRecord, options, optionalPart } from "../options";

/** A name that needs no quotes in SQL. */
const identifier = z
  .string()
  .regex(
    /^[a-z_][a-z0-9_]{0,62}$/,
    "must start with a letter or _ and hold a-z, 0-9 and _ only, at most 63.",
  );

/** A name in pg_settings: `work_mem`, `pgaudit.log`. */
const parameterName = z
  .string()
  .regex(/^[A-Za-z_]\w*(\.\w+)?$/, "is no name of a Postgres parameter, like work_mem or pgaudit.log.");

/** The image that makes logins: psql of any version speaks with every Postgres that RDS has. Source: gallery.ecr.aws. */
const PSQL_IMAGE = "public.ecr.aws/docker/library/postgres:17-alpine";

const loginOptions = options({
  /**
   * What makes them: an image with sh and psql. Without NAT it lies in an ECR repository of the region, where somebody
   * copies it: `docker buildx imagetools create`.
   * @default "public.ecr.aws/docker/library/postgres:17-alpine"
   */
  image: z
    .string()
    .regex(/^\S+\/\S+[:@]\S+$/, "is no image with its registry and its tag or digest.")
    .default(PSQL_IMAGE),
});

/** What names a Postgres that is elsewhere: whatever else stands there may be a password, and no message shows it. */
const external = (option: "url" | "also") =>
  z.custom<"external">(
    (written) => written === "external",
    `is written by a person, not here: say ${option}: "external".`,
  );

export const databaseOptions = options({
  /** RDS instance class. @default "db.t4g.micro" */
  instanceClass: z
    .string()
    .refine((name) => /^db\.[a-z0-9-]+\.[a-z0-9]+$/.test(name), {
      error: (issue) =>
        `${show(issue.input)} is no RDS instance class for Postgres; there is db.t4g.micro, db.m7g.large, …`,
    })
    .default("db.t4g.micro"),
  /** `"17"` follows the newest minor version in the maintenance window, `"17.6"` holds one. @default "17" */
  engineVersion: z
    .string()
    .refine(isPostgresVersion, {
      error: (issue) =>
        `${show(issue.input)} is no Postgres version on RDS; major versions are ${postgresMajors.join(", ")}.`,
    })
    .default("17"),
  /**
   * Postgres parameters by name, the same as a developer sets locally: `{ max_connections: "200" }`. RDS takes a changed
   * one over at once, or, where Postgres needs a restart for it, when somebody reboots the instance: the plan says which.
   * Leave out what only repeats RDS' default.
   * @default {}
   */
  parameters: z.record(parameterName, z.union([z.string(), z.number()]).transform(String)).default({}),
  /** The database that is made at the start. @default "app" */
  name: identifier.default("app"),
  /** The master user. @default "app" */
  username: identifier
    .refine((name) => !["admin", "postgres", "rdsadmin", "root", "user"].includes(name), {
      error: (issue) => `${show(issue.input)} is reserved or guessed first; choose another.`,
    })
    .default("app"),
  /**
   * A user for each service, with rights on its schema (`database: { schema }` of the service) and no others; migrations alone
   * are the master user. A deploy makes them. False: all are the master user.
   * @default false
   */
  logins: optionalPart(loginOptions).default(false),
  /** Raising it by one rotates the passwords: the instance, the stored parameters and the running tasks. @default 1 */
  passwordVersion: z.int().min(1).default(1),
  /** Query parameters of the connection URLs. @default {"sslmode":"require"} */
  urlParameters: z.record(z.string(), z.string()).default({ sslmode: "require" }),
  /** GiB of gp3 storage. @default 20 */
  storage: z.int().min(20).max(65536).default(20),
  /** GiB up to which storage grows by itself; false keeps it at `storage`. @default 100 */
  maxStorage: z.union([z.literal(false), z.int().max(65536)]).default(100),
  /** A standby in another zone, at the price of the instance, that takes over, and answers nobody until then. @default false */
  multiAz: z.boolean().default(false),
  /**
   * Copies that answer reads, 0 or 1, each at the price of the instance without its standby: services find it at
   * `PGHOST_REPLICA`, with the user and password of the other.
   * @default 0
   */
  replicas: z.literal([0, 1]).default(0),
  /** Days that automatic backups are kept, 0 for none. @default 7 */
  backupDays: z.int().min(0).max(35).default(7),
  /** Refuses to delete the instance until it is switched off and applied; off where `data` is disposable. @default true */
  deletionProtection: z.boolean().default(true),
  /** A snapshot when the instance is deleted after all; none where `data` is disposable. @default true */
  finalSnapshot: z.boolean().default(true),
  /** What the database waits for, query by query, in RDS for seven days; free. @default true */
  performanceInsights: z.boolean().default(true),
  /**
   * Changes of instance class, storage, version and multiAz happen at once, not in the maintenance window. Changed
   * parameters wait for neither: see `parameters`.
   * @default false
   */
  applyImmediately: z.boolean().default(false),
  /**
   * `"external"`: a Postgres that is elsewhere beside this one, whose URL a person writes as that of one alone. Each service that
   * has a database names the variables that it reads a URL from, so that it can be given either.
   * @default none
   */
  also: external("also").optional(),
  /**
   * The one of the two databases that services, schedules and migrations are given: `"own"`, the one that the environment makes, or
   * `"external"`, the one that `also` names. A change replaces their tasks and nothing else.
   * @default "own"
   */
  use: z.enum(["own", "external"]).optional(),
});

/** A Postgres that is elsewhere: nothing of it is made. */
export const externalDatabaseOptions = options({
  /**
   * `"external"`: a person writes the URL, `npx slipway secret set <environment> DATABASE_URL`, and services are given it in
   * the variables that they name under `database`, `DATABASE_URL` if they name none. They get no PG* variables.
   */
  url: external("url"),
  /**
   * The version that it is of, `"15"` or `"15.8"`: migrations are tried on one like it before a release, and `npx slipway postgres`
   * prints it.
   * @default none: nothing is tried
   */
  engineVersion: z
    .string()
    .regex(/^[1-9]\d(\.\d+)?$/, 'is no version of Postgres, like "15" or "15.8".')
    .optional(),
});

/** What a file says of a database that the environment makes. */
export interface DatabaseProps extends z.input<typeof databaseOptions> {}
/** What a file says of one that is elsewhere. */
export interface ExternalDatabaseProps extends z.input<typeof externalDatabaseOptions> {}
/** An RDS instance that the environment makes. */
export type DatabaseConfiguration = z.output<typeof databaseOptions> & { readonly url?: undefined };
/** A Postgres that is elsewhere. */
export type ExternalDatabaseConfiguration = z.output<typeof externalDatabaseOptions>;

/** Whether what was written is about a database that is elsewhere. */
const isExternal = (written: unknown): boolean => isRecord(written) && "url" in written;

/** `"db.t4g.small"` or the options; one that is elsewhere; false for an environment without a database. */
export const database = formed(
  z
    .custom<boolean | string | DatabaseProps | ExternalDatabaseProps>()
    .transform(
      (
        value,
        context,
      ): false | z.output<typeof databaseOptions> | z.output<typeof externalDatabaseOptions> => {
        if (value === false) return false;
        const written = expand(value, "instanceClass");
        if (!isExternal(written) || !isRecord(written)) return into(context, databaseOptions, written);
        return intoThere(
          context,
          externalDatabaseOptions,
          written,
          databaseOptions,
          "is about a database that the environment makes, and url names one that is elsewhere: leave it out, or url.",
        );
      },
    ),
  // What a preset says is about one that is made.
  {
    options: [databaseOptions, externalDatabaseOptions],
    shorthand: "instanceClass",
    optional: true,
    replaces: isExternal,
  },
);

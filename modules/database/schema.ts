import { z } from "zod";

/** The schema that Postgres takes where none is named. */
export const DEFAULT_SCHEMA = "public";

/** What a role's name ends in: with it, none is longer than Postgres' 63 characters. */
const LONGEST = 57;

export const schemaName = z
  .string()
  .regex(/^[a-z_][a-z0-9_]*$/, "must start with a letter or _ and hold a-z, 0-9 and _ only.")
  .max(LONGEST)
  .refine((name) => !name.startsWith("pg_") && name !== "information_schema", {
    error: "is a schema of Postgres' own; choose another.",
  });

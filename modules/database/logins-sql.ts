/** One of a service's two users, of which each rotation takes the other. */
export interface Member {
  readonly user: string;
  readonly schema: string;
  /** The setting of the session that holds its password. */
  readonly setting: string;
}

/** A schema, and whether those who use it may make tables there: where migrations do, they may not. */
export interface Schema {
  readonly name: string;
  readonly creates: boolean;
}

/** The role that a schema's users are members of, and act as. */
export const usersOf = (schema: string) => `${schema}_users`;

/** What tells the users that this made from those that a person did. */
const MARK = "Login of a service: deploy makes it, and ends it";

/** The setting of the session that names the users that shall be able to log in, each with what follows a colon. */
export const WANTED = "logins.wanted";

const text = (value: string) => `'${value.replaceAll("'", "''")}'`;
const rows = (values: readonly (readonly (string | boolean)[])[]) =>
  values
    .map((row) => `(${row.map((value) => (typeof value === "string" ? text(value) : value)).join(", ")})`)
    .join(", ");

/**
 * SQL that makes the users of services what they shall be, however often it runs, as the master user, which is no superuser on
 * RDS. It is one statement, so that all of it happens or nothing; who runs it at the same time waits. Passwords come in settings of
 * the session, `PGOPTIONS="-c logins.password_1=…"`: no statement holds one, and so neither does Postgres' log.
 */
export const loginsSql = (schemas: readonly Schema[], members: readonly Member[]) => `DO $logins$
DECLARE
  wanted text[] := ARRAY(SELECT split_part(token, ':', 1)
    FROM unnest(string_to_array(current_setting('${WANTED}'), ',')) AS token);
  schema record;
  login record;
  name text;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext(${text(MARK)}));
  PERFORM set_config('client_min_messages', 'warning', true);

  FOR schema IN SELECT * FROM (VALUES ${rows(schemas.map((one) => [one.name, usersOf(one.name), one.creates]))}) AS s(named, users, creates) LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = schema.users) THEN
      EXECUTE format('CREATE ROLE %I NOLOGIN', schema.users);
    END IF;
    EXECUTE format('GRANT %I TO CURRENT_USER', schema.users);
    EXECUTE format('CREATE SCHEMA IF NOT EXISTS %I', schema.named);
    EXECUTE format('REVOKE CREATE ON SCHEMA %I FROM PUBLIC, %I', schema.named, schema.users);
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', schema.named, schema.users);
    IF schema.creates THEN
      EXECUTE format('GRANT CREATE ON SCHEMA %I TO %I', schema.named, schema.users);
    END IF;
    EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO %I', schema.named, schema.users);
    EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT USAGE, SELECT, UPDATE ON SEQUENCES TO %I', schema.named, schema.users);
    -- What was there before; what an extension owns is not the master user's to give.
    FOR name IN SELECT oid::regclass FROM pg_class
      WHERE relnamespace = schema.named::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f') AND pg_has_role(relowner, 'USAGE') LOOP
      EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE %s TO %I', name, schema.users);
    END LOOP;
    FOR name IN SELECT oid::regclass FROM pg_class
      WHERE relnamespace = schema.named::regnamespace AND relkind = 'S' AND pg_has_role(relowner, 'USAGE') LOOP
      EXECUTE format('GRANT USAGE, SELECT, UPDATE ON SEQUENCE %s TO %I', name, schema.users);
    END LOOP;
  END LOOP;

  FOR login IN SELECT * FROM (VALUES ${rows(members.map((one) => [one.user, usersOf(one.schema), one.schema, one.setting]))}) AS l(named, users, schema, setting) WHERE named = ANY (wanted) LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = login.named) THEN
      EXECUTE format('CREATE ROLE %I', login.named);
      EXECUTE format('COMMENT ON ROLE %I IS %L', login.named, ${text(MARK)});
    ELSIF shobj_description((SELECT oid FROM pg_roles WHERE rolname = login.named), 'pg_authid') IS DISTINCT FROM ${text(MARK)} THEN
      RAISE EXCEPTION 'The user % is there already, and no deploy made it: rename the service, or that user.', login.named;
    END IF;
    FOR name IN SELECT role.rolname FROM pg_auth_members m JOIN pg_roles role ON role.oid = m.roleid
      JOIN pg_roles own ON own.oid = m.member WHERE own.rolname = login.named AND role.rolname <> login.users LOOP
      EXECUTE format('REVOKE %I FROM %I', name, login.named);
    END LOOP;
    EXECUTE format('GRANT %I TO %I', login.users, login.named);
    EXECUTE format('ALTER ROLE %I SET role = %I', login.named, login.users);
    EXECUTE format('ALTER ROLE %I SET search_path = %I', login.named, login.schema);
    BEGIN
      EXECUTE format('ALTER ROLE %I LOGIN PASSWORD %L', login.named, current_setting(login.setting));
    EXCEPTION WHEN OTHERS THEN
      -- Without its context, which would be the statement with the password.
      RAISE EXCEPTION 'The user % got no password: %', login.named, SQLERRM;
    END;
  END LOOP;

  FOR name IN SELECT rolname FROM pg_roles
    WHERE rolcanlogin AND shobj_description(oid, 'pg_authid') = ${text(MARK)} AND rolname <> ALL (wanted) LOOP
    EXECUTE format('ALTER ROLE %I NOLOGIN PASSWORD NULL', name);
    PERFORM pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = name;
  END LOOP;
END
$logins$;
SELECT rolname || CASE WHEN rolcanlogin THEN ' may log in' ELSE ' may not log in any more' END
FROM pg_roles WHERE shobj_description(oid, 'pg_authid') = ${text(MARK)} ORDER BY rolname;
`;

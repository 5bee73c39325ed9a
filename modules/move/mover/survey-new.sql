-- What the environment's own database has to offer: what it can be given, and whether it is free.
SELECT json_build_object(
  'version', current_setting('server_version'),
  'major', current_setting('server_version_num')::int / 10000,
  'walLevel', current_setting('wal_level'),
  'encoding', getdatabaseencoding(),
  'collation', (SELECT datcollate FROM pg_database WHERE datname = current_database()),
  'subscribes', (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
    OR EXISTS (SELECT FROM pg_roles WHERE rolname IN ('rds_superuser', 'pg_create_subscription') AND pg_has_role(oid, 'USAGE')),
  'extensions', (SELECT json_agg(name ORDER BY name) FROM pg_available_extensions));

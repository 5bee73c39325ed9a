-- Gives the user and the database back the setting that a hold found.
SELECT CASE WHEN was = '' THEN format('ALTER ROLE %I RESET default_transaction_read_only', current_user)
  ELSE format('ALTER ROLE %I SET default_transaction_read_only = %L', current_user, was) END
FROM (SELECT coalesce((:'before'::json ->> 'role'), '') AS was) b
\gexec
SELECT CASE WHEN was = '' THEN format('ALTER DATABASE %I RESET default_transaction_read_only', current_database())
  ELSE format('ALTER DATABASE %I SET default_transaction_read_only = %L', current_database(), was) END
FROM (SELECT coalesce((:'before'::json ->> 'database'), '') AS was) b
WHERE (SELECT pg_has_role(datdba, 'USAGE') FROM pg_database WHERE datname = current_database())
\gexec

-- Brings back what uncheck.sql took away.
SELECT format('ALTER TABLE %s ADD CONSTRAINT %I %s', name, conname, what) FROM checks
\gexec
SELECT format('COMMENT ON CONSTRAINT %I ON %s IS %L', conname, name, said) FROM checks WHERE said IS NOT NULL
\gexec

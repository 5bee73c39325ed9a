-- Checks of a table that its rows were never held to (NOT VALID) would refuse them when they come again: these go, and come back after it.
CREATE TEMPORARY TABLE checks ON COMMIT DROP AS
WITH RECURSIVE up AS (SELECT :'name'::regclass::oid AS oid UNION SELECT inhparent FROM pg_inherits JOIN up ON inhrelid = up.oid)
SELECT conrelid::regclass::text AS name, conname, pg_get_constraintdef(oid) AS what, obj_description(oid, 'pg_constraint') AS said
FROM pg_constraint WHERE contype = 'c' AND NOT convalidated AND coninhcount = 0 AND conrelid IN (SELECT oid FROM up);
SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', name, conname) FROM checks
\gexec

-- What goes before and after rows of the tables in `named` come back to the old database, in one transaction: without the superuser's right to put
-- triggers and foreign keys to sleep, triggers and rules are disabled, and keys dropped and made again as they were, checked.
CREATE TEMPORARY VIEW changed AS SELECT coalesce(pg_partition_root(name::regclass), name::regclass)::oid AS root, name::regclass::oid AS oid
FROM named;
-- Checks, too, that rows were never held to: they would refuse them when they come again.
CREATE TEMPORARY VIEW keys AS WITH RECURSIVE up AS (SELECT oid FROM changed UNION SELECT inhparent FROM pg_inherits JOIN up ON inhrelid = up.oid)
SELECT o.oid, o.conrelid::regclass AS name, o.conname FROM pg_constraint o
WHERE o.contype = 'f' AND o.conparentid = 0 AND EXISTS (SELECT FROM changed
  WHERE root IN (coalesce(pg_partition_root(conrelid), conrelid), coalesce(pg_partition_root(confrelid), confrelid)))
  OR o.contype = 'c' AND NOT o.convalidated AND o.coninhcount = 0 AND o.conrelid IN (SELECT oid FROM up);
CREATE TEMPORARY VIEW triggers AS SELECT t.tgrelid::regclass AS name, t.tgname, t.tgenabled FROM pg_trigger t
WHERE NOT t.tgisinternal AND t.tgenabled <> 'D' AND t.tgrelid IN (SELECT oid FROM changed);
CREATE TEMPORARY VIEW rules AS SELECT w.ev_class::regclass AS name, w.rulename, w.ev_enabled FROM pg_rewrite w
WHERE w.ev_enabled <> 'D' AND w.ev_class IN (SELECT oid FROM changed);
SELECT format('ALTER TABLE %s DISABLE RULE %I;', name, rulename) FROM rules WHERE :'when' = 'before';
SELECT format('ALTER TABLE %s ENABLE %s RULE %I;', name, CASE ev_enabled WHEN 'A' THEN 'ALWAYS' WHEN 'R' THEN 'REPLICA' END, rulename)
FROM rules WHERE :'when' = 'after';
SELECT format('ALTER TABLE %s DROP CONSTRAINT %I;', name, conname) FROM keys WHERE :'when' = 'before';
SELECT format('ALTER TABLE %s DISABLE TRIGGER %I;', name, tgname) FROM triggers WHERE :'when' = 'before';
SELECT format('ALTER TABLE %s ENABLE %s TRIGGER %I;', name, CASE tgenabled WHEN 'A' THEN 'ALWAYS' WHEN 'R' THEN 'REPLICA' END, tgname)
FROM triggers WHERE :'when' = 'after';
SELECT format('ALTER TABLE %s ADD CONSTRAINT %I %s;', name, conname, pg_get_constraintdef(oid)) FROM keys WHERE :'when' = 'after';
SELECT format('COMMENT ON CONSTRAINT %I ON %s IS %L;', conname, name, obj_description(oid, 'pg_constraint')) FROM keys
WHERE :'when' = 'after' AND obj_description(oid, 'pg_constraint') IS NOT NULL;

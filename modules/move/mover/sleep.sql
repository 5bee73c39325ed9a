-- What follows has fired its triggers in the old database: those that fire on it none the less (ENABLE ALWAYS, ENABLE REPLICA) sleep here.
SELECT to_regclass('slipway_move.asleep') IS NOT NULL AS "follows" \gset
\if :follows
SET lock_timeout = '3s';
BEGIN;
CREATE TEMPORARY TABLE found ON COMMIT DROP AS SELECT name, tgname, tgenabled FROM pg_trigger t JOIN kept_tables k ON k.oid = t.tgrelid WHERE tgenabled IN ('A', 'R');
INSERT INTO slipway_move.asleep SELECT * FROM found;
SELECT format('ALTER TABLE ONLY %s DISABLE TRIGGER %I', name, tgname) FROM found
\gexec
COMMIT;
\endif

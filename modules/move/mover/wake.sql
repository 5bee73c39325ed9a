-- Wakes what sleep.sql has put to sleep.
SELECT to_regclass('slipway_move.asleep') IS NOT NULL AS "follows" \gset
\if :follows
BEGIN;
SELECT format('ALTER TABLE ONLY %s ENABLE %s TRIGGER %I', name, CASE tgenabled WHEN 'A' THEN 'ALWAYS' WHEN 'R' THEN 'REPLICA' END, tgname) FROM slipway_move.asleep
\gexec
DELETE FROM slipway_move.asleep;
COMMIT;
\endif

-- Ends following at the environment's side, whether the old database answers or not.
SELECT statement FROM (VALUES (1, 'ALTER SUBSCRIPTION slipway_move DISABLE'), (2, 'ALTER SUBSCRIPTION slipway_move SET (slot_name = NONE)'),
  (3, 'DROP SUBSCRIPTION slipway_move')) s(at, statement)
WHERE EXISTS (SELECT FROM pg_subscription WHERE subname = 'slipway_move' AND subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())) ORDER BY at
\gexec

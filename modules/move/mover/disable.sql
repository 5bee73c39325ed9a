-- The environment's database takes nothing more from the old one.
SELECT 'ALTER SUBSCRIPTION slipway_move DISABLE'
FROM pg_subscription WHERE subname = 'slipway_move' AND subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())
\gexec

-- Whom the mover's sessions wait for, and what ends that. A prepared transaction has no process; of another user's nobody sees its beginning.
SELECT 'Waits for ' || string_agg(who, ', and for ' ORDER BY who) || '.' FROM (
  SELECT DISTINCT format('process %s of %s%s%s, which ends by itself or by SELECT pg_terminate_backend(%s)', b.pid, coalesce(a.usename, a.backend_type, 'the server itself'),
    ' (' || nullif(a.application_name, '') || ')', to_char(a.xact_start AT TIME ZONE 'UTC', ', "in a transaction since" YYYY-MM-DD HH24:MI "UTC"'), b.pid) AS who
  FROM pg_stat_activity w CROSS JOIN LATERAL unnest(pg_blocking_pids(w.pid)) b(pid) JOIN pg_stat_activity a ON a.pid = b.pid
  WHERE w.application_name = 'slipway-move' AND coalesce(a.application_name, '') <> 'slipway-move'
  UNION
  SELECT format('the prepared transaction %L of %s, which COMMIT PREPARED or ROLLBACK PREPARED ends in database %s', gid, owner, database)
  FROM pg_prepared_xacts WHERE EXISTS (SELECT FROM pg_stat_activity w WHERE w.application_name = 'slipway-move' AND 0 = ANY (pg_blocking_pids(w.pid)))) found;

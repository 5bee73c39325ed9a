-- Keeps everybody from writing rows until this session ends: also who says BEGIN READ WRITE, and sessions that nobody could end.
-- Reading goes on. A task that is lost gives the tables back within a minute.
SET application_name = 'slipway-move-shut';
SET tcp_keepalives_idle = 30;
SET tcp_keepalives_interval = 10;
SET tcp_keepalives_count = 3;
SET lock_timeout = '3s';
BEGIN;
DO $shut$
DECLARE
  it record;
BEGIN
  -- Without one of these rights nobody is given the lock.
  FOR it IN SELECT oid, name FROM kept_tables WHERE has_table_privilege(oid, 'UPDATE, DELETE, TRUNCATE') ORDER BY name LOOP
    BEGIN
      EXECUTE format('LOCK TABLE ONLY %s IN SHARE MODE', it.name);
    EXCEPTION WHEN lock_not_available THEN
      -- Whoever has it, or waits for it before this session. Of the server's own nobody sees more, and it can be ended by the superuser alone.
      RAISE EXCEPTION '% is still written to, by %.', it.name, coalesce(
        (SELECT string_agg(DISTINCT CASE
            WHEN gid IS NOT NULL THEN format('the prepared transaction %L of %s (ROLLBACK PREPARED %L ends it)', gid, owner, gid)
            WHEN usename IS NULL THEN format('process %s of the server itself, which ends by itself', l.pid)
            ELSE format('process %s of %s (SELECT pg_terminate_backend(%s) ends it)', l.pid, usename, l.pid) END, ', ')
          FROM pg_locks l LEFT JOIN pg_stat_activity a USING (pid)
            LEFT JOIN pg_locks t ON l.pid IS NULL AND t.pid IS NULL AND t.virtualtransaction = l.virtualtransaction AND t.locktype = 'transactionid'
            LEFT JOIN pg_prepared_xacts x ON x.transaction = t.transactionid
          WHERE l.relation = it.oid AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
            AND l.mode LIKE '%Exclusive%' AND (l.granted OR l.mode <> 'RowExclusiveLock')),
        'somebody who has ended by now');
    END;
  END LOOP;
END
$shut$;

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
      RAISE EXCEPTION '% is still written to, by %.', it.name,
        (SELECT string_agg(DISTINCT coalesce(format('process %s of %s (SELECT pg_terminate_backend(%s) ends it)', a.pid, coalesce(usename, backend_type), a.pid), 'a prepared transaction'), ', ')
          FROM pg_locks l LEFT JOIN pg_stat_activity a USING (pid) WHERE l.relation = it.oid AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND l.granted AND l.mode LIKE '%Exclusive%');
    END;
  END LOOP;
END
$shut$;

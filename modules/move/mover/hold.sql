-- Makes the database read only for everybody where its owner asks, else for the user who asks, and ends the sessions that
-- began before. Whoever writes none the less says so himself: BEGIN READ WRITE. Says whose sessions could not be ended.
SELECT format('ALTER ROLE %I SET default_transaction_read_only = on', current_user)
\gexec
SELECT format('ALTER DATABASE %I SET default_transaction_read_only = on', datname) FROM pg_database
WHERE datname = current_database() AND pg_has_role(datdba, 'USAGE')
\gexec
CREATE TEMPORARY VIEW others AS SELECT pid, usename, pg_has_role(usesysid, 'USAGE') AS own FROM pg_stat_activity
WHERE datname = current_database() AND usename IS NOT NULL AND pid <> pg_backend_pid()
  AND coalesce(backend_type, 'client backend') = 'client backend' AND coalesce(application_name, '') <> 'slipway-move';
CREATE TEMPORARY TABLE ended AS SELECT pid FROM others WHERE own;
DO $sessions$
BEGIN
  FOR attempt IN 1..200 LOOP
    PERFORM pg_terminate_backend(pid) FROM ended;
    PERFORM pg_stat_clear_snapshot();
    EXIT WHEN NOT EXISTS (SELECT FROM ended JOIN pg_stat_activity USING (pid));
    IF attempt = 200 THEN RAISE EXCEPTION 'Sessions that were told to end are still there.'; END IF;
    PERFORM pg_sleep(0.05);
  END LOOP;
END
$sessions$;
DO $prepared$
DECLARE
  pending text := (SELECT string_agg(gid, ', ') FROM pg_prepared_xacts WHERE database = current_database());
BEGIN
  IF pending <> '' THEN RAISE EXCEPTION 'Transactions are prepared, and may be committed any time: %. Commit them, or roll them back.', pending; END IF;
END
$prepared$;
SELECT json_build_object('ended', (SELECT count(*) FROM ended),
  'others', (SELECT coalesce(json_agg(DISTINCT usename), '[]') FROM others WHERE NOT own),
  'everybody', (SELECT pg_has_role(datdba, 'USAGE') FROM pg_database WHERE datname = current_database()));

-- Waits until everything that was written before is on the other side.
SELECT set_config('slipway.last', pg_current_wal_flush_lsn()::text, false), set_config('slipway.bound', :'bound', false) \g /dev/null
DO $caught_up$
DECLARE
  until timestamptz := clock_timestamp() + make_interval(secs => current_setting('slipway.bound')::int);
BEGIN
  LOOP
    EXIT WHEN EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = 'slipway_move' AND confirmed_flush_lsn >= current_setting('slipway.last')::pg_lsn);
    IF clock_timestamp() > until THEN
      RAISE EXCEPTION 'The copy did not reach the old database''s last position within % s.', current_setting('slipway.bound');
    END IF;
    PERFORM pg_sleep(0.05);
  END LOOP;
END
$caught_up$;
SELECT current_setting('slipway.last');

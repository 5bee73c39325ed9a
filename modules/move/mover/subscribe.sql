-- The environment's database calls the old one. Where to and with what password goes with this connection, not with the
-- statement: whatever is said of it, in a log or an error, shows none.
DO $subscribe$
BEGIN
  IF EXISTS (SELECT FROM pg_subscription WHERE subname = 'slipway_move' AND subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())) THEN
    EXECUTE format('ALTER SUBSCRIPTION slipway_move CONNECTION %L', current_setting('slipway.upstream'));
    ALTER SUBSCRIPTION slipway_move ENABLE;
  ELSE
    EXECUTE format('CREATE SUBSCRIPTION slipway_move CONNECTION %L PUBLICATION slipway_move WITH (copy_data = false, create_slot = false, slot_name = slipway_move)',
      current_setting('slipway.upstream'));
  END IF;
EXCEPTION WHEN OTHERS THEN
  RAISE EXCEPTION 'The environment''s database does not get through to the old one: %', SQLERRM;
END
$subscribe$;

-- Takes away at the old database what following made there. A slot is let go only when nobody reads it any more.
DO $unpublish$
BEGIN
  FOR attempt IN 1..100 LOOP
    PERFORM pg_terminate_backend(active_pid) FROM pg_replication_slots
      WHERE slot_name IN ('slipway_move', 'slipway_move_copy') AND database = current_database() AND active_pid IS NOT NULL;
    BEGIN
      PERFORM pg_drop_replication_slot(slot_name) FROM pg_replication_slots
        WHERE slot_name IN ('slipway_move', 'slipway_move_copy') AND database = current_database();
      EXIT;
    EXCEPTION WHEN object_in_use OR undefined_object THEN
      IF attempt = 100 THEN RAISE; END IF;
      PERFORM pg_sleep(0.1);
    END;
  END LOOP;
END
$unpublish$;
DROP PUBLICATION IF EXISTS slipway_move;

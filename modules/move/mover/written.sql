-- How many rows were written, or tables emptied, that the copy has not been given: the log's messages, once nobody reads them any more.
DO $idle$
BEGIN
  FOR attempt IN 1..100 LOOP
    PERFORM pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = 'slipway_move' AND active_pid IS NOT NULL;
    EXIT WHEN NOT FOUND;
    PERFORM pg_sleep(0.05);
  END LOOP;
END
$idle$;
SELECT count(*) FROM pg_logical_slot_peek_binary_changes('slipway_move', NULL, NULL, 'proto_version', '1', 'publication_names', 'slipway_move')
WHERE chr(get_byte(data, 0)) IN ('I', 'U', 'D', 'T');

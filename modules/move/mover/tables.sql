-- One record for each table, the biggest first; fields are parted by U+001F and records by zero, as a name may hold all else.
SELECT name, columns, all_columns, stays, bytes, key, key_hash, '' FROM kept_tables ORDER BY bytes DESC, name;

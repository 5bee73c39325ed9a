-- What a hold is going to change, as it stands.
SELECT json_build_object(
  'role', (SELECT split_part(c, '=', 2) FROM pg_db_role_setting s CROSS JOIN unnest(setconfig) c JOIN pg_roles r ON r.oid = setrole
    WHERE r.rolname = current_user AND setdatabase = 0 AND c LIKE 'default_transaction_read_only=%'),
  'database', (SELECT split_part(c, '=', 2) FROM pg_db_role_setting s CROSS JOIN unnest(setconfig) c JOIN pg_database d ON d.oid = setdatabase
    WHERE d.datname = current_database() AND setrole = 0 AND c LIKE 'default_transaction_read_only=%'));

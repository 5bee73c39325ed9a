-- Everything about the old database that decides whether and how it moves. Changes nothing.
CREATE TEMPORARY VIEW me AS SELECT * FROM pg_roles WHERE rolname = current_user;
CREATE TEMPORARY VIEW partitioned AS SELECT format('%I.%I', n.nspname, c.relname) AS name, p.partstrat, o.opcintype,
  k.orders <> 0 AS istext, k.orders <> 0 AND coalesce(CASE WHEN l.collname = 'default' THEN (SELECT datcollate FROM pg_database WHERE datname = current_database()) ELSE l.collcollate END, '') NOT IN ('C', 'POSIX', 'C.UTF-8') AS isordered
FROM pg_partitioned_table p JOIN pg_class c ON c.oid = p.partrelid JOIN kept n ON n.oid = c.relnamespace
  CROSS JOIN LATERAL unnest(p.partclass::oid[], p.partcollation::oid[]) k(class, orders)
  JOIN pg_opclass o ON o.oid = k.class LEFT JOIN pg_collation l ON l.oid = k.orders;
SELECT json_build_object(
  'version', current_setting('server_version'),
  'major', current_setting('server_version_num')::int / 10000,
  'database', current_database(),
  'user', current_user,
  'bytes', pg_database_size(current_database()),
  'encoding', getdatabaseencoding(),
  'collation', (SELECT datcollate FROM pg_database WHERE datname = current_database()),
  'replica', pg_is_in_recovery(),
  'superuser', (SELECT rolsuper FROM me),
  'replication', (SELECT rolreplication OR rolsuper FROM me)
    OR EXISTS (SELECT FROM pg_roles WHERE rolname = 'rds_replication' AND pg_has_role(oid, 'USAGE')),
  'walLevel', current_setting('wal_level'),
  'freeSlots', current_setting('max_replication_slots')::int - (SELECT count(*) FROM pg_replication_slots WHERE slot_name NOT LIKE 'slipway\_move%'),
  'createsInDatabase', has_database_privilege(current_database(), 'CREATE'),
  'ownsDatabase', (SELECT pg_has_role(datdba, 'USAGE') FROM pg_database WHERE datname = current_database()),
  'platformSchemas', to_json(:'platform'::text[]),
  'schemas', (SELECT coalesce(json_agg(nspname ORDER BY nspname), '[]') FROM kept),
  'closedSchemas', (SELECT coalesce(json_agg(nspname ORDER BY nspname), '[]') FROM kept WHERE NOT has_schema_privilege(oid, 'USAGE')),
  'extensions', (SELECT coalesce(json_agg(json_build_object('name', extname, 'version', extversion, 'schema', nspname) ORDER BY extname), '[]')
    FROM pg_extension JOIN pg_namespace n ON n.oid = extnamespace WHERE extname <> ALL (:'without'::name[])),
  'extensionsLeftOut', (SELECT coalesce(json_agg(extname ORDER BY extname), '[]') FROM pg_extension WHERE extname = ANY (:'without'::name[]) AND extname <> 'plpgsql'),
  'tables', (SELECT count(*) FROM kept_tables),
  'rows', (SELECT coalesce(sum(estimate), 0) FROM kept_tables),
  'largest', (SELECT coalesce(json_agg(t), '[]') FROM (SELECT name, bytes, estimate AS rows FROM kept_tables ORDER BY bytes DESC LIMIT 10) t),
  'unreadable', (SELECT coalesce(json_agg(name ORDER BY name), '[]') FROM (SELECT name FROM kept_tables WHERE NOT has_table_privilege(oid, 'SELECT') LIMIT 50) t),
  'foreign', (SELECT coalesce(json_agg(name ORDER BY name), '[]') FROM (SELECT name FROM kept_tables WHERE NOT pg_has_role(relowner, 'USAGE') LIMIT 50) t),
  'hiddenRows', (SELECT coalesce(json_agg(name ORDER BY name), '[]') FROM (SELECT name FROM kept_tables
    WHERE relrowsecurity AND NOT (SELECT rolsuper OR rolbypassrls FROM me) AND (relforcerowsecurity OR NOT pg_has_role(relowner, 'USAGE')) LIMIT 50) t),
  -- Rows that another machine may put into another partition: by the hash of an enum, which is made of its values' numbers there, or of
  -- text, whose bytes another encoding changes; and by where text is in order.
  'enumHashed', (SELECT coalesce(json_agg(DISTINCT name), '[]') FROM partitioned WHERE partstrat = 'h' AND opcintype = 'anyenum'::regtype),
  'textHashed', (SELECT coalesce(json_agg(DISTINCT name), '[]') FROM partitioned WHERE partstrat = 'h' AND istext),
  'textRanged', (SELECT coalesce(json_agg(DISTINCT name), '[]') FROM partitioned WHERE partstrat = 'r' AND isordered),
  'unheld', (SELECT coalesce(json_agg(name ORDER BY name), '[]') FROM (SELECT name FROM kept_tables WHERE NOT has_table_privilege(oid, 'UPDATE, DELETE, TRUNCATE') LIMIT 50) t),
  -- A slot begins when all of these have ended, of whatever database.
  'transactions', (SELECT coalesce(json_agg(json_build_object('pid', pid, 'user', usename, 'application', application_name, 'database', datname,
      'seconds', extract(epoch FROM now() - xact_start)::int) ORDER BY xact_start), '[]') FROM pg_stat_activity WHERE backend_xid IS NOT NULL AND pid <> pg_backend_pid()),
  'prepared', (SELECT coalesce(json_agg(json_build_object('name', gid, 'user', owner, 'database', database,
      'seconds', extract(epoch FROM now() - prepared)::int) ORDER BY prepared), '[]') FROM pg_prepared_xacts),
  'rowSecurity', (SELECT count(*) FROM kept_tables WHERE relrowsecurity),
  'withoutKey', (SELECT coalesce(json_agg(json_build_object('name', name, 'bytes', bytes) ORDER BY bytes DESC), '[]') FROM (SELECT name, bytes FROM kept_tables WHERE stays = 'no key' ORDER BY bytes DESC LIMIT 50) t),
  'unlogged', (SELECT coalesce(json_agg(json_build_object('name', name, 'bytes', bytes) ORDER BY bytes DESC), '[]') FROM (SELECT name, bytes FROM kept_tables WHERE stays = 'unlogged' ORDER BY bytes DESC LIMIT 50) t),
  'sequences', (SELECT count(*) FROM pg_sequences s JOIN kept n ON n.nspname = s.schemaname),
  'unreadableSequences', (SELECT coalesce(json_agg(format('%I.%I', n.nspname, c.relname)), '[]') FROM pg_class c JOIN kept n ON n.oid = c.relnamespace
    WHERE CASE WHEN c.relkind = 'S' THEN NOT has_sequence_privilege(c.oid, 'SELECT') END),
  'materializedViews', (SELECT count(*) FROM pg_class c JOIN kept n ON n.oid = c.relnamespace WHERE c.relkind = 'm'),
  'foreignTables', (SELECT coalesce(json_agg(format('%I.%I', n.nspname, c.relname)), '[]') FROM pg_class c JOIN kept n ON n.oid = c.relnamespace WHERE c.relkind = 'f'),
  'eventTriggers', (SELECT coalesce(json_agg(evtname ORDER BY evtname), '[]') FROM pg_event_trigger WHERE evtowner = (SELECT oid FROM me)),
  'largeObjects', (SELECT count(*) FROM pg_largeobject_metadata),
  'roles', (SELECT coalesce(json_agg(rolname ORDER BY rolname), '[]') FROM (SELECT DISTINCT r.rolname FROM pg_class c JOIN kept n ON n.oid = c.relnamespace
    CROSS JOIN LATERAL aclexplode(c.relacl) a JOIN pg_roles r ON r.oid = a.grantee WHERE r.rolname <> current_user) t),
  -- Their names alone: a value may be a secret.
  'settings', (SELECT coalesce(json_agg(DISTINCT split_part(c, '=', 1)), '[]') FROM pg_db_role_setting CROSS JOIN unnest(setconfig) c
    WHERE setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database())) AND setrole IN (0, (SELECT oid FROM me))
      AND c NOT LIKE 'default_transaction_read_only=%'),
  'policyRoles', (SELECT coalesce(json_agg(rolname ORDER BY rolname), '[]') FROM (SELECT DISTINCT r.rolname FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid
    JOIN kept n ON n.oid = c.relnamespace CROSS JOIN unnest(p.polroles) g JOIN pg_roles r ON r.oid = g) t),
  'onPlatform', (
    WITH theirs AS (SELECT d.classid, d.objid FROM pg_depend d JOIN pg_namespace n ON n.oid = d.refobjid AND d.refclassid = 2615 WHERE n.nspname = ANY (:'platform'::name[])),
    ours AS (
      SELECT 2606 AS classid, o.oid AS objid FROM pg_constraint o JOIN kept n ON n.oid = o.connamespace
      UNION ALL SELECT 2618, w.oid FROM pg_rewrite w JOIN pg_class c ON c.oid = w.ev_class JOIN kept n ON n.oid = c.relnamespace
      UNION ALL SELECT 2620, t.oid FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN kept n ON n.oid = c.relnamespace WHERE NOT t.tgisinternal
      UNION ALL SELECT 3256, p.oid FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN kept n ON n.oid = c.relnamespace
      UNION ALL SELECT 2604, a.oid FROM pg_attrdef a JOIN pg_class c ON c.oid = a.adrelid JOIN kept n ON n.oid = c.relnamespace
      UNION ALL SELECT 1259, c.oid FROM pg_class c JOIN kept n ON n.oid = c.relnamespace
      UNION ALL SELECT 1255, p.oid FROM pg_proc p JOIN kept n ON n.oid = p.pronamespace)
    SELECT coalesce(json_agg(what), '[]') FROM (
      SELECT DISTINCT pg_describe_object(o.classid, o.objid, 0) || ' needs ' || pg_describe_object(d.refclassid, d.refobjid, 0) AS what
      FROM ours o JOIN pg_depend d ON d.classid = o.classid AND d.objid = o.objid JOIN theirs t ON t.classid = d.refclassid AND t.objid = d.refobjid
      WHERE (o.classid, o.objid) NOT IN (SELECT * FROM extended) ORDER BY what LIMIT 50) found)
);

-- The schemas that the move is about, as a view of this session: all but the system's, the platform's and the mover's own.
CREATE TEMPORARY VIEW kept AS SELECT oid, nspname FROM pg_namespace
WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'slipway_move') AND nspname <> ALL (:'platform'::name[]);
-- What comes and goes with an extension.
CREATE TEMPORARY VIEW extended AS SELECT classid, objid FROM pg_depend WHERE deptype = 'e';
-- Tables with rows of their own: whether they can follow, and why not.
CREATE TEMPORARY VIEW kept_tables AS
SELECT c.oid, format('%I.%I', n.nspname, c.relname) AS name, c.relowner,
  coalesce((SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
    WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped AND attgenerated = ''), '') AS columns,
  coalesce((SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
    WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped), '') AS all_columns,
  coalesce((SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_index JOIN pg_attribute ON attrelid = c.oid AND attnum = ANY (indkey)
    WHERE indrelid = c.oid AND indisvalid AND CASE c.relreplident WHEN 'i' THEN indisreplident WHEN 'n' THEN false ELSE indisprimary END HAVING bool_and(attgenerated = '')), '') AS key,
  -- What is summed up to tell keys apart: whole numbers are, nearly everywhere, and that is quicker by far.
  (SELECT CASE WHEN count(*) = 1 AND bool_and(atttypid IN (20, 21, 23)) THEN format('hashint8extended(%s, 0)', max(quote_ident(attname))) END
    FROM pg_index JOIN pg_attribute ON attrelid = c.oid AND attnum = ANY (indkey)
    WHERE indrelid = c.oid AND indisvalid AND CASE c.relreplident WHEN 'i' THEN indisreplident WHEN 'n' THEN false ELSE indisprimary END) AS key_hash,
  CASE WHEN c.relpersistence = 'u' THEN 'unlogged'
    WHEN c.relreplident = 'f' THEN ''
    WHEN c.relreplident = 'd' AND EXISTS (SELECT FROM pg_index WHERE indrelid = c.oid AND indisprimary AND indisvalid) THEN ''
    WHEN c.relreplident = 'i' AND EXISTS (SELECT FROM pg_index WHERE indrelid = c.oid AND indisreplident AND indisvalid) THEN ''
    ELSE 'no key' END AS stays,
  pg_total_relation_size(c.oid) AS bytes, greatest(c.reltuples, 0)::bigint AS estimate, c.relrowsecurity, c.relforcerowsecurity
FROM pg_class c JOIN kept n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND (1259, c.oid) NOT IN (SELECT classid, objid FROM extended);

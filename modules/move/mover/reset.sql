-- Empties the database of what a copy brought: schemas and extensions that were there before stay, and lose what is in them.
SELECT set_config('slipway.schemas', :'schemas', false), set_config('slipway.extensions', :'extensions', false) \g /dev/null
DO $reset$
DECLARE
  it record;
BEGIN
  FOR it IN SELECT extname FROM pg_extension WHERE extname <> ALL (current_setting('slipway.extensions')::name[]) LOOP
    EXECUTE format('DROP EXTENSION IF EXISTS %I CASCADE', it.extname);
  END LOOP;
  FOR it IN SELECT nspname FROM kept WHERE nspname <> ALL (current_setting('slipway.schemas')::name[]) LOOP
    EXECUTE format('DROP SCHEMA %I CASCADE', it.nspname);
  END LOOP;
  LOOP
    SELECT o.type, o.identity INTO it FROM pg_depend d JOIN kept n ON n.oid = d.refobjid
      CROSS JOIN LATERAL pg_identify_object(d.classid, d.objid, 0) o
    WHERE d.refclassid = 2615 AND d.deptype = 'n' AND d.classid NOT IN ('pg_default_acl'::regclass, 'pg_extension'::regclass)
      AND (d.classid, d.objid) NOT IN (SELECT * FROM extended)
      -- Part of something else, and gone with it: the sequence of an identity column.
      AND NOT EXISTS (SELECT FROM pg_depend p WHERE p.classid = d.classid AND p.objid = d.objid AND p.objsubid = 0 AND p.deptype = 'i') LIMIT 1;
    EXIT WHEN NOT FOUND;
    EXECUTE format('DROP %s %s CASCADE', replace(it.type, 'statistics object', 'statistics'), it.identity);
  END LOOP;
  PERFORM lo_unlink(oid) FROM pg_largeobject_metadata;
END
$reset$;

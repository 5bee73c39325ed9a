-- What stands in a database that should be empty: the first few, in words.
SELECT string_agg(what, ', ') FROM (
  SELECT pg_describe_object(d.classid, d.objid, 0) AS what FROM pg_depend d JOIN kept n ON n.oid = d.refobjid
  WHERE d.refclassid = 2615 AND d.deptype = 'n' AND d.classid NOT IN ('pg_default_acl'::regclass, 'pg_extension'::regclass)
    AND (d.classid, d.objid) NOT IN (SELECT * FROM extended)
  UNION ALL SELECT 'large object ' || oid FROM pg_largeobject_metadata
  LIMIT 5) found;

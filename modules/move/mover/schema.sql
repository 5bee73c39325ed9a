-- What a database is made of, one line each: equal lines are equal databases. Behind U+001F stands what has an expression in it, without
-- the expression: Postgres may spell that otherwise once it is dumped and restored (`x IN ('a', 'b')` of a varchar).
SELECT said FROM (SELECT translate(line || E'\x1f' || coalesce(what, ''), E'\n\r', '  ') AS said FROM (
  SELECT what || coalesce(' ' || pg_get_expr(d.adbin, d.adrelid), '') AS line, what
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN kept n ON n.oid = c.relnamespace
    LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
    CROSS JOIN LATERAL (SELECT format('column %I.%I.%I %s%s%s%s%s storage %s', n.nspname, c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
      CASE WHEN a.attnotnull THEN ' not null' END, CASE WHEN a.attidentity <> '' THEN ' identity ' || a.attidentity::text END,
      CASE WHEN a.attgenerated <> '' THEN ' generated' END,
      ' collation ' || (SELECT quote_ident(collname) FROM pg_collation WHERE oid = a.attcollation), a.attstorage) AS what) w
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c') AND c.relpersistence <> 't' AND a.attnum > 0 AND NOT a.attisdropped AND (1259, c.oid) NOT IN (SELECT * FROM extended)
  UNION ALL
  SELECT format('relation %I.%I %s %s%s%s replica identity %s%s', n.nspname, c.relname, c.relkind, c.relpersistence,
    CASE WHEN c.relrowsecurity THEN ' row security' END, CASE WHEN c.relforcerowsecurity THEN ' forced' END, c.relreplident,
    ' with ' || (SELECT string_agg(o, ', ' ORDER BY o) FROM unnest(c.reloptions) o)), NULL
  FROM pg_class c JOIN kept n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND c.relpersistence <> 't' AND (1259, c.oid) NOT IN (SELECT * FROM extended)
  UNION ALL
  SELECT format('parent %I.%I of %I.%I %s', pn.nspname, p.relname, n.nspname, c.relname, pg_get_expr(c.relpartbound, c.oid)), NULL
  FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN kept n ON n.oid = c.relnamespace
    JOIN pg_class p ON p.oid = i.inhparent JOIN pg_namespace pn ON pn.oid = p.relnamespace WHERE c.relkind IN ('r', 'p', 'f')
  UNION ALL
  SELECT format('index %s%s', pg_get_indexdef(i.indexrelid), CASE WHEN NOT i.indisvalid THEN ' invalid' END),
    format('index %s on %s %s %s %s', i.indexrelid::regclass, i.indrelid::regclass, i.indisunique, i.indisvalid, i.indnatts)
  FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN kept n ON n.oid = c.relnamespace
  WHERE c.relpersistence <> 't' AND (1259, c.oid) NOT IN (SELECT * FROM extended)
  UNION ALL
  SELECT format('constraint %I on %s %s', o.conname, coalesce(nullif(o.conrelid, 0)::regclass::text, format_type(o.contypid, NULL)), pg_get_constraintdef(o.oid)),
    format('constraint %I on %s %s %s', o.conname, coalesce(nullif(o.conrelid, 0)::regclass::text, format_type(o.contypid, NULL)), o.contype, o.convalidated)
  FROM pg_constraint o JOIN kept n ON n.oid = o.connamespace
  WHERE o.contype IN ('c', 'f', 'p', 'u', 'x') AND (1259, o.conrelid) NOT IN (SELECT * FROM extended) AND (1247, o.contypid) NOT IN (SELECT * FROM extended)
  UNION ALL
  SELECT format('trigger %s %s', t.tgenabled, pg_get_triggerdef(t.oid)), format('trigger %I on %s %s %s %s', t.tgname, t.tgrelid::regclass, t.tgenabled, t.tgtype, t.tgfoid::regproc)
  FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN kept n ON n.oid = c.relnamespace
  WHERE NOT t.tgisinternal AND (1259, c.oid) NOT IN (SELECT * FROM extended)
  UNION ALL
  SELECT format('policy %I on %s %s %s %s', p.polname, p.polrelid::regclass, p.polcmd, pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)),
    format('policy %I on %s %s', p.polname, p.polrelid::regclass, p.polcmd)
  FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN kept n ON n.oid = c.relnamespace
  UNION ALL
  SELECT format('view %I.%I %s', n.nspname, c.relname, pg_get_viewdef(c.oid)), format('view %I.%I', n.nspname, c.relname)
  FROM pg_class c JOIN kept n ON n.oid = c.relnamespace WHERE c.relkind IN ('v', 'm') AND c.relpersistence <> 't' AND (1259, c.oid) NOT IN (SELECT * FROM extended)
  UNION ALL
  SELECT what || ' ' || CASE WHEN p.prokind <> 'a' THEN md5(pg_get_functiondef(p.oid)) ELSE '' END, what FROM pg_proc p JOIN kept n ON n.oid = p.pronamespace CROSS JOIN LATERAL (SELECT format('function %s %s %s%s%s%s%s %s%s', p.oid::regprocedure, md5(coalesce(p.prosrc, '')), p.prokind, p.provolatile, p.proparallel,
    CASE WHEN p.proisstrict THEN ' strict' END, CASE WHEN p.prosecdef THEN ' security definer' END, pg_get_function_result(p.oid), ' set ' || p.proconfig::text) AS what) w
  WHERE (1255, p.oid) NOT IN (SELECT * FROM extended)
  UNION ALL
  SELECT format('type %I.%I %s %s', n.nspname, t.typname, t.typtype, coalesce(
    (SELECT string_agg(quote_literal(enumlabel), ', ' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid),
    CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod) || CASE WHEN t.typnotnull THEN ' not null' ELSE '' END || coalesce(' ' || t.typdefault, '') END)), NULL
  FROM pg_type t JOIN kept n ON n.oid = t.typnamespace WHERE t.typtype IN ('e', 'd', 'r') AND (1247, t.oid) NOT IN (SELECT * FROM extended)
  UNION ALL
  SELECT format('comment %s %s', pg_describe_object(d.classoid, d.objoid, d.objsubid), quote_literal(d.description)), NULL
  FROM pg_description d JOIN pg_class c ON c.oid = d.objoid AND d.classoid = 1259 JOIN kept n ON n.oid = c.relnamespace WHERE (1259, c.oid) NOT IN (SELECT * FROM extended)
  UNION ALL
  SELECT format('comment on %s %s', p.oid::regprocedure, quote_literal(d.description)), NULL
  FROM pg_description d JOIN pg_proc p ON p.oid = d.objoid AND d.classoid = 1255 JOIN kept n ON n.oid = p.pronamespace WHERE (1255, p.oid) NOT IN (SELECT * FROM extended)
  UNION ALL
  SELECT format('rule %I on %s %s%s', w.rulename, w.ev_class::regclass, w.ev_type, w.ev_enabled) || CASE WHEN w.rulename <> '_RETURN' THEN ' ' || pg_get_ruledef(w.oid) ELSE '' END,
    format('rule %I on %s %s%s', w.rulename, w.ev_class::regclass, w.ev_type, w.ev_enabled) FROM pg_rewrite w JOIN pg_class c ON c.oid = w.ev_class
    JOIN kept n ON n.oid = c.relnamespace WHERE (1259, c.oid) NOT IN (SELECT * FROM extended)
  UNION ALL
  SELECT format('collation %I.%I %s', n.nspname, c.collname, CASE WHEN NOT c.collisdeterministic THEN ' not deterministic' END), NULL
  FROM pg_collation c JOIN kept n ON n.oid = c.collnamespace WHERE (3456, c.oid) NOT IN (SELECT * FROM extended)
  UNION ALL
  SELECT format('statistics %I.%I on %s', n.nspname, s.stxname, s.stxrelid::regclass), NULL FROM pg_statistic_ext s JOIN kept n ON n.oid = s.stxnamespace
  UNION ALL
  SELECT format('sequence %I.%I %s from %s to %s by %s%s', s.schemaname, s.sequencename, s.data_type, s.min_value, s.max_value, s.increment_by, CASE WHEN s.cycle THEN ' cycle' END), NULL
  FROM pg_sequences s JOIN kept n ON n.nspname = s.schemaname
  UNION ALL
  SELECT format('extension %I', extname), NULL FROM pg_extension e JOIN kept n ON n.oid = e.extnamespace WHERE extname <> ALL (:'without'::name[])
) lines WHERE line IS NOT NULL) lines ORDER BY said COLLATE "C";

-- Where each sequence stands, in a form that any session can be given: the statement that sets it there. Asked for all at once.
SELECT string_agg(format('SELECT format(''SELECT setval(%%L::regclass, %%s, %%L);'', %L, last_value, is_called) FROM %s', name, name), ' UNION ALL ' ORDER BY name)
FROM (SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c JOIN kept n ON n.oid = c.relnamespace
  WHERE c.relkind = 'S' AND c.relpersistence <> 't' AND (1259, c.oid) NOT IN (SELECT * FROM extended)) s
\gexec

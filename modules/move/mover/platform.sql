-- Schemas that a platform keeps beside those of its user: of a known name, and somebody else's. And the encoding.
-- Sources, read 2026-11-22: Supabase "Database: Managing schemas", Neon "Extensions", and dumps of Heroku's databases, whose heroku_ext goes
-- along with the extensions in it.
SELECT coalesce(array_agg(nspname ORDER BY nspname), '{}'), getdatabaseencoding() FROM pg_namespace
WHERE nspname = ANY ('{auth,storage,realtime,_realtime,vault,graphql,graphql_public,pgsodium,pgsodium_masks,pgbouncer,supabase_functions,supabase_migrations,_analytics,_supavisor,net,cron,neon,neon_auth,neon_migration,_heroku}')
  AND nspowner <> (SELECT oid FROM pg_roles WHERE rolname = current_user);

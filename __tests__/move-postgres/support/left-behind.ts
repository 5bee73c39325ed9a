/** Everything that a move could leave in a database. */
export const LEFT_BEHIND = `SELECT
  (SELECT count(*)::int FROM pg_replication_slots) AS slots, (SELECT count(*)::int FROM pg_publication) AS publications,
  (SELECT count(*)::int FROM pg_subscription) AS subscriptions, (SELECT count(*)::int FROM pg_db_role_setting) AS holds,
  (SELECT count(*)::int FROM pg_namespace WHERE nspname ~ 'slipway') AS schemas,
  (SELECT count(*)::int FROM pg_stat_activity WHERE application_name ~ 'slipway') AS sessions`;

export const NOTHING_LEFT = {
  slots: 0,
  publications: 0,
  subscriptions: 0,
  holds: 0,
  schemas: 0,
  sessions: 0,
};

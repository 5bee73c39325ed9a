import pg from "pg";

/** Connections to the database that a URL names. */
export function connect(url) {
  const pool = new pg.Pool({
    connectionString: verified(url),
    max: 10,
    connectionTimeoutMillis: 2000,
    query_timeout: 10_000,
  });
  // Of connections that nobody uses at the moment: the next query opens another.
  pool.on("error", () => {});
  return pool;
}

/**
 * The environment's URL says sslmode=require. To pg 8 that means verify-full already, and to pg 9 it will mean that any
 * certificate is good; so it is said outright. The certificate is checked against the authorities in NODE_EXTRA_CA_CERTS,
 * which the Dockerfile sets: Node does not know Amazon RDS's by itself.
 */
function verified(url) {
  const address = new URL(url);
  if (address.searchParams.get("sslmode") === "require") address.searchParams.set("sslmode", "verify-full");
  return address.href;
}

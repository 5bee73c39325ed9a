/**
 * An application with a Postgres, as both sides of a move run it: GET /health, GET /last, GET /writes, POST /write/<id>, and GET /slow,
 * which never ends. NAMES, separated
 * by commas, are the hosts that it answers to; another one is a 404, as on a platform that serves many.
 */
const { createServer } = require("node:http");
const { Pool } = require("pg");

const { DATABASE_URL, NAMES, PORT, SIDE = "new" } = process.env;
const names = NAMES?.split(",");
// To pg 8, sslmode=require means that the certificate's authority is known, too: a hosted database's is not.
const connectionString = DATABASE_URL.replace("sslmode=require", "sslmode=no-verify");
const pool = new Pool({ connectionString, max: 4, connectionTimeoutMillis: 5_000 });
// A connection that ends while nobody uses it is no mistake: the pool opens another one.
pool.on("error", () => {});

/** A reading may be repeated, as often as connections end under it. */
async function read(sql, left = 5) {
  try {
    return (await pool.query(sql)).rows;
  } catch (error) {
    if (left === 0) throw error;
    return read(sql, left - 1);
  }
}

async function answer({ method, url }) {
  if (url === "/health") return "well";
  if (url === "/slow") return new Promise(() => {});
  if (url === "/last") return read("SELECT id FROM writes ORDER BY nr DESC LIMIT 1");
  if (url === "/writes") return (await read("SELECT id FROM writes")).map(({ id }) => id);
  if (method === "POST") await pool.query("INSERT INTO writes (id, side) VALUES ($1, $2)", [url, SIDE]);
  return "written";
}

const server = createServer(async (request, response) => {
  const say = (status, said) => response.writeHead(status, { "x-side": SIDE }).end(JSON.stringify(said));
  request.resume();
  if (names && !names.includes(request.headers.host)) return say(404, "nobody of that name");
  try {
    say(200, await answer(request));
  } catch (error) {
    say(500, error.message);
  }
});
// Longer than whoever asks keeps a connection: one that closes as it is used is no answer.
server.keepAliveTimeout = 3_600_000;
server.listen(Number(PORT), "127.0.0.1");
process.on("SIGTERM", () => {
  server.close(() => process.exit());
  server.closeIdleConnections();
});

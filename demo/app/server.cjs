// A guest book: GET / counts its entries, GET /health says whether the database answers.
const { createServer } = require("node:http");
const { Pool } = require("pg");

const pool = new Pool({ connectionString: process.env.POSTGRES_URL, max: 2 });
pool.on("error", (error) => console.error(error.message));

const server = createServer(async (request, response) => {
  try {
    const { rows } = await pool.query("select count(*)::int as entries from guests");
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify(request.url === "/health" ? { ok: true } : rows[0]));
  } catch (error) {
    console.error(error.message);
    response.writeHead(503).end();
  }
});

server.listen(process.env.PORT ?? 8080, () => console.log(`listening on ${server.address().port}`));

process.once("SIGTERM", () => {
  server.close(() => pool.end());
  server.closeAllConnections();
});

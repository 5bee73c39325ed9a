/** A worker of the same application: it reads what was written last, once a second. */
const { Client } = require("pg");

// To pg 8, sslmode=require means that the certificate's authority is known, too: a hosted database's is not.
const connectionString = process.env.DATABASE_URL.replace("sslmode=require", "sslmode=no-verify");

async function work() {
  const client = new Client({ connectionString });
  // Databases go and come back: the next round asks anew.
  client.on("error", () => {});
  try {
    await client.connect();
    await client.query("SELECT id FROM writes ORDER BY nr DESC LIMIT 1");
  } catch (error) {
    console.error(error.message);
  }
  await client.end().catch(() => {});
}

setInterval(work, 1_000);

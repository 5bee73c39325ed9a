/**
 * Run in a process of its own: Postgres compiled to WebAssembly, on the data folder named by the first argument, served
 * on loopback. Says its port once it answers, and ends when its standard input does, which is when its sandbox ends.
 */
import { PGlite } from "@electric-sql/pglite";
import { PGLiteSocketServer } from "@electric-sql/pglite-socket";

async function main(folder: string) {
  process.umask(0o077);
  const database = await PGlite.create(folder);
  const server = new PGLiteSocketServer({ db: database, host: "127.0.0.1", port: 0, maxConnections: 40 });
  await server.start();
  process.stdin.on("end", async () => {
    await server.stop();
    await database.close();
    process.exit(0);
  });
  process.stdin.resume();
  process.stdout.write(`${server.getServerConn().split(":").at(-1)}\n`);
}

main(process.argv[2] ?? "").catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});

/** A guest book: GET / lists it, POST / {"name": "…"} signs it, GET /health says whether the database answers. */
import { createServer } from "node:http";
import { connect } from "./database.js";
import { Guests } from "./guests.js";

const LONGEST_BODY = 10_000;
const LONGEST_NAME = 100;

/** What the caller did wrong, and the status that says so. */
class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** One line each, as JSON: CloudWatch Logs finds its fields by name. */
const log = (fields) => console.log(JSON.stringify(fields));

const url = process.env.POSTGRES_URL;
if (!url) {
  console.error("POSTGRES_URL is not set: give postgres://user:password@host:5432/database.");
  process.exit(1);
}
const pool = connect(url);
const guests = new Guests(pool);
let stopping = false;

const routes = {
  "GET /": async () => [200, await guests.list()],
  "POST /": async (request) => [201, await guests.sign(nameIn(await body(request)))],
  "GET /health": async () => {
    await guests.answers();
    return [200, { ok: true }];
  },
};

async function answer(request) {
  const [path] = request.url.split("?");
  const route = routes[`${request.method} ${path}`];
  if (!route) throw new Refused(404, `there is no ${request.method} ${path}`);
  return await route(request);
}

async function body(request) {
  const chunks = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length > LONGEST_BODY) throw new Refused(400, `the body is longer than ${LONGEST_BODY} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function nameIn(text) {
  let name;
  try {
    ({ name } = JSON.parse(text));
  } catch {
    throw new Refused(400, 'the body is no JSON object: send {"name": "Ada"}');
  }
  // Postgres takes no NUL in a text.
  if (typeof name !== "string" || name.trim() === "" || name.length > LONGEST_NAME || name.includes("\0"))
    throw new Refused(400, `name must be a text of 1 to ${LONGEST_NAME} characters`);
  return name;
}

const server = createServer(async (request, response) => {
  const started = performance.now();
  let error;
  const [status, content] = await answer(request).catch((thrown) => {
    if (thrown instanceof Refused) return [thrown.status, { error: thrown.message }];
    error = thrown.message || thrown.code;
    // Whoever asks from outside learns nothing of what is inside: the log has it.
    return [503, { error: "not at the moment" }];
  });
  // What is left of a refused body must not be taken for the next request.
  const close = stopping || !request.complete;
  response.writeHead(status, {
    "content-type": "application/json",
    ...(close && { connection: "close" }),
  });
  response.end(JSON.stringify(content));
  // The load balancer asks every few seconds: only what it is told in vain is worth a line.
  if (request.url !== "/health" || error)
    log({
      method: request.method,
      url: request.url,
      status,
      ms: Math.round(performance.now() - started),
      error,
    });
});

// Longer than the load balancer keeps a connection that nobody uses (10 s more than the environment's timeout, at most 70 s),
// or it would send a request into one that just closed, and answer 502. Source: Elastic Load Balancing, "Troubleshoot your Application Load Balancers".
server.keepAliveTimeout = 75_000;

server.listen(process.env.PORT ?? 8080, () => log({ listening: server.address().port }));

/** ECS sends SIGTERM, and SIGKILL 30 seconds later: what was begun is answered, then connections are given back. */
for (const signal of ["SIGTERM", "SIGINT"])
  process.once(signal, () => {
    stopping = true;
    log({ stopping: signal });
    server.close(() => pool.end().then(() => log({ stopped: true })));
  });

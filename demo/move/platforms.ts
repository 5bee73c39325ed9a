import { once } from "node:events";
import { createServer, request as ask, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** A platform that an application moves away from, as far as the move can see. */
export interface Platform {
  /** The address that it gave the application. */
  readonly host: string;
  /** The service that has that address, in the account that is moved into: name and id. */
  readonly service?: readonly [name: string, id: string];
  /** What the name that people type is a CNAME of. */
  readonly target: string;
  /** What the user of its Postgres may, beside logging in and owning a database. */
  readonly rights: string;
  /** What the platform keeps in that database, made by its own user; `hosted` is the application's. */
  readonly keeps: string;
  /** Whether a copy of that database can follow. */
  readonly follows: boolean;
  /** Whether its Postgres lets nobody in without TLS, under a certificate whose authority nobody knows. */
  readonly tls: boolean;
  /** What stands before the application; without it the application answers itself. */
  readonly router?: (names: readonly string[], port: number, speed: number) => Promise<Router>;
}

export interface Router {
  readonly port: number;
  readonly close: () => Promise<void>;
}

/** AWS App Runner, with a Postgres elsewhere whose user may replicate. */
export const APP_RUNNER: Platform = {
  host: "abc.us-west-2.awsapprunner.com",
  service: ["shop", "8fe1e10304f84fd2b0df550fe98a71fa"],
  target: "abc.us-west-2.awsapprunner.com",
  rights: "REPLICATION",
  keeps: "",
  follows: true,
  tls: false,
};

/**
 * Heroku and its Postgres: nobody may replicate, extensions lie in a schema of their own, and another one is the platform's; TLS is
 * demanded, and nobody knows who signed the certificate.
 * Sources: "HTTP Routing", "Connecting to Heroku Postgres" and "Heroku Postgres Extension Changes FAQ", Heroku; dumps of its databases.
 */
export const HEROKU: Platform = {
  host: "shop-1a2b3c4d5e6f.herokuapp.com",
  target: "convex-haiku-0123456789abcdef.herokudns.com",
  rights: "",
  keeps: `CREATE SCHEMA heroku_ext; GRANT ALL ON SCHEMA heroku_ext TO hosted; CREATE EXTENSION citext SCHEMA heroku_ext;
    CREATE SCHEMA _heroku; CREATE TABLE _heroku.audit (at timestamptz);
    CREATE FUNCTION _heroku.create_ext() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN NULL; END';
    CREATE EVENT TRIGGER create_ext ON ddl_command_end WHEN TAG IN ('CREATE EXTENSION') EXECUTE FUNCTION _heroku.create_ext();`,
  follows: false,
  tls: true,
  router: startRouter,
};

/** Milliseconds that an application has for the first byte of its answer. */
const PATIENCE = 30_000;

const page = (title: string, name: string) =>
  `<!DOCTYPE html><html><head><title>${title}</title></head><body><iframe src="//www.herokucdn.com/error-pages/${name}.html"></iframe></body></html>`;

/** Heroku's router: a name that no application has is a 404, and one that answers too late (H12) a 503. */
async function startRouter(names: readonly string[], port: number, speed: number): Promise<Router> {
  let requests = 0;
  const server: Server = createServer((incoming, response) => {
    const { method, url, headers } = incoming;
    const say = (status: number, body: string) =>
      response.headersSent
        ? response.destroy()
        : response.writeHead(status, { "content-type": "text/html; charset=utf-8" }).end(body);
    if (!names.includes(headers.host ?? "")) {
      incoming.resume();
      say(404, page("No such app", "no-such-app"));
      return;
    }
    const own = {
      ...headers,
      via: "1.1 heroku-router",
      "x-forwarded-proto": "https",
      "x-request-id": `00000000-0000-4000-8000-${String(++requests).padStart(12, "0")}`,
      "x-request-start": String(Date.now()),
    };
    const late = setTimeout(() => passed.destroy(new Error("H12")), PATIENCE / speed);
    const passed = ask({ host: "127.0.0.1", port, method, path: url, headers: own }, (answer) => {
      clearTimeout(late);
      response.writeHead(answer.statusCode ?? 502, { ...answer.headers, via: own.via });
      answer.pipe(response);
    });
    passed.once("error", () => {
      clearTimeout(late);
      say(503, page("Application error", "application-error"));
    });
    incoming.pipe(passed);
  });
  // Longer than whoever asks keeps a connection: one that closes as it is used is no answer.
  server.keepAliveTimeout = 3_600_000;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const close = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  };
  return { port: (server.address() as AddressInfo).port, close };
}

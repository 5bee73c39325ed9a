import { spawn } from "node:child_process";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import type { Contract, DatabaseContract } from "../../modules/contract";
import { AwsError } from "../aws/error";
import type { Done } from "../end";
import { DeployError, refused } from "../errors";
import { EXIT } from "../exit-code";
import { usedDatabase } from "../used-database";
import { databaseAuthorities } from "./certificates";
import { libpqVariables } from "./libpq";
import { exitCodeOf, find, findPlugin, startPlugin } from "./plugin";
import { type Daily, type DailyOptions, present } from "./session";

const DOCUMENT = "AWS-StartPortForwardingSessionToRemoteHost";
/** How long the tunnel may take to open, in milliseconds. */
const OPENING = 30_000;

export interface PsqlOptions extends DailyOptions {
  /** The service whose user it is; the master user by default. */
  as?: string;
  /** The one of two databases; by default the one that services are given. */
  database?: string;
}

/** Opens psql on the database that services are given, or the other one of two. */
export async function psql(day: Daily, words: readonly string[], options: PsqlOptions): Promise<Done> {
  const { contract } = day;
  const { also } = present(contract.database, contract) ?? {};
  const named = options.database ?? usedDatabase(contract) ?? "own";
  if (named !== "own" && named !== "external")
    throw refused(`--database ${named}: there are own and external.`);
  if (named === "own") return psqlOwn(day, words, options);
  if (!also) throw refused(`${contract.environment} has no second database beside its own.`);
  if (options.as !== undefined)
    throw refused(
      "--as names a login of the environment's own database.",
      "With --database own, or without --as.",
    );
  return psqlElsewhere(day, words, also.url);
}

/** Goes there straight from this machine: its host admits it, or does not. */
async function psqlElsewhere(day: Daily, words: readonly string[], parameter: string): Promise<Done> {
  const { env, contract } = day;
  const client = findClient(env);
  const set = `npx slipway secret set ${contract.environment} <variable>`;
  const url = await day.aws.secret(parameter);
  if (url === undefined)
    throw refused(`Nobody has written the URL of the database that is elsewhere, ${parameter}.`, set);
  const connection = libpqVariables(url);
  if (connection === undefined)
    throw refused(`${parameter} holds no URL of a Postgres: postgres://user:password@host:port/name.`, set);
  const { PGUSER, PGHOST, PGDATABASE } = connection;
  day.say(
    `${contract.environment}: ${PGUSER}@${PGHOST}/${PGDATABASE}, elsewhere, straight from this machine`,
  );
  return runClient(day, client, words, connection);
}

function findClient(env: NodeJS.ProcessEnv): string {
  const client = find("psql", env);
  if (client) return client;
  throw refused(
    "psql is not installed.",
    "macOS: brew install libpq && brew link --force libpq",
    "Debian, Ubuntu: apt-get install postgresql-client",
  );
}

async function runClient(
  day: Daily,
  client: string,
  words: readonly string[],
  connection: Readonly<Record<string, string>>,
): Promise<Done> {
  const env = { ...day.env, ...connection };
  const exitCode = await day.handOver(async () =>
    exitCodeOf(spawn(client, [...words], { stdio: "inherit", env })),
  );
  return { text: "", exitCode };
}

/** Goes through a tunnel over the bastion, which lives as long as psql does. */
async function psqlOwn(day: Daily, words: readonly string[], { as }: PsqlOptions): Promise<Done> {
  const { contract, env } = day;
  const { environment, region } = contract;
  const database = present(contract.database, contract);
  const bastion = present(contract.bastion, contract);
  if (!database) throw refused(`${environment} has no database of its own.`);
  if (!bastion)
    throw refused(
      `${environment} has no bastion to reach its database through.`,
      `bastion: true in environments/${environment}.ts, then npx slipway apply ${environment}`,
    );
  const plugin = findPlugin(env);
  const client = findClient(env);
  const { user, password: parameter } = as === undefined ? database : loginOf(day.contract, database, as);
  const trust = await trusted(day, region);
  const password = await day.aws.secret(parameter);
  if (password === undefined)
    throw refused(
      `The parameter ${parameter} is gone.`,
      `npx slipway apply ${environment} makes it again; docs/operating.md, "Rotating the password".`,
    );
  const tunnel = await openTunnel(day, plugin, {
    target: bastion.instance,
    host: database.host,
    port: database.port,
  });
  try {
    day.say(`${environment}: ${user}@${database.host}/${database.name}, certificate: ${trust.PGSSLMODE}`);
    return await runClient(day, client, words, {
      // The name is what the certificate is compared with; the address is where the tunnel begins.
      PGHOST: database.host,
      PGHOSTADDR: "127.0.0.1",
      PGPORT: String(tunnel.port),
      PGUSER: user,
      PGDATABASE: database.name,
      PGPASSWORD: password,
      ...trust,
    });
  } finally {
    await tunnel.close();
  }
}

/** A service's own user, and where its password is. */
function loginOf({ environment }: Contract, { logins }: DatabaseContract, service: string) {
  const login = logins?.services[service];
  if (login) return login;
  const known = Object.keys(logins?.services ?? {});
  throw refused(
    `--as ${service}: ${service} of ${environment} has no login of its own.`,
    known.length > 0
      ? `There are: ${known.join(", ")}.`
      : `database: { logins: true } in environments/${environment}.ts gives each service one; until then all are the master user.`,
  );
}

/** Whom psql takes for the server: by default only who has a certificate for its name, signed by RDS's authorities. */
async function trusted(
  { env, clock }: Daily,
  region: string,
): Promise<{ PGSSLMODE: string; PGSSLROOTCERT?: string }> {
  const mode = env.PGSSLMODE || "verify-full";
  if (!mode.startsWith("verify")) return { PGSSLMODE: mode };
  return {
    PGSSLMODE: mode,
    PGSSLROOTCERT: env.PGSSLROOTCERT || (await databaseAuthorities(region, env, clock.now())),
  };
}

interface Tunnel {
  /** On this machine. */
  port: number;
  close(): Promise<void>;
}

/** Forwards a free port through an instance, and waits until the plugin itself says that it listens there. */
async function openTunnel(
  day: Daily,
  plugin: string,
  { target, host, port }: { target: string; host: string; port: number },
): Promise<Tunnel> {
  const local = await freePort();
  const request = {
    Target: target,
    DocumentName: DOCUMENT,
    Parameters: { host: [host], portNumber: [String(port)], localPortNumber: [String(local)] },
  };
  const session = await day.aws.startSession(request).catch((error: unknown) => {
    if (!(error instanceof AwsError) || error.code !== "TargetNotConnected") throw error;
    throw new DeployError(EXIT.refused, `${error.message}`, [
      "The bastion is stopped, or does not reach Systems Manager. EC2's console starts it; npx slipway plan shows whether it is still there.",
    ]);
  });
  const child = await startPlugin(plugin, { session, region: day.contract.region, request }, day.env, false);
  const end = exitCodeOf(child);
  const close = async () => {
    child.kill("SIGTERM");
    await end;
    // The plugin ends the session by itself where it can: this is for when it could not.
    await day.aws.terminateSession(session.sessionId).catch(() => {});
  };
  try {
    await opened(child, end, local, day.signal);
  } catch (error) {
    await close();
    throw error;
  }
  return { port: local, close };
}

function opened(
  child: Awaited<ReturnType<typeof startPlugin>>,
  end: Promise<number>,
  port: number,
  signal: AbortSignal,
): Promise<void> {
  let said = "";
  return new Promise<void>((resolve, reject) => {
    const failed = (what: string) =>
      reject(
        refused(
          `The tunnel did not open: ${what}.`,
          ...said
            .split("\n")
            .map((line) => line.trim())
            .filter(Boolean)
            .slice(-5),
        ),
      );
    const late = setTimeout(
      () => failed(`session-manager-plugin was silent for ${OPENING / 1000} seconds`),
      OPENING,
    );
    const settle = (what: () => void) => {
      clearTimeout(late);
      signal.removeEventListener("abort", stop);
      what();
    };
    const stop = () => settle(() => reject(signal.reason));
    signal.addEventListener("abort", stop, { once: true });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        said = (said + text).slice(-10_000);
        if (said.includes(`Port ${port} opened`)) settle(resolve);
      });
    }
    void end.then((code) => settle(() => failed(`session-manager-plugin ended with ${code}`)));
  });
}

/** A port that nobody on this machine listens on. */
function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

import { lookup as systemLookup } from "node:dns/promises";
import { connect as systemConnect } from "node:net";

/** How the database's URL looks from where deploy runs. */
export type Reached =
  | { kind: "answers"; host: string; port: number }
  | { kind: "wrong"; why: string }
  | { kind: "out of reach"; why: string };

/** What the network is asked by: real by default, replaced in tests. */
export interface Network {
  /** Families of the addresses that a name has: 4, 6; none where nobody knows it. */
  families(host: string): Promise<readonly number[]>;
  /** @returns why nobody answers, as Node's code says it; undefined where somebody does */
  refusal(host: string, port: number): Promise<string | undefined>;
}

/** Milliseconds after which a host that is silent is out of reach. */
const PATIENCE = 10_000;

const PORT = 5432;
/** Where Supabase's pooler serves transactions. Source: "Connect to your database", Supabase guides. */
const TRANSACTION_PORT = 6543;

/**
 * Whether a URL leads to a Postgres from here, and if not, why. Of the URL nothing but host and port is said.
 * @param url as a person wrote it
 */
export async function reach(url: string, network: Network = system): Promise<Reached> {
  const parsed = parse(url);
  if (!parsed)
    return {
      kind: "wrong",
      why: "what is written there is no URL of a Postgres, as postgres://user:password@host:5432/database",
    };
  const { host, port } = parsed;
  const place = `${host}:${port}`;
  if (port === TRANSACTION_PORT || parsed.pooled)
    return {
      kind: "wrong",
      why: `${place} is a transaction pooler, in which migrations lose their session and its locks: write the session pooler's URL, or the direct one`,
    };
  const families = await network.families(host);
  if (families.length === 0)
    return { kind: "out of reach", why: `${host} has no address: no name server here knows it` };
  const refusal = await network.refusal(host, port);
  if (refusal === undefined) return { kind: "answers", host, port };
  if (!families.includes(4))
    return {
      kind: "out of reach",
      why: `${place} answers over IPv6 alone, and this machine does not get there (${refusal}); GitHub's runners and App Runner have IPv4 only: write the URL of its session pooler, or switch its IPv4 address on`,
    };
  return { kind: "out of reach", why: `${place} does not answer from here (${refusal})` };
}

function parse(text: string): { host: string; port: number; pooled: boolean } | undefined {
  try {
    const url = new URL(text.trim());
    if (!/^postgres(ql)?:$/.test(url.protocol) || url.hostname === "") return undefined;
    return {
      host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
      port: Number(url.port || PORT),
      pooled: url.searchParams.get("pgbouncer") === "true",
    };
  } catch {
    return undefined;
  }
}

const system: Network = {
  families: async (host) => {
    try {
      return (await systemLookup(host, { all: true })).map(({ family }) => family);
    } catch {
      return [];
    }
  },
  refusal: (host, port) =>
    new Promise((resolve) => {
      const socket = systemConnect({ host, port, timeout: PATIENCE });
      const end = (why: string | undefined) => {
        socket.destroy();
        resolve(why);
      };
      socket.once("connect", () => end(undefined));
      socket.once("timeout", () => end("ETIMEDOUT"));
      // Several addresses were tried: the error of all of them has no code of its own.
      socket.once("error", (error: NodeJS.ErrnoException & { errors?: NodeJS.ErrnoException[] }) =>
        end(error.code ?? error.errors?.[0]?.code ?? error.message),
      );
    }),
};

import { Agent, type RequestOptions, request } from "node:https";
import type { TLSSocket } from "node:tls";

/** One request, as a viewer's browser would send it. */
export interface Ask {
  /** Host that the connection goes to: the old origin's, or the distribution's own name. */
  readonly at: string;
  /** @default 443 */
  readonly port?: number;
  /** Host that is asked for, in TLS and in the request. @default that of the connection */
  readonly host?: string;
  /** Name that TLS asks for, where it is another. */
  readonly tls?: string;
  readonly path: string;
  /** @default "GET" */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What came back. */
export interface Said {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** From the request to the last byte. */
  readonly milliseconds: number;
  /** When the certificate ends; undefined where it was not seen. */
  readonly certificateUntil?: Date | undefined;
}

/** @throws Error with the reason in words: no such name, refused, a certificate that is not the host's, no answer in time */
export type Probe = (ask: Ask, signal?: AbortSignal) => Promise<Said>;

/** Milliseconds for the whole answer: what CloudFront gives an origin, and less than a person's patience. */
const PATIENCE = 10_000;

/** Requests over TLS, whose connections stay open as a browser's do. */
export function httpsProbe(): Probe {
  const agent = new Agent({ keepAlive: true, maxSockets: 8, timeout: PATIENCE });
  return (ask, signal) => send(ask, agent, signal);
}

function send(
  { at, port = 443, host = at, tls = host, path, method, headers }: Ask,
  agent: Agent,
  signal: AbortSignal | undefined,
): Promise<Said> {
  const options: RequestOptions = {
    agent,
    host: at,
    port,
    servername: tls,
    path,
    ...(method && { method }),
    headers: { ...headers, host: port === 443 ? host : `${host}:${port}`, "user-agent": "slipway-move" },
    signal: signal ? AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)]) : AbortSignal.timeout(PATIENCE),
  };
  const began = performance.now();
  return new Promise((resolve, reject) => {
    const asked = request(options, (answer) => {
      const { valid_to } = (answer.socket as TLSSocket).getPeerCertificate?.() ?? {};
      answer.resume();
      answer.once("error", reject);
      answer.once("end", () =>
        resolve({
          status: answer.statusCode ?? 0,
          headers: answer.headers as Record<string, string | undefined>,
          milliseconds: performance.now() - began,
          ...(valid_to && { certificateUntil: new Date(valid_to) }),
        }),
      );
    });
    asked.once("error", (error) =>
      reject(
        signal?.aborted
          ? signal.reason
          : new Error(
              error.name === "TimeoutError" ? `no answer in ${PATIENCE / 1000} seconds` : error.message,
            ),
      ),
    );
    asked.end();
  });
}

/** The distribution, the domain that it is asked for, and the path that both sides answer. */
interface Edge {
  readonly domain: string;
  readonly health: string;
  readonly distribution: { readonly domainName: string };
}

/** Sends the distribution a request for the domain, by default for its health, to one of the two sides or to whom its function picks. */
export const atEdge =
  (probe: Probe, { domain, distribution, health }: Edge) =>
  (headers: Readonly<Record<string, string>>, signal?: AbortSignal, path = health): Promise<Said> =>
    probe({ at: distribution.domainName, host: domain, path, headers }, signal);

/** The side that gave a good answer. */
export interface Answerer {
  /** Absent where the answer does not say. */
  readonly side: string | undefined;
  /** The same in words. */
  readonly by: string;
}

/**
 * The side that answers for the domain's health by the distribution, or what somebody gets in place of a good answer: CloudFront
 * labels none from 400 on.
 */
export async function whoAnswers(
  { probe, signal }: { readonly probe: Probe; readonly signal: AbortSignal },
  edge: Edge,
  headers: Readonly<Record<string, string>>,
): Promise<Answerer | { readonly failure: string }> {
  try {
    const said = await atEdge(probe, edge)(headers, signal);
    if (said.status >= 400) return { failure: String(said.status) };
    const side = said.headers[SIDE];
    return {
      side,
      by: side === undefined ? "something else than the distribution's function" : `the ${side} side`,
    };
  } catch (error) {
    signal.throwIfAborted();
    return { failure: `no answer: ${(error as Error).message}` };
  }
}

export type Side = "old" | "new";

/** The header by which a tester picks a side, and by which the edge says which one answered. */
export const SIDE = "x-slipway-origin";

/** A viewer's cookie: a number of 0 to 9999, whose side follows from the share. */
export const viewer = (bucket: number) => ({ cookie: `slipway-viewer=${bucket}` });

/** Where an address leads: its host, and its port where it has one of its own. */
export const placeOf = ({ hostname: at, port }: URL): Pick<Ask, "at" | "port"> => ({
  at,
  ...(port !== "" && { port: Number(port) }),
});

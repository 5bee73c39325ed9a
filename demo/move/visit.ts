import { type Agent, type IncomingHttpHeaders, request } from "node:http";
import type { Ask, Said } from "../../move/probe";
import { CONNECTED } from "../../sandbox/edge/server";

/** The edge of a sandbox, and the connections that are kept to it. */
export interface Edge {
  /** The edge's port on loopback. */
  readonly port: number;
  readonly agent: Agent;
}

/** What somebody asks the edge for. */
export interface Visit {
  /** Host that is asked for. @default where one connects to */
  readonly host?: string | undefined;
  readonly path: string;
  /** @default "GET" */
  readonly method?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

export interface Visited {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** One request to a host, by the edge, as a browser sends it. @throws Error where nobody answers */
export function visit(
  { port, agent }: Edge,
  at: string,
  { host = at, path, method = "GET", headers }: Visit,
): Promise<Visited> {
  return new Promise((resolve, reject) => {
    const own = { ...headers, host, ...(at !== host && { [CONNECTED]: at }) };
    const asked = request({ port, host: "127.0.0.1", path, method, headers: own, agent }, (answer) => {
      let body = "";
      answer.setEncoding("utf8").on("data", (chunk: string) => {
        body += chunk;
      });
      answer.once("end", () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body }));
      answer.once("error", reject);
    });
    asked.once("error", reject);
    asked.end();
  });
}

/** A probe of the move's, by the edge, with the time that the answer took. */
export async function probe(edge: Edge, { at, ...asked }: Ask): Promise<Said> {
  const began = performance.now();
  const { status, headers } = await visit(edge, at, asked);
  return { status, headers: headers as Said["headers"], milliseconds: performance.now() - began };
}

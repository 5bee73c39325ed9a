import {
  Agent,
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  request,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Listener } from "./wire";

/** How a network is: it carries, answers with a reset, or with nothing at all. */
export type Network = "well" | "reset" | "hang";

/** The network between a command and whom it calls. */
export class Line {
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();
  private readonly agent = new Agent({ keepAlive: true });
  private state: Network = "well";

  constructor(
    /** The port of whoever is called. */
    private readonly target: () => number,
    private readonly listener: Listener,
  ) {
    this.server = createServer((asked, answer) => {
      void this.carry(asked, answer).catch(() => asked.socket.destroy());
    });
    this.server.on("connection", (socket) => {
      this.sockets.add(socket);
      socket.once("close", () => this.sockets.delete(socket));
    });
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    return this.port;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** What is under way is lost with the network. */
  set network(state: Network) {
    if (this.state === state) return;
    this.state = state;
    if (state !== "hang") for (const socket of this.sockets) socket.resetAndDestroy();
  }

  close(): void {
    this.server.close();
    this.agent.destroy();
    for (const socket of this.sockets) socket.destroy();
  }

  private async carry(asked: IncomingMessage, answer: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of asked) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const what = nameOf(asked, body);
    if (this.isLost(asked) || (await this.listener.before(what))) return this.lose(asked);
    if (this.isLost(asked)) return this.lose(asked);
    const said = await this.ask(asked, body);
    if ((await this.listener.after(what)) || this.isLost(asked)) return this.lose(asked);
    answer.writeHead(said.status, said.headers).end(said.body);
  }

  private isLost({ socket }: IncomingMessage): boolean {
    return this.state !== "well" || socket.destroyed;
  }

  /** Whoever hangs is let go with the network's next change. */
  private lose({ socket }: IncomingMessage): void {
    if (this.state !== "hang") socket.resetAndDestroy();
  }

  private ask(
    { method, url, headers }: IncomingMessage,
    body: Buffer,
  ): Promise<{ status: number; headers: OutgoingHttpHeaders; body: Buffer }> {
    const host = (headers.host ?? "").replace(/:\d+$/, `:${this.target()}`);
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          port: this.target(),
          host: "127.0.0.1",
          method,
          path: url,
          headers: { ...headers, host },
          agent: this.agent,
        },
        (answer) => {
          const chunks: Buffer[] = [];
          answer.on("data", (chunk: Buffer) => chunks.push(chunk));
          answer.once("error", reject);
          answer.once("end", () =>
            resolve({
              status: answer.statusCode ?? 0,
              headers: answer.headers,
              body: Buffer.concat(chunks),
            }),
          );
        },
      );
      sent.once("error", reject);
      sent.end(body);
    });
  }
}

/** The same for the same question: whoever polls asks nothing new. */
function nameOf({ method, url, headers }: IncomingMessage, body: Buffer): string {
  const operation = String(
    headers["x-amz-target"] ?? `${method} ${url} ${headers.host?.replace(/:\d+$/, "")}`,
  );
  const side = `${headers["x-slipway-origin"] ?? ""} ${headers.cookie ?? ""}`;
  const text = body.toString().replace(/"(nextToken|clientToken)":"[^"]*"/g, "");
  // Whoever has the lock says now and then that he lives: when is a matter of time.
  const isRenewal = text.includes("/move/lock") && text.includes('"Overwrite":true');
  return isRenewal ? "renewal" : `${operation} ${side} ${text}`;
}

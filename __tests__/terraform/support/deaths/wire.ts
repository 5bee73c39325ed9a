import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** Who is told of what passes by, before it reaches whom it is for and before its answer is passed on. */
export interface Listener {
  /** @param what the same text for what is only asked once more. @returns whether nothing is to be passed on any more */
  before(what: string): Promise<boolean>;
  after(what: string): Promise<boolean>;
}

/** What lies between whoever connects to an engine and the engine: it knows one statement of the mover's from the next. */
export class Wire {
  private readonly ports = new Map<number, Promise<number>>();
  private readonly servers: Server[] = [];
  private readonly sockets = new Set<Socket>();

  constructor(private readonly listener: Listener) {}

  /** The port to connect to in place of an engine's. */
  before(engine: number): Promise<number> {
    const known = this.ports.get(engine) ?? this.listen(engine);
    this.ports.set(engine, known);
    return known;
  }

  close(): void {
    for (const server of this.servers) server.close();
    for (const socket of this.sockets) socket.destroy();
  }

  private async listen(engine: number): Promise<number> {
    const server = createServer((client) => this.carry(client, connect(engine, "127.0.0.1")));
    this.servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return (server.address() as AddressInfo).port;
  }

  private carry(client: Socket, engine: Socket): void {
    for (const [one, other] of [
      [client, engine],
      [engine, client],
    ] as const) {
      this.sockets.add(one);
      one.setNoDelay(true);
      one.on("error", () => {});
      one.once("close", () => {
        this.sockets.delete(one);
        other.destroy();
      });
    }
    client.once("data", (first: Buffer) => {
      engine.write(first);
      const words = first.toString("latin1", 8).split("\0");
      if (words[words.indexOf("application_name") + 1] === "slipway-move")
        new Conversation(client, engine, this.listener);
      else {
        client.pipe(engine);
        engine.pipe(client);
      }
    });
  }
}

const QUERY = "Q".charCodeAt(0);
/** What an engine says when it has carried out a statement, or goes on with its rows: ReadyForQuery, or CopyIn, CopyOut, CopyBoth. */
const ENDS = new Set([..."ZGHW"].map((letter) => letter.charCodeAt(0)));

/** One session of the mover's, message by message. */
class Conversation {
  private rest: Buffer = Buffer.alloc(0);
  private turn = Promise.resolve();
  private held: { readonly parts: Buffer[]; readonly ended: () => void } | undefined;

  constructor(
    private readonly client: Socket,
    private readonly engine: Socket,
    private readonly listener: Listener,
  ) {
    client.on("data", (data: Buffer) => {
      this.turn = this.turn.then(() => this.take(data));
    });
    client.once("end", () => {
      this.turn = this.turn.then(() => void engine.end());
    });
    engine.on("data", (data: Buffer) => this.answer(data));
    engine.once("end", () => client.end());
    engine.once("close", () => this.held?.ended());
  }

  private async take(data: Buffer): Promise<void> {
    this.rest = Buffer.concat([this.rest, data]);
    for (;;) {
      const { rest } = this;
      const length = rest.length < 5 ? Number.POSITIVE_INFINITY : 1 + rest.readInt32BE(1);
      if (rest.length < length) return;
      this.rest = rest.subarray(length);
      await this.pass(rest.subarray(0, length));
    }
  }

  private async pass(message: Buffer): Promise<void> {
    if (message[0] !== QUERY) {
      this.engine.write(message);
      return;
    }
    const statement = message.toString("utf8", 5, message.length - 1);
    if (await this.listener.before(statement)) return this.cut();
    const parts: Buffer[] = [];
    const answered = new Promise<void>((resolve) => {
      this.held = { parts, ended: resolve };
    });
    this.engine.write(message);
    await answered;
    if (await this.listener.after(statement)) return this.cut();
    this.held = undefined;
    this.client.write(Buffer.concat(parts));
  }

  private cut(): void {
    this.client.destroy();
    this.engine.destroy();
  }

  /** Between two statements an engine begins with a whole message. */
  private answer(data: Buffer): void {
    const { held } = this;
    if (!held) {
      this.client.write(data);
      return;
    }
    held.parts.push(data);
    const all = Buffer.concat(held.parts);
    for (let at = 0; at + 5 <= all.length; at += 1 + all.readInt32BE(at + 1))
      if (ENDS.has(all[at] as number)) held.ended();
  }
}

import { createSocket, type RemoteInfo } from "node:dgram";
import type { AddressInfo } from "node:net";

/** What is asked: a name, a type, and how often it was before. */
export interface Question {
  readonly name: string;
  readonly type: Type;
  /** 1 for the first time. */
  readonly nth: number;
}

const TYPES = { 1: "A", 2: "NS", 5: "CNAME", 12: "PTR", 28: "AAAA" } as const;
type Type = (typeof TYPES)[keyof typeof TYPES];
type Answer = readonly string[] | "refused" | "unknown";
/** Records by type; a name that is not in it does not exist. */
type Zone = Readonly<Record<string, Partial<Readonly<Record<Type, readonly string[]>>>>>;

/** A name server on loopback, for everything that there is. */
export class NameServer {
  private readonly socket = createSocket("udp4");
  private readonly counts = new Map<string, number>();

  private constructor(private readonly answer: (question: Question) => Answer) {
    this.socket.on("message", (message, from) => this.reply(message, from));
  }

  static async open(answer: (question: Question) => Answer): Promise<NameServer> {
    const server = new NameServer(answer);
    await new Promise<void>((resolve) => server.socket.bind(0, "127.0.0.1", resolve));
    return server;
  }

  get port(): number {
    return (this.socket.address() as AddressInfo).port;
  }

  close(): void {
    this.socket.close();
  }

  private reply(message: Buffer, { port, address }: RemoteInfo): void {
    const { name, end } = readName(message, 12);
    const number = message.readUInt16BE(end);
    const type = TYPES[number as keyof typeof TYPES];
    const key = `${name} ${type}`;
    const nth = (this.counts.get(key) ?? 0) + 1;
    this.counts.set(key, nth);
    const answer = this.answer({ name, type, nth });
    const records = typeof answer === "string" ? [] : answer;
    const header = Buffer.from(message.subarray(0, 12));
    const code = answer === "refused" ? 5 : answer === "unknown" ? 3 : 0;
    header.writeUInt16BE(0x8400 | code, 2);
    for (const [count, at] of [
      [1, 4],
      [records.length, 6],
      [0, 8],
      [0, 10],
    ] as const)
      header.writeUInt16BE(count, at);
    const question = message.subarray(12, end + 4);
    const body = records.map((value) => writeRecord(message.subarray(12, end), number, value));
    this.socket.send(Buffer.concat([header, question, ...body]), port, address);
  }
}

function readName(message: Buffer, start: number): { name: string; end: number } {
  const labels: string[] = [];
  let at = start;
  for (let length = message[at] ?? 0; length > 0; length = message[at] ?? 0) {
    labels.push(message.toString("latin1", at + 1, at + 1 + length));
    at += length + 1;
  }
  return { name: labels.join(".").toLowerCase(), end: at + 1 };
}

function writeRecord(name: Buffer, type: number, value: string): Buffer {
  const data = type === 1 ? Buffer.from(value.split(".").map(Number)) : writeName(value);
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(type, 0);
  fixed.writeUInt16BE(1, 2);
  fixed.writeUInt16BE(data.length, 8);
  return Buffer.concat([name, fixed, data]);
}

const writeName = (name: string) =>
  Buffer.concat([
    ...name.split(".").map((label) => Buffer.from([label.length, ...Buffer.from(label, "latin1")])),
    Buffer.from([0]),
  ]);

/** Answers from zones alone; the name servers of one are the loopback server itself. */
export const fromZones =
  (...zones: readonly Zone[]) =>
  ({ name, type }: Question): Answer => {
    const found = zones.map((zone) => zone[name]).find(Boolean);
    return found ? (found[type] ?? []) : "unknown";
  };

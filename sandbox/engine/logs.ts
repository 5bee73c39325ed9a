import { createHash } from "node:crypto";
import {
  appendFileSync,
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
} from "node:fs";
import { join } from "node:path";

/** A log stream's place: a group of a region, and a name in it. */
export interface LogTarget {
  region: string;
  group: string;
  stream: string;
}

export interface LogEvent {
  readonly at: number;
  /** When CloudWatch shows it: it is a little late. */
  readonly seenAt: number;
  readonly message: string;
}

/** A stream with all its events, in the order of their times. */
export interface LogStream {
  readonly name: string;
  readonly events: readonly LogEvent[];
}

/**
 * What containers said, apart from the state of what runs: lines are added without it, and a line costs what it is long,
 * however many there are already.
 */
export interface Logs {
  /** Adds lines to a stream that come at once. Times that run back are the last event's. */
  append(target: LogTarget, lines: readonly string[], at: number, seenAt: number): void;
  /** The streams of a group. */
  streams(region: string, group: string): LogStream[];
  /** Forgets everything. */
  clear(): void;
}

class Stream implements LogStream {
  readonly events: LogEvent[] = [];

  constructor(readonly name: string) {}

  add(lines: readonly string[], at: number, seenAt: number): void {
    const last = this.events.at(-1);
    const times = { at: Math.max(at, last?.at ?? 0), seenAt: Math.max(seenAt, last?.seenAt ?? 0) };
    for (const message of lines) this.events.push({ ...times, message });
  }
}

/** For tests: nothing outlives the process. */
export class MemoryLogs implements Logs {
  private readonly groups = new Map<string, Map<string, Stream>>();

  append({ region, group, stream }: LogTarget, lines: readonly string[], at: number, seenAt: number): void {
    const key = `${region}|${group}`;
    const streams = this.groups.get(key) ?? new Map<string, Stream>();
    this.groups.set(key, streams);
    const found = streams.get(stream) ?? new Stream(stream);
    streams.set(stream, found);
    found.add(lines, at, seenAt);
  }

  streams(region: string, group: string): LogStream[] {
    return [...(this.groups.get(`${region}|${group}`)?.values() ?? [])];
  }

  clear(): void {
    this.groups.clear();
  }
}

/** A line of a stream's file: lines that came at once. */
interface Entry {
  stream: string;
  at: number;
  seenAt: number;
  lines: string[];
}

/** A file as far as it was read. */
interface Read {
  stream: Stream | undefined;
  bytes: number;
}

/**
 * `.sandbox/logs/`: a folder per group and a file per stream, to which is only ever added. Each addition is one write of
 * whole lines, so that two processes need no lock, and a reader reads only what is new.
 */
export class FileLogs implements Logs {
  private readonly folder: string;
  private readonly read = new Map<string, Read>();

  constructor(sandbox: string) {
    this.folder = join(sandbox, "logs");
  }

  append({ region, group, stream }: LogTarget, lines: readonly string[], at: number, seenAt: number): void {
    const entry: Entry = { stream, at, seenAt, lines: [...lines] };
    const folder = this.folderOf(region, group);
    // The first break ends what a crash left unfinished.
    const text = `\n${JSON.stringify(entry)}\n`;
    const file = join(folder, `${hash(stream)}.jsonl`);
    try {
      appendFileSync(file, text, { mode: 0o600 });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      appendFileSync(file, text, { mode: 0o600 });
    }
  }

  streams(region: string, group: string): LogStream[] {
    const folder = this.folderOf(region, group);
    return filesIn(folder).flatMap((name) => this.readOn(join(folder, name)) ?? []);
  }

  clear(): void {
    rmSync(this.folder, { recursive: true, force: true });
    this.read.clear();
  }

  private folderOf(region: string, group: string): string {
    return join(this.folder, hash(`${region}|${group}`));
  }

  private readOn(file: string): Stream | undefined {
    const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
    let known = this.read.get(file);
    // Another process has begun it anew.
    if (!known || known.bytes > size) known = { stream: undefined, bytes: 0 };
    this.read.set(file, known);
    if (known.bytes < size) {
      const fresh = bytesOf(file, known.bytes, size);
      const whole = fresh.subarray(0, fresh.lastIndexOf("\n") + 1);
      for (const line of whole.toString("utf8").split("\n")) addTo(known, line);
      known.bytes += whole.length;
    }
    return known.stream;
  }
}

function addTo(known: Read, line: string): void {
  const entry = parse(line);
  if (!entry) return;
  known.stream ??= new Stream(entry.stream);
  known.stream.add(entry.lines, entry.at, entry.seenAt);
}

/** Undefined for what a crash left unfinished. */
function parse(line: string): Entry | undefined {
  if (line === "") return undefined;
  try {
    return JSON.parse(line) as Entry;
  } catch {
    return undefined;
  }
}

function bytesOf(file: string, from: number, to: number): Buffer {
  if (from === 0) return readFileSync(file);
  const buffer = Buffer.alloc(to - from);
  const opened = openSync(file, "r");
  try {
    return buffer.subarray(0, readSync(opened, buffer, 0, buffer.length, from));
  } finally {
    closeSync(opened);
  }
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Names of groups and streams may be longer than a file's, and hold slashes. */
function hash(name: string): string {
  return createHash("sha256").update(name).digest("hex").slice(0, 32);
}

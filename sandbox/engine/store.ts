import { renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as lockfile from "proper-lockfile";
import { readVersioned } from "../files";
import { FileLogs, type Logs, MemoryLogs } from "./logs";
import { bare, type Runtime } from "./state";

/** Where what runs is kept between two steps. */
export interface Store {
  /** What containers said: it needs no lock. */
  readonly logs: Logs;
  /** Runs a step alone, over all processes, with the newest state (undefined at first). */
  locked<T>(step: (state: Runtime | undefined) => Promise<{ state: Runtime; result: T }>): Promise<T>;
}

/** For tests: nothing outlives the process. */
export class MemoryStore implements Store {
  readonly logs = new MemoryLogs();
  private state: Runtime | undefined;

  async locked<T>(step: (state: Runtime | undefined) => Promise<{ state: Runtime; result: T }>): Promise<T> {
    const { state, result } = await step(this.state);
    this.state = state;
    return result;
  }
}

/**
 * `.sandbox/runtime.json`, beside world.json. Written in one piece and renamed, under a lock, so two commands at once see
 * one world and a crash leaves the last whole state.
 */
export class FileStore implements Store {
  readonly logs: Logs;
  private readonly file: string;
  private cached: Runtime | undefined;
  private stamp = "";
  private written = "";

  constructor(private readonly folder: string) {
    this.file = join(folder, "runtime.json");
    this.logs = new FileLogs(folder);
  }

  async locked<T>(step: (state: Runtime | undefined) => Promise<{ state: Runtime; result: T }>): Promise<T> {
    // Not the folder, as World does: locks of one process are known by what they lock, not by their file.
    const release = await lockfile.lock(this.file, {
      realpath: false,
      lockfilePath: join(this.folder, "runtime.lock"),
      retries: { retries: 2000, factor: 1.2, minTimeout: 2, maxTimeout: 40 },
    });
    try {
      const { state, result } = await step(this.read());
      this.write(state);
      return result;
    } finally {
      await release();
    }
  }

  /** The virtual time of what is kept; 0 when there is nothing. */
  time(): number {
    return this.read()?.time ?? 0;
  }

  private read(): Runtime | undefined {
    const stamp = stampOf(this.file);
    if (stamp === "") return undefined;
    if (stamp !== this.stamp) {
      this.cached = readVersioned<Runtime>(this.file, 3);
      this.written = JSON.stringify(this.cached);
      for (const repository of Object.values(this.cached.repositories))
        repository.tags = bare(repository.tags);
      this.stamp = stamp;
    }
    return this.cached;
  }

  private write(state: Runtime): void {
    this.cached = state;
    const text = JSON.stringify(state);
    if (text === this.written) return;
    const draft = `${this.file}.${process.pid}`;
    writeFileSync(draft, text, { mode: 0o600 });
    renameSync(draft, this.file);
    this.written = text;
    this.stamp = stampOf(this.file);
  }
}

/** Atomic renames give a new inode, so this changes with each write. */
function stampOf(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false, bigint: true });
  return stat ? `${stat.ino}-${stat.mtimeNs}-${stat.size}` : "";
}

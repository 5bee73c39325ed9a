import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { extname, join } from "node:path";
import { createInterface } from "node:readline";
import { program } from "../program";

/** A running engine: where it listens on loopback, and how to end it if it is ours. */
export interface Pglite {
  port: number;
  stop: () => Promise<void>;
}

interface Mark {
  pid: number;
  port: number;
}

/**
 * Postgres in WebAssembly, for a machine that has no other: the whole SQL of its version, one user, no passwords, loopback
 * only. Its data stay in the folder; two sandboxes at once share the engine of the first.
 */
export async function servePglite(folder: string): Promise<Pglite> {
  const mark = `${folder}.json`;
  const other = read(mark);
  if (other) return { port: other.port, stop: async () => {} };
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const args = [...program(join(__dirname, `pglite-server${extname(__filename)}`)), folder];
  // Of a session of its own: a Ctrl-C at the terminal is for the command, whose last word may need the database.
  const child = spawn(process.execPath, args, {
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  let told = "";
  child.stderr.on("data", (data: Buffer) => {
    told = (told + data.toString()).slice(-4000);
  });
  const port = await new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", () => reject(new Error(`PGlite ended: ${told.trim().split("\n").at(-1)}`)));
    createInterface(child.stdout).once("line", (line) => resolve(Number(line)));
  });
  writeFileSync(mark, JSON.stringify({ pid: child.pid, port }), { mode: 0o600 });
  const stop = async () => {
    rmSync(mark, { force: true });
    child.stdin.end();
    await ended;
  };
  return { port, stop };
}

/** The engine that another sandbox runs on this folder, if it is alive. */
function read(mark: string): Mark | undefined {
  try {
    const { pid, port } = JSON.parse(readFileSync(mark, "utf8")) as Mark;
    process.kill(pid, 0);
    return { pid, port };
  } catch {
    return undefined;
  }
}

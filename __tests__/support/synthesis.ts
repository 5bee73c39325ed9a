import { createServer } from "node:net";
import { join } from "node:path";
import { load } from "./commands-here";

const ROOT = join(__dirname, "..", "..");

interface Wanted {
  /** The project. */
  readonly folder: string;
  /** What cdktf's command line says to an app. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

interface Synthesized {
  readonly code: number;
  /** What goes to standard error. */
  readonly said: string;
}

/**
 * What a project's main.ts does, in this process: provider classes are loaded once, and not for each of the commands of a test.
 * Files of the project itself are read anew each time.
 */
export function synthesizeHere({ folder, environment }: Wanted): Synthesized {
  const before = { env: { ...process.env }, exitCode: process.exitCode, error: console.error };
  const lines: string[] = [];
  try {
    for (const file of Object.keys(load.cache)) if (file.startsWith(`${folder}/`)) delete load.cache[file];
    const { synthesizeProject } = load(join(ROOT, "app.ts")) as typeof import("../../app");
    for (const [name, value] of Object.entries({ CDKTF_OUTDIR: join(folder, "cdktf.out"), ...environment }))
      if (value !== undefined) process.env[name] = value;
    console.error = (line) => lines.push(`${line}\n`);
    process.exitCode = 0;
    synthesizeProject(folder);
    return { code: Number(process.exitCode), said: lines.join("") };
  } catch (error) {
    return { code: 1, said: `${lines.join("")}${error instanceof Error ? error.stack : error}\n` };
  } finally {
    console.error = before.error;
    process.exitCode = before.exitCode;
    for (const name of Object.keys(environment)) delete process.env[name];
    Object.assign(process.env, before.env);
  }
}

/**
 * Listens at a socket in a folder for commands that run the app of a project there, or below.
 * @returns what cdktf.json names as the app
 */
export function serveSynthesis(folder: string): { readonly app: string; close(): void } {
  const path = join(folder, ".app");
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    let text = "";
    socket.setEncoding("utf8").on("data", (chunk) => {
      text += chunk;
    });
    socket.on("end", () => socket.end(JSON.stringify(synthesizeHere(JSON.parse(text)))));
  });
  server.listen(path).unref();
  const client = join(__dirname, "synthesize-client.cjs");
  return { app: `"${process.execPath}" "${client}" "${path}"`, close: () => server.close() };
}

import { createServer } from "node:net";
import { join } from "node:path";
import { type Program, programHere } from "./commands-here";

interface Wanted {
  readonly program: Program;
  readonly words: readonly string[];
  /** All of its standard input. */
  readonly input: string;
  readonly folder: string;
  readonly environment: NodeJS.ProcessEnv;
}

/** Programs of slipway that shell lines start, and that run in this process. */
export interface Commands {
  /** The words by which a shell line starts a program. */
  readonly say: (program: Program) => string;
  close(): void;
}

/**
 * Listens at a socket in a folder for programs of slipway that shell lines start: their modules are loaded once, and not by each.
 * Programs that a signal is to reach, or that hand the terminal on to another one, are started as processes.
 */
export function serveCommands(folder: string): Commands {
  const path = join(folder, ".commands");
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    let text = "";
    socket.setEncoding("utf8").on("data", (chunk) => {
      text += chunk;
    });
    socket.on("end", async () => {
      const { folder, words, environment, program, input }: Wanted = JSON.parse(text);
      const ended = await programHere(program, folder, words, environment, input).catch((error: Error) => ({
        code: 1,
        stdout: "",
        stderr: `${error.stack}\n`,
      }));
      socket.end(JSON.stringify(ended));
    });
  });
  server.listen(path).unref();
  const client = join(__dirname, "command-client.cjs");
  return {
    say: (program) => `"${process.execPath}" "${client}" "${path}" ${program}`,
    close: () => server.close(),
  };
}

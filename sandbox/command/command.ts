import { USAGE } from "../../terminal/exit-codes";
import { DamagedFile } from "../files";
import { HELP } from "./help";
import { enterAccount, openSandbox, type Place } from "./open";
import { parseOptions, UsageError } from "./options";
import { show } from "./world-options";

/** Where somebody gives the command, and who takes what it answers. */
export interface Terminal extends Place {
  print(text: string): Promise<void>;
}

/**
 * The command `slipway sandbox`, to its end.
 * @param words its options, then the command to run
 * @param run runs that command with the variables that lead it to the stand-ins; answers its exit code
 * @returns the exit code: the command's, if there is one
 */
export async function sandboxCommand(
  words: readonly string[],
  terminal: Terminal,
  run: (command: readonly string[], environment: NodeJS.ProcessEnv) => Promise<number>,
): Promise<number> {
  try {
    const options = parseOptions(words);
    if (options.help) {
      await terminal.print(HELP);
      return 0;
    }
    const world = await enterAccount(options, terminal);
    if (options.show) await terminal.print(show(world, options.show.type, options.json));
    if (options.command.length === 0) return 0;
    const sandbox = await openSandbox(world, options, terminal);
    return await run(options.command, sandbox.environment).finally(sandbox.close);
  } catch (error) {
    terminal.stderr.write(`sandbox: ${told(error)}\n`);
    return error instanceof UsageError ? USAGE : 1;
  }
}

/** What a person can do something about is a sentence; a mistake of the sandbox is a trace. */
function told(error: unknown): string {
  if (error instanceof UsageError) return `${error.message} (--help shows examples)`;
  if (error instanceof DamagedFile) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

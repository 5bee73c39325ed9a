import { Command } from "commander";
import { swallowed } from "../npm/swallowed";
import { candidates } from "./candidates";
import { USAGE } from "./exit-codes";
import { muteSdk } from "./mute-sdk";

/** Columns of a description that are left beside options: in fewer it is not wrapped. On a terminal of 50 it has about 20. */
const NARROWEST = 16;

/** A command whose mistakes in the command line say what was meant, point to --help, and end with one exit code: `USAGE`. */
export function createCommand(name: string): Command {
  return new Command(name)
    .configureHelp({ subcommandTerm: (command) => command.name(), minWidthToWrap: NARROWEST })
    .showHelpAfterError("(--help shows examples)")
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : USAGE));
}

/**
 * Runs what these words ask for. Where a shell completes them instead (cli/completion.ts), prints what the last may become.
 * @param script the command's name in package.json, where npm may have kept options for itself
 * @param line how a person calls it by npm
 */
export async function start(
  program: Command,
  words: readonly string[],
  script: string,
  line?: string,
): Promise<void> {
  muteSdk();
  if (process.env.SLIPWAY_COMPLETE) {
    const found = candidates(program, words);
    process.stdout.write(found.map((one) => `${one}\n`).join(""));
    return;
  }
  const refusal = swallowed(script, program, words, process.env, line);
  if (refusal !== undefined) program.error(refusal);
  await program.parseAsync(words, { from: "user" });
}

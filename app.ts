/** The package `slipway/app`: what main.ts runs, here and in every project. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ConfigurationError } from "./modules/mistakes";
import { checkPeers } from "./modules/peers";

/**
 * Makes the stacks of a project: one per file in its environments/, and the one that they share, as its cdktf.json says.
 * All go to cdktf.out, or to CDKTF_OUTDIR; with a mistake in any file none does, standard error has them all, and the exit code
 * is 1. What the guardrails find, and names that are not known here, go to standard error, and the exit code stays 0.
 *
 * @param folder where the project's cdktf.json is: `__dirname` in its main.ts
 */
export function synthesizeProject(folder: string): void {
  try {
    const mistakes = checkPeers(folder, __dirname);
    if (mistakes.length > 0) throw new ConfigurationError(mistakes);
    // What follows loads the peers.
    const { openFindings, renderText, reportOn } = require("./guardrails") as typeof import("./guardrails");
    const { synthesize } = require("./modules/app") as typeof import("./modules/app");
    const context = readContext(folder);
    const report = reportOn([synthesize(join(folder, "environments"), context, console.error)]);
    // Said here, refused by the guardrails' command: a finding must not keep anybody from mending what burns.
    if (openFindings(report).length + report.quotas.length > 0) console.error(renderText(report));
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}

/** @throws ConfigurationError where cdktf.json is none that can be read */
function readContext(folder: string): unknown {
  try {
    return JSON.parse(readFileSync(join(folder, "cdktf.json"), "utf8")).context;
  } catch (error) {
    const message = `cannot be read: ${(error as Error).message.split("\n", 1)[0]}`;
    throw new ConfigurationError([{ path: "cdktf.json", message }]);
  }
}

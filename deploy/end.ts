import { AwsError } from "./aws/error";
import { DeployError, Interrupted } from "./errors";
import type { Result } from "./events";
import { EXIT } from "./exit-code";

/** What a command did: the sentence that ends it, and its exit code when that is not 0. */
export interface Done {
  text: string;
  exitCode?: number;
}

export type End = Pick<Result, "exitCode" | "text" | "wayOut" | "lastLines">;

/** One full stop where a sentence of AWS's ends one of ours. */
const tidy = (text: string) => text.replace(/\.(?=\.\s|\.$|:\s|\)|,\s|;)/g, "");

export const tidied = (end: End): End => ({ ...end, text: tidy(end.text), wayOut: end.wayOut.map(tidy) });

/** Every way to end, in one shape. */
export async function endOf(body: () => Promise<Done>): Promise<End> {
  try {
    const { text, exitCode = EXIT.deployed } = await body();
    return { exitCode, text, wayOut: [], lastLines: [] };
  } catch (error) {
    if (error instanceof DeployError) {
      const { exitCode, message: text, wayOut, lastLines } = error;
      return { exitCode, text, wayOut, lastLines };
    }
    if (error instanceof Interrupted) {
      return {
        exitCode: error.exitCode,
        text: `Stopped: ${error.message}.`,
        wayOut: error.wayOut,
        lastLines: [],
      };
    }
    if (error instanceof AwsError) {
      return { exitCode: EXIT.refused, text: error.message, wayOut: [], lastLines: [] };
    }
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return {
      exitCode: EXIT.unknown,
      text: `A defect of the deploy itself: ${text}`,
      wayOut: [],
      lastLines: [],
    };
  }
}

import { dirname, join } from "node:path";
import type { OpenSandbox } from "../sandbox/command/open";
import { CommandError } from "./error";

/** Whether AWS is stood in for: in a command of the sandbox, or offline. */
export function inSandbox(environment: NodeJS.ProcessEnv): boolean {
  const { TERRAFORM_BINARY_NAME, TF_REATTACH_PROVIDERS } = environment;
  const shim = dirname(TERRAFORM_BINARY_NAME ?? "").endsWith(join(".sandbox", "bin"));
  return shim && Boolean(TF_REATTACH_PROVIDERS);
}

/** A command to go on with, as it is typed where AWS is stood in for, and elsewhere as it is. */
export function typed(command: string): string {
  if (!inSandbox(process.env)) return command;
  return /^npx slipway (?:plan|destroy) /.test(command)
    ? command.replace(/^npx slipway \w+/, "$& --offline")
    : `npx slipway sandbox ${command}`;
}

/**
 * Runs a command in this process, with AWS stood in for. Returns its exit code.
 *
 * @param options the sandbox's own
 * @throws CommandError where there can be no sandbox: without Terraform, or where its files are damaged
 */
export async function runOffline(
  options: readonly string[],
  command: () => Promise<number>,
): Promise<number> {
  const { environment, close } = await open(options);
  const outside = process.env;
  process.env = environment;
  try {
    return await command();
  } finally {
    process.env = outside;
    await close();
  }
}

async function open(options: readonly string[]): Promise<OpenSandbox> {
  // Whoever has credentials loads none of it.
  const load = {
    command: () => require("../sandbox/command/open") as typeof import("../sandbox/command/open"),
    options: () => require("../sandbox/command/options") as typeof import("../sandbox/command/options"),
    files: () => require("../sandbox/files") as typeof import("../sandbox/files"),
  };
  const { enterAccount, openSandbox } = load.command();
  const { parseOptions, UsageError } = load.options();
  const place = { folder: process.cwd(), environment: process.env, stderr: process.stderr };
  const wanted = parseOptions([...options, process.execPath]);
  try {
    return await openSandbox(await enterAccount(wanted, place), wanted, place);
  } catch (error) {
    const expected = error instanceof UsageError || error instanceof load.files().DamagedFile;
    throw expected ? new CommandError(`sandbox: ${error.message}`) : error;
  }
}

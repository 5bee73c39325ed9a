import { createInterface } from "node:readline";
import { CommandError } from "./error";
import type { SavedPlan } from "./saved";
import { losses } from "./summary";

/**
 * Makes sure that each loss was allowed by its address: `staging:aws_db_instance.database`, or without the stack
 * where only one is applied.
 * @throws CommandError naming each loss that was not, and each address that loses nothing
 */
export function checkLosses(plans: readonly SavedPlan[], allowed: readonly string[]): void {
  const only = plans.length === 1;
  const threatened = plans.flatMap(({ name, summary }) =>
    losses(summary).map(({ address, kind, loses }) => ({
      names: [`${name}:${address}`, ...(only ? [address] : [])],
      text: `${name}: ${address} would be ${kind === "replace" ? "replaced" : "destroyed"}: ${loses} would be lost`,
    })),
  );
  const known = new Set(threatened.flatMap(({ names }) => names));
  const idle = allowed.filter((address) => !known.has(address));
  if (idle.length > 0) {
    const there = threatened.map(({ names }) => names[0]).join(", ");
    throw new CommandError(
      `--allow-destroy ${idle.join(", ")}: no plan that is to be applied destroys or replaces this. ${
        there === "" ? "None destroys or replaces anything that holds data." : `Those that do: ${there}.`
      }`,
    );
  }
  const refused = threatened.filter(({ names }) => !names.some((name) => allowed.includes(name)));
  if (refused.length === 0) return;
  throw new CommandError(
    [
      "Refused, nothing was applied: what no apply can make again would be lost.",
      ...refused.map(({ text }) => `  ${text}`),
      "Where that is meant, say so for each:",
      `  ${refused.map(({ names }) => `--allow-destroy '${names[0]}'`).join(" ")}`,
    ].join("\n"),
  );
}

/**
 * Has a person type yes.
 * @throws CommandError where nobody can be asked, or the answer is another one
 */
export async function askForYes(
  plans: readonly SavedPlan[],
  input: NodeJS.ReadStream = process.stdin,
  output: NodeJS.WriteStream = process.stderr,
): Promise<void> {
  checkTerminal(input);
  const names = plans.map(({ name }) => name).join(" and ");
  if ((await ask(`\nApply exactly this to ${names}? Only "yes" goes on: `, input, output)) === "yes") return;
  throw new CommandError("Not applied, nothing was changed.");
}

/**
 * Has a person type the name of what is to be destroyed.
 * @throws CommandError where nobody can be asked, or the answer is another one
 */
export async function askForName(
  name: string,
  input: NodeJS.ReadStream = process.stdin,
  output: NodeJS.WriteStream = process.stderr,
): Promise<void> {
  checkTerminal(input);
  const question = `\nDestroy all of this? It cannot be undone. Only the name of the environment goes on: `;
  if ((await ask(question, input, output)) === name) return;
  throw new CommandError("Not destroyed, nothing was changed.");
}

/**
 * Asks a person whether package.json is to have another version of slipway.
 * @throws CommandError where the answer is another one than yes
 */
export async function askForVersion(
  version: string,
  input: NodeJS.ReadStream = process.stdin,
  output: NodeJS.WriteStream = process.stderr,
): Promise<void> {
  const question = `\nWrite slipway ${version} to package.json, and install it? Only "yes" goes on: `;
  if ((await ask(question, input, output)) === "yes") return;
  throw new CommandError("Nothing was written.");
}

function checkTerminal(input: NodeJS.ReadStream): void {
  if (input.isTTY) return;
  throw new CommandError(
    "Nobody can be asked here, because standard input is no terminal: add --auto-approve where the plan was approved before.",
  );
}

async function ask(question: string, input: NodeJS.ReadStream, output: NodeJS.WriteStream): Promise<string> {
  const dialog = createInterface({ input, output });
  try {
    const answer = await new Promise<string>((resolve) => {
      // Ctrl-C and the end of input are answers, too.
      dialog.once("close", () => resolve(""));
      dialog.question(question, resolve);
    });
    return answer.trim();
  } finally {
    dialog.close();
  }
}

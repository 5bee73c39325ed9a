import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Command, Option } from "commander";

/** Where a command line stands: what it calls, with which operands, and the option whose value comes next. */
interface Place {
  readonly command: Command;
  readonly operands: readonly string[];
  readonly option: Option | undefined;
}

/**
 * Everything that the last of these words may become: subcommands, options, their choices, names of environments and services.
 * @param words those after the program's own name, the last one unfinished, perhaps empty
 */
export function candidates(program: Command, words: readonly string[]): string[] {
  const typed = words.at(-1) ?? "";
  const before = words.slice(0, -1);
  if (before.includes("--")) return [];
  const place = walk(program, before);
  const all = typed.startsWith("-") && !place.option ? optionsOf(place.command) : valuesAt(place);
  return [...new Set(all)].filter((one) => one.startsWith(typed)).sort();
}

function walk(program: Command, words: readonly string[]): Place {
  let command = program;
  let option: Option | undefined;
  const operands: string[] = [];
  for (const word of words) {
    if (option) option = undefined;
    else if (word.startsWith("-")) option = takingValue(command, word);
    else {
      const below = operands.length === 0 ? subcommand(command, word) : undefined;
      if (below) command = below;
      else operands.push(word);
    }
  }
  return { command, operands, option };
}

const subcommand = (command: Command, word: string) => command.commands.find((one) => one.name() === word);

/** The option that a word names and whose value is the next word. */
const takingValue = (command: Command, word: string) =>
  command.options.find((option) => option.required && (option.long === word || option.short === word));

const optionsOf = (command: Command) =>
  command
    .createHelp()
    .visibleOptions(command)
    .flatMap(({ long }) => long ?? []);

function valuesAt({ command, operands, option }: Place): readonly string[] {
  if (option) return option.argChoices ?? named(option.attributeName(), operands);
  const { registeredArguments: all } = command;
  const argument = all[operands.length] ?? (all.at(-1)?.variadic ? all.at(-1) : undefined);
  const below = operands.length === 0 ? command.commands.map((one) => one.name()) : [];
  return [...below, ...(argument ? (argument.argChoices ?? named(argument.name(), operands)) : [])];
}

/** The values of an option or argument that has a name of an environment's or a service's. */
function named(what: string, [environment = ""]: readonly string[]): readonly string[] {
  if (what === "environment" || what === "other") return environmentNames();
  return what === "service" ? serviceNames(environment) : [];
}

/** Names of the files in environments/ of this folder. */
export function environmentNames(): string[] {
  try {
    return readdirSync("environments")
      .filter((file) => file.endsWith(".ts") && !file.endsWith(".d.ts"))
      .map((file) => file.replace(/\.ts$/, ""));
  } catch {
    return [];
  }
}

/** Names of the services that an environment's file has, where it can be read. */
function serviceNames(environment: string): string[] {
  try {
    return Object.keys(require(join(process.cwd(), "environments", environment)).default.props.services);
  } catch {
    return [];
  }
}

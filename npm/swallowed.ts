/**
 * Options that npm kept for itself: of `npm run plan --offline` the command sees nothing, since npm passes on only what stands
 * behind `--`. A variable tells of such an option: npm_config_offline. Source: "npm run" and "config", npm documentation.
 */
import { readFileSync } from "node:fs";
import type { Command, Option } from "commander";

/**
 * Why a command line is refused, with the line that was meant; undefined where npm kept nothing of it.
 * @param script its name in package.json, or the one that npm gives to what it fetches: npx
 * @param program the command, whose options and whose subcommands' are looked for
 * @param words what it was given
 * @param line how a person calls it
 */
export function swallowed(
  script: string,
  program: Command,
  words: readonly string[],
  env: NodeJS.ProcessEnv,
  line = `npm run ${script}`,
): string | undefined {
  if (env.npm_lifecycle_event !== script) return undefined;
  const kept = optionsOf(program).flatMap((option) => keptOf(option, env));
  if (kept.length === 0) return undefined;
  const names = kept.map(({ flag }) => flag).join(", ");
  return `npm kept ${names} for itself, and nothing was done: what npm is to pass on stands behind --. Write:\n\n  ${line} -- ${meant(words, kept)}\n`;
}

const PREFIX = "npm_config_";

/** Options of npm's that it takes ours for, since no other one of its own begins so. */
const LONGER: Readonly<Record<string, string>> = {
  to: "token_description",
  replace: "replace_registry_host",
};

interface Known {
  /** As it is typed: `--no-wait` */
  readonly flag: string;
  /** As npm names it, without a `no`: `wait` */
  readonly variable: string;
  readonly negated: boolean;
  readonly takesValue: boolean;
}

interface Kept {
  readonly flag: string;
  /** Absent where npm took the word behind it for an operand. */
  readonly words: readonly string[] | undefined;
}

/** The options of a command and of all below it, each once. */
function optionsOf(program: Command): Known[] {
  const commands = (one: Command): Command[] => [one, ...one.commands.flatMap(commands)];
  const all = commands(program).flatMap(({ options }) => options.map(known));
  return [...new Map(all.map((one) => [one.flag, one])).values()];
}

function known({ long, negate, required, optional }: Option): Known {
  const variable = (long ?? "").replace(/^--(?:no-)?/, "").replaceAll("-", "_");
  return { flag: long ?? "", variable, negated: negate, takesValue: required || optional };
}

/** The option, where npm's variables tell of it. */
function keptOf({ flag, variable, negated, takesValue }: Known, env: NodeJS.ProcessEnv): Kept[] {
  const name = [variable, LONGER[variable]].find((one) => one !== undefined && `${PREFIX}${one}` in env);
  const value = env[`${PREFIX}${name}`];
  const off = value === "" || value === "false";
  // npm has options of the same names: one that is switched off says something only where ours can be, too.
  if (name === undefined || value === undefined || off !== negated || isConfigured(name, env)) return [];
  if (!takesValue) return [{ flag, words: [flag] }];
  const values = value.split("\n\n");
  const lost = values.includes("true");
  return [{ flag, words: lost ? undefined : values.flatMap((one) => [flag, one]) }];
}

/** The words behind `--`; where npm tore some apart, only the person knows them. */
function meant(words: readonly string[], kept: readonly Kept[]): string {
  if (kept.some((one) => one.words === undefined)) return "… (all that you wrote)";
  const end = words.indexOf("--");
  const [before, after] = end < 0 ? [words, []] : [words.slice(0, end), words.slice(end)];
  return [...before, ...kept.flatMap((one) => one.words ?? []), ...after].map(quoted).join(" ");
}

/** Whether an .npmrc sets it for npm itself, as `offline=true` may stand there. */
function isConfigured(variable: string, env: NodeJS.ProcessEnv): boolean {
  const setting = variable.replaceAll("_", "[-_]");
  const files = [
    env.npm_config_userconfig,
    env.npm_config_globalconfig,
    `${env.npm_config_local_prefix}/.npmrc`,
  ];
  return files.some((file) => new RegExp(`^\\s*${setting}\\s*=`, "m").test(textOf(file ?? "")));
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

/** A word as a shell takes it. */
const quoted = (word: string) =>
  /^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;

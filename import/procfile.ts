import type { Mistake } from "../modules/mistakes";
import { show } from "../modules/mistakes";

/** Characters that a shell reads, so that the line is one for a shell. */
const FOR_SHELL = /[$&|;<>()`"'\\*?[\]#~{}!]|^\w+=/;
/** Characters that make more than one command of a line, or give it variables first. */
const COMPOUND = /[&|;()`]|^\w+=/;

/**
 * A Procfile's commands by their process types, each as a container is given it.
 * Source: "The Procfile", Heroku Dev Center: a line for each type, `<type>: <command>`.
 */
export function commandsOf(procfile: string): {
  readonly commands: Readonly<Record<string, string[]>>;
  readonly mistakes: readonly Mistake[];
} {
  const commands: Record<string, string[]> = {};
  const mistakes: Mistake[] = [];
  for (const [index, line] of procfile.split(/\r?\n/).entries()) {
    if (/^\s*(#.*)?$/.test(line)) continue;
    const path = `Procfile, line ${index + 1}`;
    const [, type = "", command = ""] = /^([A-Za-z0-9_-]+):\s*(\S.*?)\s*$/.exec(line) ?? [];
    if (type === "")
      mistakes.push({ path, message: `${show(line)} is no process type with its command: web: npm start.` });
    else if (Object.hasOwn(commands, type))
      mistakes.push({ path, message: `${show(type)} stands there twice; leave one of them.` });
    else commands[type] = wordsOf(command);
  }
  return { commands, mistakes };
}

/** A line's words; where it is one for a shell, that shell, in whose place the command stands if there is but one. */
export function wordsOf(line: string): string[] {
  if (!FOR_SHELL.test(line)) return line.split(/\s+/);
  return ["sh", "-c", COMPOUND.test(line) || /^exec\s/.test(line) ? line : `exec ${line}`];
}

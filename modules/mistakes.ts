import type { z } from "zod";

/** One thing a person got wrong: where, and what to do about it. */
export interface Mistake {
  /** Dotted path from the environment's name: `staging.database.instanceClass`. */
  readonly path: string;
  /** The value, the rule and the way out, in one sentence or two. */
  readonly message: string;
}

/** Every mistake found, in one report. Thrown before a resource is made or a file is written. */
export class ConfigurationError extends Error {
  override name = "ConfigurationError";

  constructor(readonly mistakes: readonly Mistake[]) {
    const lines = mistakes.map(({ path, message }) => `  ${path}: ${message}`);
    const count = mistakes.length === 1 ? "1 mistake" : `${mistakes.length} mistakes`;
    super(`${count} in the configuration, nothing was written:\n\n${lines.join("\n")}\n`);
  }
}

/** Quotes a value for a message. */
export const show = (value: unknown): string => JSON.stringify(value) ?? String(value);

/** What a schema found, as mistakes below `path`. */
export function fromIssues(path: string, issues: readonly z.core.$ZodIssue[]): Mistake[] {
  return issues.map((issue) => ({
    path: [path, ...issue.path.map(String)].join("."),
    message: sentence(issue),
  }));
}

function sentence(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return issue.input === undefined
        ? `is missing: give ${article(issue.expected)}.`
        : `${show(issue.input)} is not ${article(issue.expected)}.`;
    case "invalid_value":
      return `${show(issue.input)} is none of ${issue.values.map(show).join(", ")}.`;
    case "too_small":
      return outside(issue, `is below the least allowed, ${issue.minimum}.`, `fewer than ${issue.minimum}`);
    case "too_big":
      return outside(issue, `is above the most allowed, ${issue.maximum}.`, `more than ${issue.maximum}`);
    case "invalid_format":
      return `${show(issue.input)} ${issue.message}`;
    case "invalid_key":
      return `the name ${issue.issues.map(sentence).join(" ")}`;
    default:
      return issue.message;
  }
}

/** A number is outside by its value, a text or a list by its length, about which the schema may have more to say. */
function outside(
  issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig,
  value: string,
  length: string,
): string {
  const own = issue.message.startsWith("Too ") ? undefined : issue.message;
  if (issue.origin === "string" || issue.origin === "array") {
    const unit = issue.origin === "string" ? "characters" : "entries";
    return `${show(issue.input)} ${own ?? `has ${length} ${unit}.`}`;
  }
  return `${show(issue.input)} ${own ?? value}`;
}

const article = (type: string) =>
  type === "int" ? "a whole number" : `${/^[aeiou]/.test(type) ? "an" : "a"} ${type}`;

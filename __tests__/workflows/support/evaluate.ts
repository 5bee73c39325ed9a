import { data, Evaluator, Lexer, Parser } from "@actions/expressions";

/** What expressions read, as plain values: `github`, `vars`, `needs`, … */
export type Contexts = Readonly<Record<string, unknown>>;

/** How it stands with what a condition waits for: the jobs that a job needs, or the steps before a step. */
export type Status = "success" | "failure" | "cancelled";

const CONTEXTS = ["github", "vars", "needs", "inputs", "secrets", "steps", "matrix", "job", "runner"];

const STATUS_FUNCTIONS: Readonly<Record<string, (status: Status) => boolean>> = {
  success: (status) => status === "success",
  failure: (status) => status === "failure",
  cancelled: (status) => status === "cancelled",
  always: () => true,
};

/** What was parsed before: thousands of timelines ask the same. */
const known = new Map<string, ReturnType<Parser["parse"]>>();
/** Answers by their question, as JSON: so many at most. */
const answers = new Map<string, string>();
const MOST = 10_000;

/** The value of an expression, by GitHub's own evaluator. */
export function evaluate(expression: string, contexts: Contexts, status: Status = "success"): unknown {
  const functions = Object.entries(STATUS_FUNCTIONS).map(([name, holds]) => ({
    name,
    minArgs: 0,
    maxArgs: 0,
    call: () => new data.BooleanData(holds(status)),
  }));
  const parsed =
    known.get(expression) ?? new Parser(new Lexer(expression).lex().tokens, CONTEXTS, functions).parse();
  known.set(expression, parsed);
  const read = CONTEXTS.filter((name) => expression.toLowerCase().includes(name));
  const values = JSON.stringify(Object.fromEntries(read.map((name) => [name, contexts[name] ?? {}])));
  const question = `${status} ${values} ${expression}`;
  let answer = answers.get(question);
  if (answer === undefined) {
    const result = new Evaluator(
      parsed,
      JSON.parse(values, data.reviver) as data.Dictionary,
      new Map(functions.map((one) => [one.name, one])),
    ).evaluate();
    answer = JSON.stringify(result, data.replacer);
    if (answers.size >= MOST) answers.clear();
    answers.set(question, answer);
  }
  return JSON.parse(answer);
}

/** A text with its `${{ … }}` replaced. */
export function interpolate(text: string | number | boolean, contexts: Contexts): string {
  return String(text).replace(/\$\{\{(.*?)\}\}/gs, (_, inside: string) => {
    const value = evaluate(inside.trim(), contexts);
    return value === null ? "" : String(value);
  });
}

/**
 * Whether a condition lets a job or step run. Without a word on the status, it asks for success, too.
 * Source: "Evaluate expressions in workflows and actions", status check functions, GitHub documentation.
 */
export function holds(
  condition: string | number | boolean | undefined,
  contexts: Contexts,
  status: Status,
): boolean {
  if (condition === undefined) return status === "success";
  const text = String(condition).trim();
  const inside = /^\$\{\{(.*)\}\}$/s.exec(text)?.[1] ?? text;
  const asksStatus = /\b(success|failure|cancelled|always)\s*\(/.test(inside);
  return Boolean(evaluate(asksStatus ? inside : `success() && (${inside})`, contexts, status));
}

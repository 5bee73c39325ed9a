import type { Rule } from "../aws/kind";
import { KINDS } from "../aws/kinds";
import type { BlockSchema } from "../schema/types";
import { leavesAt } from "../wire/paths";
import { type Fields, UNKNOWN, type Value } from "../wire/value";
import { type Diagnostic, pathMessage, problem } from "./diagnostics";

/** The checks that the real provider makes before it plans. Unknown and absent values are never mistakes. */
export function validate(type: string, config: Fields, schema: BlockSchema): Diagnostic[] {
  const kind = KINDS[type];
  if (!kind) return [];
  const found: Diagnostic[] = [];
  for (const [dotted, rules] of Object.entries(kind.rules ?? {})) {
    for (const { path, value } of leavesAt(config, dotted)) {
      if (value === null || value === UNKNOWN) continue;
      const said = firstMistake(Array.isArray(rules) ? rules : [rules as Rule], value);
      if (!said) continue;
      found.push({
        ...problem(`Invalid value for ${dotted} of ${type}`, said),
        attribute: pathMessage(path.slice(0, 1)),
      });
    }
  }
  for (const names of kind.exclusive ?? []) {
    const set = names.filter((name) => given(config[name]));
    if (set.length > 1)
      found.push(
        problem("Conflicting configuration arguments", `"${set[0]}": conflicts with ${set[1]}`, set[0]),
      );
  }
  for (const names of kind.exactlyOne ?? []) {
    const set = names.filter((name) => given(config[name]));
    if (set.length === 1) continue;
    const said = `one of \`${names.join(",")}\` must be specified${set.length > 1 ? `, but \`${set.join(",")}\` were specified` : ""}`;
    found.push(
      problem(
        "Invalid combination of arguments",
        said,
        set[0] ?? names.find((name) => schema.attributes[name]),
      ),
    );
  }
  for (const { path, message } of kind.verify?.(config) ?? [])
    found.push(problem(`Invalid ${type}`, message, path));
  return found;
}

function firstMistake(rules: readonly Rule[], value: Value): string | undefined {
  for (const rule of rules) {
    const said = rule(value);
    if (said) return said;
  }
  return undefined;
}

function given(value: Value | undefined): boolean {
  return value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0);
}

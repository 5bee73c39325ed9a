import type { Fields } from "../wire/value";
import { blocks, text, texts } from "./kind";

type Json = { [key: string]: unknown };

/** A list of one is written as the thing itself, as the provider does; longer ones are sorted in reverse, as it does. */
function compact(values: string[]): string | string[] {
  return values.length === 1 ? (values[0] as string) : [...values].sort().reverse();
}

function principals(entries: Fields[]): Json | string {
  const grouped: Record<string, string[]> = {};
  for (const entry of entries) {
    const type = text(entry, "type");
    const identifiers = texts(entry, "identifiers");
    if (type === "*" && identifiers.includes("*")) return "*";
    grouped[type] = [...(grouped[type] ?? []), ...identifiers];
  }
  return Object.fromEntries(
    Object.entries(grouped).map(([type, identifiers]) => [type, compact(identifiers)]),
  );
}

function conditions(entries: Fields[]): Json {
  const tests: Record<string, Json> = {};
  for (const entry of entries) {
    const values = texts(entry, "values");
    const test = text(entry, "test");
    tests[test] = { ...tests[test], [text(entry, "variable")]: values.length === 1 ? values[0] : values };
  }
  return tests;
}

function statement(block: Fields): Json {
  const made: Json = {};
  if (text(block, "sid")) made.Sid = text(block, "sid");
  made.Effect = text(block, "effect") || "Allow";
  const lists = [
    ["actions", "Action"],
    ["not_actions", "NotAction"],
    ["resources", "Resource"],
    ["not_resources", "NotResource"],
  ] as const;
  for (const [name, key] of lists) {
    const values = texts(block, name).map((value) => value.replaceAll("&{", "${"));
    if (values.length > 0) made[key] = compact(values);
  }
  for (const [name, key] of [
    ["principals", "Principal"],
    ["not_principals", "NotPrincipal"],
  ] as const) {
    const entries = blocks(block, name);
    if (entries.length > 0) made[key] = principals(entries);
  }
  const tests = blocks(block, "condition");
  if (tests.length > 0) made.Condition = conditions(tests);
  return made;
}

/** The JSON of an aws_iam_policy_document, with its source and override documents merged by Sid. */
export function policyDocument(config: Fields): Fields {
  const document: Json = { Version: text(config, "version") || "2012-10-17" };
  if (text(config, "policy_id")) document.Id = text(config, "policy_id");
  const statements: Json[] = texts(config, "source_policy_documents").flatMap(statementsOf);
  statements.push(...blocks(config, "statement").map(statement));
  for (const override of texts(config, "override_policy_documents").flatMap(statementsOf)) {
    const at = override.Sid ? statements.findIndex((one) => one.Sid === override.Sid) : -1;
    if (at >= 0) statements[at] = override;
    else statements.push(override);
  }
  document.Statement = statements;
  const minified = JSON.stringify(document);
  return { json: JSON.stringify(document, null, 2), minified_json: minified, id: hash(minified) };
}

function statementsOf(text: string): Json[] {
  const parsed = JSON.parse(text) as { Statement?: Json | Json[] };
  return [parsed.Statement ?? []].flat();
}

function hash(content: string): string {
  let sum = 0;
  for (const letter of content) sum = (sum * 31 + letter.charCodeAt(0)) >>> 0;
  return String(sum);
}

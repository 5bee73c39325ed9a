/** Columns that a line of an environment's file has at most. */
const WIDTH = 110;
const STEP = "  ";

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const keyOf = (name: string) => (/^[A-Za-z_]\w*$/.test(name) ? name : JSON.stringify(name));

/**
 * A value of plain data as TypeScript, formatted as the usual formatters leave it.
 * @param open how many levels of objects have a line for each key in any case
 * @param indent what its line begins with
 * @param before columns that are taken on its first line
 */
export function sourceOf(value: unknown, open: number, indent = "", before = 0): string {
  const line = inLine(value);
  const forced = open > 0 && isObject(value) && Object.keys(value).length > 0;
  // A comma follows.
  if (!forced && before + line.length + 1 <= WIDTH) return line;
  const deeper = indent + STEP;
  if (Array.isArray(value)) {
    const lines = value.map((one) => `${deeper}${sourceOf(one, open - 1, deeper, deeper.length)},\n`);
    return `[\n${lines.join("")}${indent}]`;
  }
  if (!isObject(value)) return line;
  const lines = Object.entries(value).map(([name, one]) => {
    const key = `${deeper}${keyOf(name)}: `;
    return `${key}${sourceOf(one, open - 1, deeper, key.length)},\n`;
  });
  return `{\n${lines.join("")}${indent}}`;
}

function inLine(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inLine).join(", ")}]`;
  if (typeof value === "string") return quoted(value);
  if (!isObject(value)) return JSON.stringify(value);
  const entries = Object.entries(value).map(([name, one]) => `${keyOf(name)}: ${inLine(one)}`);
  return entries.length === 0 ? "{}" : `{ ${entries.join(", ")} }`;
}

/** A text in the quotation marks of which fewer stand in it. */
function quoted(text: string): string {
  const double = JSON.stringify(text);
  const count = (mark: string) => text.split(mark).length;
  if (count('"') <= count("'")) return double;
  return `'${double.slice(1, -1).replaceAll('\\"', '"').replaceAll("'", String.raw`\'`)}'`;
}

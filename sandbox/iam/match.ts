/**
 * IAM's patterns: `*` stands for any characters, `?` for one. A backslash before them, as variables leave it, takes that
 * meaning away.
 */
export function matchesText(pattern: string, text: string): boolean {
  let expression = compiled.get(pattern);
  if (!expression) {
    const source = pattern.replace(/\\[*?]|[\\^$.|+()[\]{}*?]/g, (found) => {
      if (found === "*") return ".*";
      return found === "?" ? "." : `\\${found.at(-1)}`;
    });
    expression = new RegExp(`^${source}$`, "s");
    compiled.set(pattern, expression);
  }
  return expression.test(text);
}

const compiled = new Map<string, RegExp>();

/**
 * Patterns of ARNs: each of the six parts by itself, so that no wildcard reaches over a colon but in the last.
 * Source: "IAM JSON policy elements: Resource", IAM guide.
 */
export function matchesArn(pattern: string, text: string): boolean {
  if (pattern === "*") return true;
  const [wanted, given] = [partsOf(pattern), partsOf(text)];
  return (
    wanted.length === given.length && wanted.every((part, index) => matchesText(part, given[index] ?? ""))
  );
}

/** The parts of each ARN and pattern that was asked about: a role's are asked about with every call. */
const known = new Map<string, readonly string[]>();

function partsOf(arn: string): readonly string[] {
  let parts = known.get(arn);
  if (!parts) {
    const all = arn.split(":");
    parts = [...all.slice(0, 5), ...(all.length > 5 ? [all.slice(5).join(":")] : [])];
    known.set(arn, parts);
  }
  return parts;
}

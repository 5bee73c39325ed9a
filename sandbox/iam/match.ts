/**
 * IAM's patterns: `*` stands for any characters, `?` for one. A backslash before them, as variables leave it, takes that
 * meaning away.
 */
export function matchesText(pattern: string, text: string): boolean {
  let known = compiled.get(pattern);
  if (!known) {
    const source = pattern.replace(/\\[*?]|[\\^$.|+()[\]{}*?]/g, (found) => {
      if (found === "*") return ".*";
      return found === "?" ? "." : `\\${found.at(-1)}`;
    });
    known = new RegExp(`^${source}$`, "s");
    compiled.set(pattern, known);
  }
  return known.test(text);
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

function partsOf(arn: string): string[] {
  const parts = arn.split(":");
  return [...parts.slice(0, 5), ...(parts.length > 5 ? [parts.slice(5).join(":")] : [])];
}

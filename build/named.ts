import type { UpgradeReport } from "../plan/upgrade/report";

/** One thing that a version does to an environment whose file is the same. */
interface Change {
  readonly stack: string;
  /** What names it: an address, an address and the path within it, `output.NAME`, or the path of an option. */
  readonly names: readonly string[];
  /** As a person reads it. */
  readonly text: string;
}

/** Every change of a comparison, each with what names it. */
function changesIn({ stacks, options }: UpgradeReport): Change[] {
  const planned = stacks.flatMap(({ name: stack, summary }) => [
    ...(summary?.resources ?? []).flatMap(({ address, kind, movedFrom, attributes }): Change[] => {
      const whole = {
        stack,
        names: [address],
        text: `${address} (${movedFrom ? `moved from ${movedFrom}` : kind})`,
      };
      if (kind !== "update" || attributes.length === 0) return [whole];
      return attributes.map(({ path }) => {
        const inside = `${address}.${path}`;
        return { stack, names: [address, inside], text: inside };
      });
    }),
    ...(summary?.outputs ?? []).map((name) => ({ stack, names: [`output.${name}`], text: `output.${name}` })),
  ]);
  const valued = Object.entries(options).flatMap(([stack, changes]) =>
    changes.map(({ path }) => ({ stack, names: [path], text: `the option ${path}` })),
  );
  return [...planned, ...valued];
}

/** What stands in backticks in texts, each as a pattern in which `*` is anything. */
function namedIn(texts: readonly string[]): RegExp[] {
  const words = texts.flatMap((text) => [...text.matchAll(/`([^`\s]+)`/g)].map(([, word = ""]) => word));
  return words.map((word) => {
    const literal = word.split("*").map((part) => part.replaceAll(/[.[\]{}()+?^$|\\/-]/g, "\\$&"));
    return new RegExp(`^${literal.join(".*")}$`);
  });
}

/** The changes that nothing names. */
const unnamed = (changes: readonly Change[], named: readonly RegExp[]): Change[] =>
  changes.filter(({ names }) => !names.some((name) => named.some((pattern) => pattern.test(name))));

/** The part of a changelog that is about one version; nothing where there is none. */
export function sectionOf(changelog: string, version: string): string {
  const [, ...sections] = changelog.split(/^## /m);
  return sections.find((section) => section.split("\n", 1)[0]?.trim() === version) ?? "";
}

/**
 * Whether a comparison may be released, and why not.
 * @param texts changesets, and what the changelog says of this version
 */
export function judge(
  report: UpgradeReport,
  texts: readonly string[],
): { readonly ok: boolean; readonly text: string } {
  const failed = report.stacks
    .filter(({ outcome }) => outcome === "failed")
    .flatMap(({ name, problems }) => problems.map(({ summary }) => `${name} cannot be compared: ${summary}`));
  const changes = changesIn(report);
  const missing = unnamed(changes, namedIn(texts)).map(({ stack, text }) => `${stack}: ${text}`);
  const way =
    missing.length > 0
      ? [
          "",
          "No changeset names that. Where it is meant, name it in backticks, with * for anything: npx changeset",
        ]
      : [];
  const lines = [...failed, ...missing, ...way];
  if (lines.length > 0) return { ok: false, text: lines.join("\n") };
  return {
    ok: true,
    text: `Since ${report.from.label}: changes in environments: ${changes.length}, each of them named.`,
  };
}

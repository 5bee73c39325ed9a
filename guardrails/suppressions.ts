import { type Finding, type Rule, type RuleText, theme } from "./rule";
import type { Stack } from "./stack";
import { type Body, isBody } from "./values";

/** A suppression as it stands in the synthesized JSON, in the comment block of what it is about. */
interface Suppression {
  /** Undefined: the whole stack. */
  readonly address: string | undefined;
  readonly rule: string;
  readonly why: string;
  /** Only this argument, and what lies below it. */
  readonly path: string | undefined;
}

/** Rules over the suppressions themselves; none of them can be suppressed. */
export const suppressionRules: readonly RuleText[] = theme("suppressions", [
  {
    id: "suppression-without-reason",
    why: "A suppression that nobody explains cannot be judged by those who come later.",
    source: "docs/guardrails.md, Suppressing",
    mend: "Write why the rule does not apply here, in words that a reviewer can check.",
    find: () => [],
  },
  {
    id: "suppression-of-unknown-rule",
    why: "A suppression of a rule that does not exist hides a spelling mistake, or outlived its rule.",
    source: "docs/guardrails.md, Suppressing",
    mend: "Correct the rule's id (--list shows them all), or remove the suppression.",
    find: () => [],
  },
  {
    id: "suppression-unused",
    why: "A suppression of what is no longer broken would hide the next mistake in the same place.",
    source: "docs/guardrails.md, Suppressing",
    mend: "Remove the suppression.",
    find: () => [],
  },
]);

/** All suppressions of a stack. */
function suppressionsOf(stack: Stack): Suppression[] {
  return [
    ...read(stack.json, undefined),
    ...stack.blocks.flatMap(({ body, address }) => read(body, address)),
  ];
}

function read(body: Body, address: string | undefined): Suppression[] {
  const comment = body["//"];
  const list = isBody(comment) ? comment.guardrails : undefined;
  if (!Array.isArray(list)) return [];
  return list.filter(isBody).map(({ rule, why, path }) => ({
    address,
    rule: typeof rule === "string" ? rule : "",
    why: typeof why === "string" ? why.trim() : "",
    path: typeof path === "string" && path !== "" ? path : undefined,
  }));
}

const covers = ({ address, rule, path, why }: Suppression, finding: Finding) =>
  why !== "" &&
  rule === finding.rule &&
  (address === undefined || address === finding.address) &&
  (path === undefined || finding.path === path || finding.path.startsWith(`${path}.`));

/** The findings with their written reasons, and the findings about the suppressions. */
export function applySuppressions(
  stack: Stack,
  findings: readonly Finding[],
  rules: readonly RuleText[],
): Finding[] {
  const suppressions = suppressionsOf(stack);
  // A suppression of these would be one more thing to suppress.
  const known = new Set(rules.filter(({ theme }) => theme !== "suppressions").map(({ id }) => id));
  const judged = findings.map((finding) => ({
    ...finding,
    suppressed: suppressions.find((suppression) => covers(suppression, finding))?.why,
  }));
  const about = suppressions.flatMap((suppression) => {
    const mistake = mistakeIn(suppression, known, findings);
    return mistake === undefined ? [] : [{ suppression, mistake }];
  });
  return [...judged, ...about.map(({ suppression, mistake }) => finding(stack, suppression, mistake))];
}

function mistakeIn(suppression: Suppression, known: ReadonlySet<string>, findings: readonly Finding[]) {
  if (!known.has(suppression.rule)) return "suppression-of-unknown-rule";
  if (suppression.why === "") return "suppression-without-reason";
  return findings.some((finding) => covers(suppression, finding)) ? undefined : "suppression-unused";
}

function finding(stack: Stack, { address, rule, path }: Suppression, id: string): Finding {
  const { why, source, mend } = suppressionRules.find((one) => one.id === id) as Rule;
  return {
    rule: id,
    stack: stack.name,
    address: address ?? "(stack)",
    path: path ?? "",
    value: JSON.stringify(rule),
    why,
    source,
    mend,
    suppressed: undefined,
  };
}

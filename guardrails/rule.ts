import type { Block, Stack } from "./stack";
import type { At } from "./values";

/** Where a rule is broken. */
export interface Hit {
  readonly address: string;
  /** Dotted path of the argument within the block; "" for the block itself. */
  readonly path: string;
  /** What stands there; left out where nothing does, and where it is a secret. */
  readonly value?: unknown;
}

/** What every rule says of itself. */
export interface RuleText {
  /** Short and stable: suppressions name it. */
  readonly id: string;
  readonly theme: Theme;
  /** One sentence: what goes wrong. */
  readonly why: string;
  /** Who says so. */
  readonly source: string;
  readonly mend: string;
}

/** A rule over one stack. */
export interface Rule extends RuleText {
  readonly find: (stack: Stack) => readonly Hit[];
}

/** A rule that is broken somewhere: the rule, the place, and the reason where somebody wrote one. */
export interface Finding {
  readonly rule: string;
  readonly stack: string;
  readonly address: string;
  readonly path: string;
  /** What stands there, shortened; undefined where nothing does, and where it is a secret. */
  readonly value: string | undefined;
  readonly why: string;
  readonly source: string;
  readonly mend: string;
  /** The written reason of the suppression that covers it. */
  readonly suppressed: string | undefined;
}

export const themes = [
  "exposure",
  "permissions",
  "encryption",
  "data",
  "logs",
  "tags and names",
  "versions",
  "secrets",
  "containers",
  "delivery",
  "edges and state",
  "plan",
  "suppressions",
] as const;
export type Theme = (typeof themes)[number];

/** Rules of one theme. */
export const theme = (name: Theme, rules: readonly Omit<Rule, "theme">[]): Rule[] =>
  rules.map((rule) => ({ ...rule, theme: name }));

/** A hit on an argument of a block, or of a body nested in it. */
export const hit = (block: Block, at: At, key: string): Hit => ({
  address: block.address,
  path: [at.path, key].filter((part) => part !== "").join("."),
  value: at.body[key],
});

/** A hit on a block as a whole: for what it lacks. */
export const lacks = ({ address }: Block, path = ""): Hit => ({ address, path });

/** A rule's hits over all blocks of some types. */
export const each =
  (types: readonly string[], find: (block: Block, stack: Stack) => readonly Hit[]) =>
  (stack: Stack): Hit[] =>
    stack.all(...types).flatMap((block) => find(block, stack));

/** Hits on one argument wherever it breaks a rule, over all blocks of some types. */
export const argument = (
  types: readonly string[],
  key: string,
  broken: (value: unknown, block: Block, stack: Stack) => boolean,
) => each(types, (block, stack) => (broken(block.body[key], block, stack) ? [hit(block, block, key)] : []));

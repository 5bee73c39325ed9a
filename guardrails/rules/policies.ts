import type { Block } from "../stack";
import { type At, type Body, isBody, isExpression, leaves, text, within } from "../values";

/** One statement of a policy document, wherever in a block it stands. */
export interface Statement {
  readonly block: Block;
  /** With the Sid where there is one: `policy.Statement.ReadLogs`. */
  readonly path: string;
  /** Undefined where only an apply will tell. */
  readonly effect: "Allow" | "Deny" | undefined;
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  /** Whether it says what is left out (NotAction, NotResource), so that all the rest is meant. */
  readonly inverted: { readonly actions: boolean; readonly resources: boolean };
  /** `*`, ARNs, services, providers; undefined in a policy that stands on an identity. */
  readonly principals: readonly string[] | undefined;
  /** The keys of all conditions in lower case; undefined where only an apply will tell. */
  readonly conditions: readonly string[] | undefined;
  /** The values of one condition's key, given in lower case. */
  readonly conditionValues: (key: string) => readonly string[];
}

const list = (value: unknown): string[] =>
  (Array.isArray(value) ? value : [value]).filter((one): one is string => typeof one === "string");

const effectOf = (value: unknown) => {
  const literal = text(value, "Allow");
  return literal === "Allow" || literal === "Deny" ? literal : undefined;
};

const known = new WeakMap<Block, readonly Statement[]>();

/** Every statement that a block holds: in JSON texts, whatever argument they stand in, and in statement blocks; read once, as leaves are. */
export function statementsOf(block: Block): readonly Statement[] {
  const found = known.get(block) ?? readStatements(block);
  known.set(block, found);
  return found;
}

function readStatements(block: Block): Statement[] {
  if (block.type === "data.aws_iam_policy_document") {
    return within(block, "statement").map((at) => fromBlock(block, at));
  }
  return leaves(block.body).flatMap(({ path, value }) =>
    parse(value).map((statement, index) =>
      fromJson(
        block,
        `${path}.Statement.${typeof statement.Sid === "string" ? statement.Sid : index}`,
        statement,
      ),
    ),
  );
}

function parse(value: unknown): Body[] {
  if (typeof value !== "string" || !value.trimStart().startsWith("{") || !value.includes('"Statement"')) {
    return [];
  }
  try {
    const { Statement } = JSON.parse(value) as Body;
    return (Array.isArray(Statement) ? Statement : [Statement]).filter(isBody);
  } catch {
    // Not JSON before Terraform has filled in its expressions.
    return [];
  }
}

function fromJson(block: Block, path: string, statement: Body): Statement {
  const { Principal } = statement;
  const conditions = isBody(statement.Condition)
    ? Object.values(statement.Condition).flatMap((test) => Object.entries(isBody(test) ? test : {}))
    : [];
  return {
    block,
    path,
    effect: effectOf(statement.Effect),
    actions: list(statement.Action),
    resources: list(statement.Resource),
    inverted: { actions: statement.NotAction !== undefined, resources: statement.NotResource !== undefined },
    principals:
      Principal === undefined
        ? undefined
        : isBody(Principal)
          ? Object.values(Principal).flatMap(list)
          : list(Principal),
    conditions: isExpression(statement.Condition) ? undefined : conditions.map(([key]) => key.toLowerCase()),
    conditionValues: (wanted) =>
      conditions.filter(([key]) => key.toLowerCase() === wanted).flatMap(([, values]) => list(values)),
  };
}

function fromBlock(block: Block, at: At): Statement {
  const principals = within(at, "principals");
  const conditions = within(at, "condition");
  const dynamic = isBody(at.body.dynamic) ? at.body.dynamic : {};
  const keys = conditions.map(({ body }) => text(body.variable)?.toLowerCase());
  return {
    block,
    path: at.path,
    effect: effectOf(at.body.effect),
    actions: list(at.body.actions),
    resources: list(at.body.resources),
    inverted: { actions: at.body.not_actions !== undefined, resources: at.body.not_resources !== undefined },
    principals:
      principals.length === 0 && !("principals" in dynamic)
        ? undefined
        : principals.flatMap(({ body }) => list(body.identifiers)),
    conditions:
      keys.includes(undefined) || isExpression(at.body.condition) ? undefined : (keys as readonly string[]),
    conditionValues: (wanted) =>
      conditions
        .filter(({ body }) => text(body.variable)?.toLowerCase() === wanted)
        .flatMap(({ body }) => list(body.values)),
  };
}

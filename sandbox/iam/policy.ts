import { type Conditions, type Context, holdAll } from "./conditions";
import { matchesArn, matchesText } from "./match";

type OneOrMore = string | readonly string[];

/** A statement as IAM reads it. */
export interface Statement {
  readonly Sid?: string;
  readonly Effect: "Allow" | "Deny";
  readonly Action?: OneOrMore;
  readonly NotAction?: OneOrMore;
  readonly Resource?: OneOrMore;
  readonly NotResource?: OneOrMore;
  readonly Principal?: Principals;
  readonly NotPrincipal?: Principals;
  readonly Condition?: Conditions;
}

/** Whom a resource's policy speaks of: everybody, or by kind (AWS, Service, Federated). */
export type Principals = "*" | Readonly<Record<string, OneOrMore>>;

/** A policy, and where it stands, for whoever reads of it. */
export interface Policy {
  readonly name: string;
  readonly statements: readonly Statement[];
}

/** One action on one resource, as IAM is asked of it. */
export interface Request {
  /** `ec2:CreateSubnet` */
  readonly action: string;
  /** An ARN, or `*` for an action that has no resource. */
  readonly resource: string;
  readonly context: Context;
}

/** A pattern of a statement that a request fitted: what the request took of the policy. */
export interface Grant {
  readonly policy: string;
  readonly sid: string;
  readonly action: string;
  readonly resource: string;
}

/** Where a policy may stand, in the words of AWS's refusals. */
export type Place = "identity-based policy" | "permissions boundary" | "resource-based policy";

export type Decision =
  | { readonly allowed: true; readonly grants: readonly Grant[] }
  | { readonly allowed: false; readonly denied: "explicitly" | "by nothing"; readonly place: Place };

/** What decides on a request of a principal. */
export interface Policies {
  readonly identity: readonly Policy[];
  readonly boundary?: Policy | undefined;
  /** The policy of the resource, of which each statement that names this principal counts. */
  readonly resource?: readonly Statement[] | undefined;
  /** Whether the resource's policy has to allow the request as well, as a KMS key's. */
  readonly resourceDecides?: boolean;
}

/** The policy that this JSON writes down; no text has no statements. */
export function readPolicy(name: string, json: string): Policy {
  const { Statement = [] } = JSON.parse(json || "{}") as { Statement?: Statement | Statement[] };
  return { name, statements: [Statement].flat() };
}

/**
 * IAM's answer within one account: what is denied somewhere is denied; else the identity or the resource allows it, and the
 * boundary as well. Source: "Policy evaluation logic", IAM guide.
 */
export function decide(request: Request, policies: Policies): Decision {
  const { identity, boundary, resource = [], resourceDecides = false } = policies;
  const places: [Place, readonly Statement[]][] = [
    ["identity-based policy", identity.flatMap(({ statements }) => statements)],
    ["permissions boundary", boundary?.statements ?? []],
    ["resource-based policy", resource],
  ];
  for (const [place, statements] of places)
    if (statements.some((one) => one.Effect === "Deny" && fits(one, request)))
      return { allowed: false, denied: "explicitly", place };
  const given = resource.some((one) => one.Effect === "Allow" && fits(one, request));
  if (resourceDecides && !given)
    return { allowed: false, denied: "by nothing", place: "resource-based policy" };
  const grants = identity.flatMap((policy) => grantsOf(policy, request));
  if (grants.length === 0 && (resourceDecides || !given))
    return { allowed: false, denied: "by nothing", place: "identity-based policy" };
  if (boundary && grantsOf(boundary, request).length === 0)
    return { allowed: false, denied: "by nothing", place: "permissions boundary" };
  return { allowed: true, grants };
}

/** Every pattern of a policy that allows the request. */
export const grantsOf = ({ name, statements }: Policy, request: Request): Grant[] =>
  statements
    .filter((one) => one.Effect === "Allow" && fits(one, request))
    .flatMap((one) => {
      const sid = one.Sid ?? "";
      const actions = list(one.Action ?? "*").filter((pattern) => isAction(pattern, request.action));
      const resources = list(one.Resource ?? "*").filter((pattern) => isResource(pattern, request));
      return actions.flatMap((action) =>
        resources.map((resource) => ({ policy: name, sid, action, resource })),
      );
    });

/** Whether a statement speaks of the request, whatever it says then. */
export const fits = (statement: Statement, request: Request): boolean =>
  fitsAction(statement, request.action) &&
  fitsResource(statement, request) &&
  holdAll(statement.Condition, request.context, (text) => resolve(text, request.context));

function fitsAction({ Action, NotAction }: Statement, action: string): boolean {
  if (NotAction !== undefined) return !list(NotAction).some((pattern) => isAction(pattern, action));
  return list(Action ?? []).some((pattern) => isAction(pattern, action));
}

/** A trust policy says no resource: it stands on the role itself. */
function fitsResource({ Resource, NotResource }: Statement, request: Request): boolean {
  if (NotResource !== undefined) return !list(NotResource).some((pattern) => isResource(pattern, request));
  return Resource === undefined || list(Resource).some((pattern) => isResource(pattern, request));
}

const isAction = (pattern: string, action: string) =>
  matchesText(pattern.toLowerCase(), action.toLowerCase());

function isResource(pattern: string, { resource, context }: Request): boolean {
  const resolved = resolve(pattern, context);
  return resolved !== undefined && matchesArn(resolved, resource);
}

/**
 * A text with its variables filled in: `${aws:PrincipalTag/team}`, `${aws:username, 'nobody'}`, and `${*}`, `${?}`, `${$}` for
 * the characters. What a variable brings has no wildcards. Undefined where one has no value: such a statement fits nothing.
 * Source: "IAM policy elements: Variables and tags", IAM guide.
 */
function resolve(text: string, context: Context): string | undefined {
  let whole = true;
  const filled = text.replace(/\$\{([^}]+)\}/g, (_, inside: string) => {
    if (["*", "?", "$"].includes(inside)) return plain(inside);
    const [, key = "", otherwise] = /^([^,]+?)\s*(?:,\s*'([^']*)')?$/.exec(inside) ?? [];
    const value = context[key.toLowerCase()] ?? otherwise;
    if (typeof value !== "string") whole = false;
    return plain(String(value));
  });
  return whole ? filled : undefined;
}

const plain = (text: string) => text.replace(/[*?]/g, "\\$&");

const list = (values: OneOrMore): readonly string[] => [values].flat();

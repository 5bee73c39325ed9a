import type { Context } from "./conditions";
import { matchesArn } from "./match";
import { fits, type Principals, type Request, type Statement } from "./policy";

/** Somebody who asks. */
export interface Asker {
  /** How resources' policies name such a one: AWS, Service or Federated. */
  readonly kind: "AWS" | "Service" | "Federated";
  /** A role's ARN, a service's domain, or an identity provider's ARN. */
  readonly name: string;
  readonly account: string;
}

/** Statements of a resource's policy that speak of this asker, whatever they say. */
export const about = (statements: readonly Statement[], asker: Asker): Statement[] =>
  statements.filter(({ Principal, NotPrincipal }) =>
    NotPrincipal !== undefined ? !names(NotPrincipal, asker) : names(Principal ?? {}, asker),
  );

function names(principals: Principals, asker: Asker): boolean {
  if (principals === "*") return true;
  const given = [principals[asker.kind] ?? []].flat();
  return given.some((name) => name === "*" || name === asker.name || delegates(name, asker));
}

/** A policy that names an account leaves it to the account's own policies whom of it that means. */
const delegates = (name: string, { kind, account }: Asker) =>
  kind === "AWS" && [account, `arn:aws:iam::${account}:root`].includes(name);

/** Whether a trust policy lets the asker take the role, and whether the asker's own policies have to allow it, too. */
export function trusts(
  statements: readonly Statement[],
  asker: Asker,
  action: string,
  context: Context,
): "no" | "itself" | "with a policy of the asker's" {
  const request: Request = { action, resource: "*", context };
  const said = about(statements, asker).filter((one) => fits(one, request));
  if (said.some(({ Effect }) => Effect === "Deny")) return "no";
  if (said.length === 0) return "no";
  const direct = said.some(({ Principal = {} }) => {
    if (Principal === "*") return true;
    return [Principal[asker.kind] ?? []].flat().some((name) => name === "*" || matchesArn(name, asker.name));
  });
  return direct ? "itself" : "with a policy of the asker's";
}

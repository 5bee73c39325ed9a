import manifest from "../package.json";

/** The field `repository` of a package.json, in either form that npm knows. */
type Kept = string | { readonly url?: string } | undefined;

/** Owner and name on GitHub, `owner/slipway`, from that field; undefined where it is empty or names another host. */
export function ownerAndName(kept: Kept): string | undefined {
  const url = typeof kept === "string" ? kept : kept?.url;
  return /^(?:github:|.*\bgithub\.com[/:])?([\w.-]+\/[\w.-]+?)(?:\.git)?$/.exec(url ?? "")?.[1];
}

/**
 * The repository that Slipway is published from, as `owner/name`. What npm shows of the packages and which workflows created projects
 * call both follow from it. Undefined until package.json says it, and nothing is published before.
 */
export const REPOSITORY = ownerAndName((manifest as { readonly repository?: Kept }).repository);

import manifest from "../package.json";

/** What package.json says of where a package is kept, in either way that npm knows. */
type Kept = string | { readonly url?: string } | undefined;

/** Owner and name on GitHub, `owner/slipway`, of what a package says of its repository; undefined where it says none there. */
export function ownerAndName(kept: Kept): string | undefined {
  const url = typeof kept === "string" ? kept : kept?.url;
  return /^(?:github:|.*\bgithub\.com[/:])?([\w.-]+\/[\w.-]+?)(?:\.git)?$/.exec(url ?? "")?.[1];
}

/**
 * The repository that Slipway is published from. All that names it takes it from here: what npm shows of the packages, and the workflows
 * that created projects call. Undefined until package.json says it: nothing is published before.
 */
export const REPOSITORY = ownerAndName((manifest as { readonly repository?: Kept }).repository);

/**
 * Terraform and OpenTofu, as far as they differ in what this project runs, writes and reads. All that runs the one takes
 * the other: TERRAFORM_BINARY_NAME says which. Sources: OpenTofu 1.11 and 1.12, internal/; Terraform 1.11.
 */

/** The version from which both have ephemeral values and write-only arguments. */
export const LEAST = [1, 11] as const;

/** What to do where neither is there, or where it is too old. */
export const INSTALL = `install Terraform or OpenTofu ${LEAST.join(".")} or later`;

/** The names of the executables, in which people and scripts call them. */
export const NAMES = ["terraform", "tofu"] as const;

/** The executable that is asked for, by name or path: Terraform's, unless TERRAFORM_BINARY_NAME says otherwise. */
export const binaryOf = (environment: NodeJS.ProcessEnv): string =>
  environment.TERRAFORM_BINARY_NAME || "terraform";

/** The addresses that a provider of this short source has: each takes it from a registry of its own. */
export const providerAddresses = (source: string): string[] =>
  ["registry.terraform.io", "registry.opentofu.org"].map((registry) => `${registry}/${source}`);

/** Files of a configuration. OpenTofu takes `.tofu` before `.tf`, Terraform knows no `.tofu`. */
export const CONFIGURATION_FILE = /\.(tf|tofu)(\.json)?$/;

/**
 * Actions in a plan's JSON. OpenTofu 1.11 lists ephemeral resources among the changes, with the action `open` and no
 * values; Terraform and OpenTofu 1.12 leave them out.
 */
export const PLANNED_ACTIONS = ["no-op", "create", "read", "update", "delete", "forget", "open"] as const;

/** What they say of a state bucket that is not there: Terraform names it, OpenTofu does not. */
export const MISSING_BUCKET = /S3 bucket (?:"[^"]*" )?does not exist|NoSuchBucket/;

/**
 * What they say of a committed lock file that names other providers: Terraform and OpenTofu write each its own registry's
 * address into it.
 */
export const FOREIGN_LOCK_FILE = /dependency lock file|Provider dependency changes detected/i;

/** What they say of a lock file whose provider is not of the version that the bindings were made from. */
export const OUTDATED_LOCK_FILE =
  /locked provider \S+ \S+\s+does\s+not\s+match\s+configured\s+version\s+constraint/;

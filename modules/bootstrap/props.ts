import { z } from "zod";
import { LONGEST_NAME } from "../environment/name";
import { options, optionalPart } from "../options";
import { region } from "../region";
import { trustPolicy, whoMay } from "./trust";

const repository = z
  .string()
  .regex(
    /^(?:[\w.-]+\/[\w.-]+|[\w.-]+@\d+\/[\w.-]+@\d+)$/,
    'is no GitHub repository; write "owner/repository", or with the ids of both "owner@<id>/repository@<id>", as `gh api repos/OWNER/REPOSITORY/actions/oidc/customization/sub --jq ".sub_claim_prefix[5:]"` prints it.',
  );

/** Characters of a trust policy that IAM takes. Source: "IAM and AWS STS quotas", IAM guide. */
const LONGEST_TRUST = 2_048;
const PROVIDER = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com";

/** Whether the trust policies that name all repositories are short enough, whatever environments there will be. */
function fits(github: Parameters<typeof whoMay.push>[0]): boolean {
  const environments = ["prod", "x".repeat(LONGEST_NAME), ...Object.keys(github.refs ?? {})];
  return [
    whoMay.push(github),
    ...environments.map((environment) => whoMay.deploy(github, environment)),
  ].every((trusted) => trustPolicy(PROVIDER, trusted).length <= LONGEST_TRUST);
}

/** A pattern that GitHub's rules and IAM's conditions both know: only to IAM `*` stands for a slash, too. */
const ref = z
  .string()
  .regex(/^(?!refs\/)[\w.*/-]+$/, 'is no branch, nor a tag as "tags/v*"; * stands for any characters.');

const githubOptions = options({
  /**
   * The repository with this project, as its OIDC tokens name it: `"owner/repository"`, or with the ids of both, as for
   * repositories made, renamed or moved since the middle of 2026: `"owner@123/repository@456"`.
   * Source: "Immutable subject claims", OpenID Connect reference, GitHub documentation.
   */
  repository,
  /**
   * The repository whose workflows the others call at a version, as `npm create slipway` writes it: `"owner/slipway"`, whose tags like
   * `v1.4.0` are then trusted. Where it is left out, they stand in `repository`.
   */
  workflows: z
    .string()
    .regex(/^[\w.-]+\/[\w.-]+$/, 'is no GitHub repository; write "owner/repository".')
    .optional(),
  /** Other repositories whose workflows push images and deploy. @default [] */
  services: z.array(repository).default([]),
  /**
   * By environment, the branches and tags (`tags/v*`) that services deploy there, beside main: what a service's workflow names
   * under `environments` has to be among them.
   * @default prod: the branch prod and tags as v1.2; main alone for all others
   */
  refs: z.record(z.string(), z.array(ref)).optional(),
  /** `"existing"` where the account has GitHub's OIDC provider already: it takes one. @default "create" */
  provider: z.enum(["create", "existing"]).default("create"),
}).refine(fits, {
  path: ["services"],
  error:
    "are more than a role's trust policy holds, with refs about eighteen: deploy some of them from a repository that is named already.",
});

const budgetOptions = options({
  /** USD per month over the whole account. */
  monthly: z.number().positive(),
  /** Who hears when four fifths are spent, and when the month is forecast to exceed it. */
  emails: z.array(z.email("is no email address.")).min(1, "is empty: nobody would hear of it.").max(10),
});

export const bootstrapOptions = options({
  /** Where the state bucket is. */
  region,
  /** Roles that workflows on GitHub assume, without any key; false for none. @default false */
  github: optionalPart<typeof githubOptions, string>(githubOptions, "repository").default(false),
  /** An alarm on what the account costs; false for none. @default false */
  budget: optionalPart(budgetOptions).default(false),
});

/** `false`, or the options. */
export const bootstrap = optionalPart(bootstrapOptions);

export type BootstrapConfiguration = z.output<typeof bootstrapOptions>;
export type GithubConfiguration = Exclude<BootstrapConfiguration["github"], false>;
export type BudgetConfiguration = Exclude<BootstrapConfiguration["budget"], false>;

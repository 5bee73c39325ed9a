import { document } from "../policy";

/** GitHub's issuer of tokens: claims are condition keys under this name. */
export const ISSUER = "token.actions.githubusercontent.com";
export const AUDIENCE = "sts.amazonaws.com";

/** The repositories whose workflows may act, as their OIDC tokens name them. */
interface Repositories {
  /** The one with this project. */
  readonly repository: string;
  readonly services: readonly string[];
  /** The one whose workflows the others call at a version; where it is left out, they stand in `repository`. */
  readonly workflows?: string | undefined;
  /** By environment: branches, and tags as tags/…, that may be deployed there; the usual ones where it names none. */
  readonly refs?: Readonly<Record<string, readonly string[]>> | undefined;
}

/**
 * What a workflow's token has to say before its bearer gets a role. STS compares each with a claim of GitHub's own;
 * patterns know `*` and `?` alone. Source: "Available keys for AWS OIDC federation", IAM guide.
 */
export interface Trusted {
  readonly repositories: readonly string[];
  /** What the job runs for: the end of the token's subject. */
  readonly runsFor: readonly string[];
  /** The files that the job may stand in, each with its ref: also where another repository's workflow calls it. */
  readonly workflow: string | readonly string[];
  /** The branches and tags that the workflow runs on; those of the subject by default. */
  readonly refs?: readonly string[];
  /** Who may not have started it. */
  readonly notBy?: string;
}

const MAIN = "refs/heads/main";
/** Tags of versions, as v1.2: IAM's patterns know no class of characters. */
const RELEASES = Array.from({ length: 10 }, (_, digit) => `refs/tags/v${digit}*`);

/** The branches and tags that go to prod where nobody says otherwise, as build-and-deploy.yaml brings them there. */
const RELEASED = [MAIN, "refs/heads/prod", ...RELEASES];

/** The branches and tags that may be deployed into an environment; main may anywhere: what is released by hand is run there. */
function refsOf({ refs = {} }: Repositories, environment: string): readonly string[] {
  const own = refs[environment]?.map((ref) =>
    ref.startsWith("tags/") ? `refs/${ref}` : `refs/heads/${ref}`,
  );
  return own ? [...new Set([MAIN, ...own])] : environment === "prod" ? RELEASED : [MAIN];
}

/** The branches and tags whose images run somewhere. */
const released = (github: Repositories) => [
  ...new Set([
    ...RELEASED,
    ...Object.keys(github.refs ?? {}).flatMap((environment) => refsOf(github, environment)),
  ]),
];

/** Whom each role trusts. */
export const whoMay = {
  /** Whoever may open a pull request in the repository itself: a fork's workflow gets no token. Nobody has read what Dependabot brings. */
  plan: (all: Repositories): Trusted[] => [
    {
      repositories: [all.repository],
      runsFor: ["pull_request"],
      workflow: workflow(all, "terraform", "*"),
      notBy: "dependabot[bot]",
    },
    {
      repositories: [all.repository],
      runsFor: [`ref:${MAIN}`],
      workflow: workflow(all, "terraform", MAIN),
    },
  ],
  apply: (all: Repositories, environment: string): Trusted[] => [
    {
      repositories: [all.repository],
      runsFor: [`environment:${environment}`],
      workflow: workflow(all, "terraform", MAIN),
      refs: [MAIN],
    },
  ],
  push: (all: Repositories): Trusted[] => [
    {
      repositories: [all.repository, ...all.services],
      runsFor: ["ref:*"],
      workflow: workflow(all, "build-and-deploy", "*"),
      refs: released(all),
    },
  ],
  deploy: (all: Repositories, environment: string): Trusted[] => [
    {
      repositories: [all.repository, ...all.services],
      runsFor: [`environment:${environment}`],
      workflow: ["build-and-deploy", "release"].map((name) => workflow(all, name, "*")),
      refs: refsOf(all, environment),
    },
  ],
};

/** The rules of a GitHub environment for what may be deployed there: as `whoMay.deploy`, in GitHub's patterns. */
export function deploymentRules({ refs = {} }: Repositories, environment: string) {
  const usual = environment === "prod" ? ["prod", "tags/v[0-9]*"] : [];
  const all = new Set(["main", ...(refs[environment] ?? usual)]);
  return [...all].map((ref) =>
    ref.startsWith("tags/")
      ? { type: "tag", pattern: ref.slice("tags/".length) }
      : { type: "branch", pattern: ref },
  );
}

/** A repository's name without the ids that subjects carry; GitHub's other claims and its API know it so. */
export const nameOfRepository = (repository: string) => repository.replaceAll(/@\d+/g, "");

/**
 * A workflow's file, and the refs of it that are trusted.
 * @param own those where it stands in the repository with this project; of somebody else's, its versions alone
 */
const workflow = ({ repository, workflows }: Repositories, name: string, own: string) =>
  `${nameOfRepository(workflows ?? repository)}/.github/workflows/${name}.yaml@${workflows === undefined ? own : "refs/tags/v*"}`;

/** The id of a repository that is written with it. */
const idOf = (repository: string) => /@(\d+)$/.exec(repository)?.[1];

/** The trust policy of a role that these may assume through GitHub's identity provider. */
export const trustPolicy = (provider: string, trusted: readonly Trusted[]): string =>
  document(trusted.map((one) => statement(provider, one)));

function statement(provider: string, { repositories, runsFor, workflow, refs, notBy }: Trusted) {
  const ids = repositories.map(idOf);
  const claim = (name: string) => `${ISSUER}:${name}`;
  return {
    Effect: "Allow",
    Action: "sts:AssumeRoleWithWebIdentity",
    Principal: { Federated: provider },
    Condition: {
      StringEquals: {
        [claim("aud")]: AUDIENCE,
        // One that is written without its id has none to compare.
        ...(!ids.includes(undefined) && { [claim("repository_id")]: ids }),
      },
      StringLike: {
        [claim("sub")]: repositories.flatMap((repository) =>
          runsFor.map((what) => `repo:${repository}:${what}`),
        ),
        [claim("job_workflow_ref")]: workflow,
        ...(refs && { [claim("ref")]: refs }),
      },
      ...(notBy && { StringNotEquals: { [claim("actor")]: notBy } }),
    },
  };
}

import type { AnyEnvironment } from "../environment/any";
import type { CiRoles } from "./ci-roles";
import type { GithubConfiguration } from "./props";
import { deploymentRules, nameOfRepository } from "./trust";

export interface GithubSetup {
  readonly github: GithubConfiguration;
  readonly account: string;
  /** Whether it is the account that images are pushed to. */
  readonly first: boolean;
  readonly region: string;
  readonly environments: readonly AnyEnvironment[];
  readonly roles: CiRoles;
}

/** Commands of GitHub's own CLI that make the environments there, and tell the workflows which roles to assume. */
export function githubSetup({ github, account, first, region, environments, roles }: GithubSetup): string {
  const own = nameOfRepository(github.repository);
  const lines = [own, ...github.services.map(nameOfRepository)].flatMap((repository) => {
    const infrastructure = repository === own;
    return [
      ...(first ? [variable(repository, "AWS_REGION", region)] : []),
      ...(infrastructure ? [`plan_roles ${repository} ${account} '${planRoles(roles)}'`] : []),
      ...(first && roles.push ? [variable(repository, "AWS_PUSH_ROLE", roles.push.role.arn)] : []),
      ...environments.flatMap(({ configuration: { name, region } }) => [
        ...makeEnvironment(github, repository, name),
        variable(repository, "AWS_REGION", region, name),
        ...(infrastructure
          ? [variable(repository, "AWS_APPLY_ROLE", roles.apply.get(name)?.role.arn, name)]
          : []),
        variable(repository, "AWS_DEPLOY_ROLE", roles.deploy.get(name)?.role.arn, name),
      ]),
    ];
  });
  return `${[functions, ...lines].join("\n")}\n`;
}

/**
 * An environment is made only where there is none: making it again would take its reviewers away. A new one lets nothing
 * be deployed until its first rule; one that somebody made open has no rules, and is told. Each step can be run again.
 * Source: "REST API endpoints for deployment branch policies", GitHub documentation. The plan roles of several accounts stand
 * in one variable: each account's bootstrap writes its own, and leaves the others'.
 */
const functions = `environment() {
  gh api "repos/$1/environments/$2" --silent 2> /dev/null ||
    gh api --method PUT "repos/$1/environments/$2" --silent \\
      -F 'deployment_branch_policy[protected_branches]=false' -F 'deployment_branch_policy[custom_branch_policies]=true'
}
rule() {
  rules="repos/$1/environments/$2/deployment-branch-policies"
  gh api "$rules" --jq '.branch_policies[].name' | grep -qxF "$4" ||
    gh api --method POST "$rules" --silent -f "type=$3" -f "name=$4" ||
    echo "$1: the environment $2 has no rule for the $3 $4: add it in Settings, Environments, $2, 'Selected branches and tags'" >&2
}
plan_roles() {
  roles=$(gh api --paginate "repos/$1/actions/variables" --jq ".variables[] | select(.name == \\"AWS_PLAN_ROLES\\").value
    | fromjson | with_entries(select(.value | contains(\\":$2:\\") | not)) + $3 | tojson") || exit
  gh variable set AWS_PLAN_ROLES --repo "$1" --body "$([ -n "$roles" ] && echo "$roles" || echo "$3")"
}`;

const variable = (repository: string, name: string, value: string | undefined, environment?: string) =>
  `gh variable set ${name} --repo ${repository}${environment ? ` --env ${environment}` : ""} --body ${value}`;

/** The plan roles by stack, as JSON: no job that plans may stand in a GitHub environment, which would ask for an approval. */
const planRoles = ({ plan }: CiRoles) =>
  JSON.stringify(Object.fromEntries([...plan].map(([stack, { role }]) => [stack, role.arn])));

const makeEnvironment = (github: GithubConfiguration, repository: string, name: string) => [
  `environment ${repository} ${name}`,
  ...deploymentRules(github, name).map(
    ({ type, pattern }) => `rule ${repository} ${name} ${type} '${pattern}'`,
  ),
];

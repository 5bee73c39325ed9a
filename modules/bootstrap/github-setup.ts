import type { Environment } from "../environment/environment";
import type { CiRoles } from "./ci-roles";
import type { GithubConfiguration } from "./props";

export interface GithubSetup {
  readonly github: GithubConfiguration;
  readonly region: string;
  readonly environments: readonly Environment[];
  readonly roles: CiRoles;
}

/** Commands of GitHub's own CLI that make the environments there, and tell the workflows which roles to assume. */
export function githubSetup({ github, region, environments, roles }: GithubSetup): string {
  const own = nameOf(github.repository);
  return [own, ...github.services.map(nameOf)]
    .flatMap((repository) => {
      const infrastructure = repository === own;
      return [
        variable(repository, "AWS_REGION", region),
        ...(infrastructure ? [variable(repository, "AWS_PLAN_ROLE", roles.plan.role.arn)] : []),
        variable(repository, "AWS_PUSH_ROLE", roles.push.role.arn),
        ...environments.flatMap(({ configuration: { name, region } }) => [
          makeEnvironment(repository, name),
          variable(repository, "AWS_REGION", region, name),
          ...(infrastructure
            ? [variable(repository, "AWS_APPLY_ROLE", roles.apply.get(name)?.role.arn, name)]
            : []),
          variable(repository, "AWS_DEPLOY_ROLE", roles.deploy.get(name)?.role.arn, name),
        ]),
      ];
    })
    .map((line) => `${line}\n`)
    .join("");
}

/** Without the ids that tokens carry. */
const nameOf = (repository: string) => repository.replaceAll(/@\d+/g, "");

const variable = (repository: string, name: string, value: string | undefined, environment?: string) =>
  `gh variable set ${name} --repo ${repository}${environment ? ` --env ${environment}` : ""} --body ${value}`;

/** Only where there is none: making it again would take its reviewers away. */
const makeEnvironment = (repository: string, name: string) => {
  const path = `repos/${repository}/environments/${name}`;
  return `gh api ${path} --silent 2>/dev/null || gh api --method PUT ${path} --silent`;
};

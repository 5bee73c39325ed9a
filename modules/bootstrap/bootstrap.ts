import { DataAwsCallerIdentity } from "@cdktf/provider-aws/lib/data-aws-caller-identity";
import type { BudgetsBudget } from "@cdktf/provider-aws/lib/budgets-budget";
import { TerraformOutput } from "cdktf";
import type { Construct } from "constructs";
import { policy as deployPolicy } from "../contract/policy";
import type { Environment } from "../environment/environment";
import { allowed, type Allowed, type Statement } from "../policy";
import { Registry } from "../registry/registry";
import { type Project, SlipwayStack } from "../stack";
import { budgetOf } from "./budget";
import { CiRole } from "./ci-role";
import { ContainerServiceRole } from "./container-service-role";
import { deployableOf } from "./deployable";
import { GithubIdentity, subjects } from "./github-identity";
import { githubSetup } from "./github-setup";
import type { BootstrapConfiguration, GithubConfiguration } from "./props";
import { repositoriesOf, type Repository } from "./repositories";
import { StateBucket } from "./state-bucket";
import { applyStatements, planStatements } from "./terraform-access";

/** The stack's name: no environment may take it. */
export const BOOTSTRAP = "bootstrap";

/** The branches whose images may be deployed, beside version tags. */
const DEPLOYED_BRANCHES = ["main", "prod"];

/** Roles that workflows assume. */
export interface CiRoles {
  readonly identity: GithubIdentity;
  /** Reads everything, for pull requests and the main branch. */
  readonly plan: CiRole;
  /** Pushes images. */
  readonly push: CiRole;
  /** By environment: applies its plan. */
  readonly apply: ReadonlyMap<string, CiRole>;
  /** By environment: deploys into it. */
  readonly deploy: ReadonlyMap<string, CiRole>;
}

/** What the environments of an account share: where states lie, where images lie, and who may act from CI. */
export class Bootstrap extends SlipwayStack {
  /** The AWS account's id. */
  readonly account: string;
  readonly stateBucket: StateBucket;
  readonly registries: readonly Registry[];
  readonly containerServiceRole: ContainerServiceRole;
  readonly ciRoles: CiRoles | undefined;
  readonly budget: BudgetsBudget | undefined;

  private readonly repositories: readonly Repository[];

  /** @param environments those that there are, finished: roles name what is in them */
  constructor(
    scope: Construct,
    readonly configuration: BootstrapConfiguration,
    private readonly project: Project,
    private readonly environments: readonly Environment[],
  ) {
    super(scope, BOOTSTRAP, { ...project, region: configuration.region });
    this.account = new DataAwsCallerIdentity(this, "caller", {}).accountId;
    this.repositories = repositoriesOf(environments.map((environment) => environment.configuration));
    this.stateBucket = new StateBucket(this, "state_bucket", { ...project, account: this.account });
    this.registries = this.createRegistries();
    this.containerServiceRole = new ContainerServiceRole(this, "ecs_role", project);
    this.ciRoles = configuration.github ? this.createCiRoles(configuration.github) : undefined;
    this.budget = configuration.budget
      ? budgetOf(this, "budget", project.project, configuration.budget)
      : undefined;
    this.writeOutputs();
  }

  private createRegistries() {
    return this.repositories
      .filter(({ create }) => create)
      .map(({ name, region, environments }) => {
        const elsewhere = region === this.configuration.region ? undefined : region;
        return new Registry(this, `registry_${name}${elsewhere ? `_${elsewhere}` : ""}`, {
          environments,
          registry: { repository: name, create: true },
          region: elsewhere,
        });
      });
  }

  private createCiRoles(github: GithubConfiguration): CiRoles {
    const identity = new GithubIdentity(this, "github_identity", github);
    return {
      identity,
      plan: this.createPlanRole(identity, github),
      push: this.createPushRole(identity, github),
      apply: this.perEnvironment((environment) => this.createApplyRole(identity, github, environment)),
      deploy: this.perEnvironment((environment) => this.createDeployRole(identity, github, environment)),
    };
  }

  private perEnvironment<T>(make: (environment: Environment) => T): ReadonlyMap<string, T> {
    return new Map(
      this.environments.map((environment) => [environment.configuration.name, make(environment)]),
    );
  }

  /** Whoever may open a pull request in the repository itself: a fork's workflow gets no token. */
  private createPlanRole(identity: GithubIdentity, github: GithubConfiguration) {
    const configurations = this.environments.map(({ configuration }) => configuration);
    return this.createRole("plan", {
      description: "Plans every environment, for pull requests and the main branch",
      trust: identity.trust([github.repository], [subjects.pullRequest, subjects.branch("main")]),
      statements: planStatements(configurations, this.account, this.stateBucket.bucket.arn).map(allowed),
    });
  }

  private createPushRole(identity: GithubIdentity, github: GithubConfiguration) {
    const statements: Statement[] = [
      { sid: "EcrLogin", actions: ["ecr:GetAuthorizationToken"], resources: ["*"] },
      {
        sid: "PushImages",
        actions: [
          "BatchCheckLayerAvailability",
          "BatchGetImage",
          "CompleteLayerUpload",
          "DescribeImages",
          "GetDownloadUrlForLayer",
          "InitiateLayerUpload",
          "PutImage",
          "UploadLayerPart",
        ].map((action) => `ecr:${action}`),
        resources: this.repositories.map(
          ({ name, region }) => `arn:aws:ecr:${region}:${this.account}:repository/${name}`,
        ),
      },
    ];
    const runs = [...DEPLOYED_BRANCHES.map(subjects.branch), subjects.releases];
    return this.createRole("push", {
      description: "Pushes images of what is merged or released",
      trust: identity.trust([github.repository, ...github.services], runs),
      statements: statements.filter(({ resources }) => resources.length > 0).map(allowed),
    });
  }

  private createApplyRole(
    identity: GithubIdentity,
    github: GithubConfiguration,
    { configuration }: Environment,
  ) {
    const { name } = configuration;
    return this.createRole(`apply_${name}`, {
      description: `Applies ${name}, in the GitHub environment of this name`,
      trust: identity.trust([github.repository], [subjects.environment(name)]),
      statements: applyStatements(configuration, this.account, this.stateBucket.bucket.arn).map(allowed),
    });
  }

  private createDeployRole(identity: GithubIdentity, github: GithubConfiguration, environment: Environment) {
    const { name } = environment.configuration;
    const { Statement } = deployPolicy(deployableOf(environment, this.account));
    return this.createRole(`deploy_${name}`, {
      description: `Deploys into ${name}, in the GitHub environment of this name`,
      trust: identity.trust([github.repository, ...github.services], [subjects.environment(name)]),
      statements: Statement,
    });
  }

  private createRole(
    id: string,
    props: { readonly description: string; readonly trust: string; readonly statements: readonly Allowed[] },
  ) {
    return new CiRole(this, id, { name: [this.project.project, ...id.split("_")], ...props });
  }

  private writeOutputs() {
    const { stateBucket, configuration, ciRoles } = this;
    const output = (id: string, value: string, description: string) =>
      new TerraformOutput(this, id, { value, description });
    output("state_bucket_name", stateBucket.bucket.bucket, "Where the states are kept, once they are moved");
    output("state_bucket_region", configuration.region, "Its region");
    if (!ciRoles || !configuration.github) return;
    const roleOf = ({ role }: CiRole) => role;
    const rolesOf = (roles: ReadonlyMap<string, CiRole>) =>
      new Map([...roles].map(([name, role]) => [name, role.role]));
    const setup = githubSetup({
      github: configuration.github,
      region: configuration.region,
      environments: this.environments,
      plan: roleOf(ciRoles.plan),
      push: roleOf(ciRoles.push),
      apply: rolesOf(ciRoles.apply),
      deploy: rolesOf(ciRoles.deploy),
    });
    output("github", setup, "Tells GitHub's workflows their roles: pipe it into a shell, signed in to gh");
  }
}

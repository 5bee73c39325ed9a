import type { BudgetsBudget } from "@cdktf/provider-aws/lib/budgets-budget";
import { DataAwsCallerIdentity } from "@cdktf/provider-aws/lib/data-aws-caller-identity";
import { TerraformOutput } from "cdktf";
import type { Construct } from "constructs";
import { inAccount, releasesOf } from "../account";
import type { AnyEnvironment } from "../environment/any";
import { Registry } from "../registry/registry";
import { type Project, SlipwayStack } from "../stack";
import { budgetOf } from "./budget";
import { CiRoles } from "./ci-roles";
import { ContainerServiceRole } from "./container-service-role";
import { githubSetup } from "./github-setup";
import type { BootstrapConfiguration, GithubConfiguration } from "./props";
import { guestsOf, type Repository, repositoriesOf } from "./repositories";
import { StateBucket } from "./state-bucket";

/** The stack's name in the first account, and how it begins in all others: no environment may take it. */
const BOOTSTRAP = "bootstrap";

/** What the environments of an account share: where states lie, where images lie, and who may act from CI. */
export class Bootstrap extends SlipwayStack {
  /** The AWS account's id. */
  readonly account: string;
  readonly stateBucket: StateBucket;
  readonly registries: readonly Registry[];
  readonly containerServiceRole: ContainerServiceRole;
  readonly ciRoles: CiRoles | undefined;
  readonly budget: BudgetsBudget | undefined;

  private readonly environments: readonly AnyEnvironment[];
  private readonly repositories: readonly Repository[];

  /**
   * @param environments those that there are, finished: roles name what is in them
   * @param own the one of the project's accounts that it is for
   */
  constructor(
    scope: Construct,
    readonly configuration: BootstrapConfiguration,
    private readonly project: Project,
    environments: readonly AnyEnvironment[],
    private readonly own: string | undefined = project.account,
  ) {
    const name = own === project.account ? BOOTSTRAP : `${BOOTSTRAP}-${own}`;
    super(scope, name, { ...inAccount(project, own), region: configuration.region });
    this.account = new DataAwsCallerIdentity(this, "caller", {}).accountId;
    this.environments = environments.filter(
      ({ configuration: { account = project.account } }) => account === own,
    );
    this.repositories = repositoriesOf(
      this.environments.map((environment) => environment.configuration),
      releasesOf(project, own) ?? { region: configuration.region },
      guestsOf(
        project,
        environments.map((environment) => environment.configuration),
        own,
      ),
    );
    this.stateBucket = new StateBucket(this, "state_bucket", { ...project, account: this.account });
    this.registries = this.createRegistries();
    this.containerServiceRole = new ContainerServiceRole(this, "ecs_role", project);
    this.ciRoles = configuration.github ? this.createCiRoles(configuration.github) : undefined;
    this.budget = configuration.budget
      ? budgetOf(this, "budget", project.project, configuration.budget)
      : undefined;
    this.writeOutputs();
  }

  /** Whether it is the one of the first account. */
  private get first(): boolean {
    return this.own === this.project.account;
  }

  /** Where in `context` of cdktf.json it is described. */
  get place(): string {
    return this.first ? "bootstrap" : `accounts.${this.own}.bootstrap`;
  }

  private createRegistries() {
    return this.repositories
      .filter(({ create }) => create)
      .map((repository) => {
        const { account } = this;
        const elsewhere = repository.region !== this.configuration.region;
        return new Registry(this, `registry_${repository.repository}`, { ...repository, account, elsewhere });
      });
  }

  private createCiRoles(github: GithubConfiguration) {
    return new CiRoles(this, "ci", {
      stack: this.node.id,
      project: this.project.project,
      account: this.account,
      github,
      environments: this.environments,
      repositories: this.repositories,
      stateBucketArn: this.stateBucket.bucket.arn,
    });
  }

  private writeOutputs() {
    const { stateBucket, configuration, ciRoles, environments, account, first } = this;
    const { region, github } = configuration;
    const output = (id: string, value: string, description: string) =>
      new TerraformOutput(this, id, { value, description });
    output("state_bucket_name", stateBucket.bucket.bucket, "Where the states are kept, once they are moved");
    output("state_bucket_region", region, "Its region");
    if (!ciRoles || !github) return;
    const setup = githubSetup({ github, account, first, region, environments, roles: ciRoles });
    output("github", setup, "Tells GitHub's workflows their roles: pipe it into a shell, signed in to gh");
  }
}

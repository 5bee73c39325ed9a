import { DataAwsCallerIdentity } from "@cdktf/provider-aws/lib/data-aws-caller-identity";
import type { BudgetsBudget } from "@cdktf/provider-aws/lib/budgets-budget";
import { TerraformOutput } from "cdktf";
import type { Construct } from "constructs";
import type { Environment } from "../environment/environment";
import { Registry } from "../registry/registry";
import { type Project, SlipwayStack } from "../stack";
import { budgetOf } from "./budget";
import { CiRoles } from "./ci-roles";
import { ContainerServiceRole } from "./container-service-role";
import { githubSetup } from "./github-setup";
import type { BootstrapConfiguration, GithubConfiguration } from "./props";
import { repositoriesOf, type Repository } from "./repositories";
import { StateBucket } from "./state-bucket";

/** The stack's name: no environment may take it. */
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

  private createCiRoles(github: GithubConfiguration) {
    return new CiRoles(this, "ci", {
      stack: BOOTSTRAP,
      project: this.project.project,
      account: this.account,
      github,
      environments: this.environments,
      repositories: this.repositories,
      stateBucketArn: this.stateBucket.bucket.arn,
    });
  }

  private writeOutputs() {
    const { stateBucket, configuration, ciRoles, environments } = this;
    const { region, github } = configuration;
    const output = (id: string, value: string, description: string) =>
      new TerraformOutput(this, id, { value, description });
    output("state_bucket_name", stateBucket.bucket.bucket, "Where the states are kept, once they are moved");
    output("state_bucket_region", region, "Its region");
    if (!ciRoles || !github) return;
    const setup = githubSetup({ github, region, environments, roles: ciRoles });
    output("github", setup, "Tells GitHub's workflows their roles: pipe it into a shell, signed in to gh");
  }
}

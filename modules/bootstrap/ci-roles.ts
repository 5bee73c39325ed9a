import { Construct } from "constructs";
import type { AnyEnvironment } from "../environment/any";
import { actionsOf, allowed, type Ruling, type Statement } from "../policy";
import { Boundary } from "./boundary";
import { CiRole, type CiRoleProps } from "./ci-role";
import { deployPolicyOf } from "./deployable";
import { GithubIdentity } from "./github-identity";
import type { GithubConfiguration } from "./props";
import { isPushedTo, isShared, type Repository } from "./repositories";
import { bootstrapRulings } from "./bootstrap-access";
import { applyRulings, planStatements } from "./terraform-access";
import { whoMay } from "./trust";

/**
 * How long an apply may last: a database that is upgraded takes its time, and a session that ends before Terraform does
 * leaves a state that cannot be saved. The job's time-out in terraform.yaml is the same.
 */
const APPLY_HOURS = 4;

export interface CiRolesProps {
  /** The name of the stack that these roles belong to. */
  readonly stack: string;
  readonly project: string;
  readonly account: string;
  readonly github: GithubConfiguration;
  readonly environments: readonly AnyEnvironment[];
  readonly repositories: readonly Repository[];
  readonly stateBucketArn: string;
}

/** Who may act from CI: roles that GitHub's workflows assume, each for what it does and nothing else. */
export class CiRoles extends Construct {
  readonly identity: GithubIdentity;
  /** By stack, this one among them: reads what a plan of it takes, for pull requests and the main branch. */
  readonly plan: ReadonlyMap<string, CiRole>;
  /** Pushes images; absent where none are pushed to this account. */
  readonly push: CiRole | undefined;
  /** By environment: what its roles may do at most. */
  readonly boundaries: ReadonlyMap<string, Boundary>;
  /** By environment: applies its plan. */
  readonly apply: ReadonlyMap<string, CiRole>;
  /** By environment: deploys into it. */
  readonly deploy: ReadonlyMap<string, CiRole>;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: CiRolesProps,
  ) {
    super(scope, id);
    this.identity = new GithubIdentity(this, "github", props.github);
    this.plan = this.createPlanRoles();
    this.push = this.pushed.length > 0 ? this.createPushRole() : undefined;
    this.boundaries = this.perEnvironment((environment) => this.createBoundary(environment));
    this.apply = this.perEnvironment((environment) => this.createApplyRole(environment));
    this.deploy = this.perEnvironment((environment) => this.createDeployRole(environment));
  }

  private perEnvironment<Made>(make: (environment: AnyEnvironment) => Made): ReadonlyMap<string, Made> {
    return new Map(this.props.environments.map((one) => [one.configuration.name, make(one)]));
  }

  private createPlanRoles(): ReadonlyMap<string, CiRole> {
    const { environments, account, stateBucketArn, repositories, stack } = this.props;
    const own = bootstrapRulings({
      stack,
      environments: environments.map(({ configuration }) => configuration.name),
      repositoryArns: repositories.map((repository) => this.arnOf(repository)),
      admittingArns: repositories
        .filter(({ readers = [] }) => readers.length > 0)
        .map((repository) => this.arnOf(repository)),
      stateBucketArn,
    });
    return new Map([
      [stack, this.createPlanRole(stack, own)],
      ...this.perEnvironment((environment) =>
        this.createPlanRole(
          environment.configuration.name,
          planStatements(environment, account, stateBucketArn).map(allowed),
        ),
      ),
    ]);
  }

  private createPlanRole(stack: string, statements: readonly Ruling[]) {
    return this.createRole(["plan", stack], {
      description: `Plans ${stack}, for pull requests and the main branch`,
      trust: this.identity.trust(whoMay.plan(this.props.github)),
      statements,
    });
  }

  /** The repositories that releases are pushed to. */
  private get pushed(): readonly Repository[] {
    return this.props.repositories.filter(isPushedTo);
  }

  private createPushRole() {
    const { github } = this.props;
    return this.createRole(["push"], {
      description: "Pushes images of what is merged or released",
      trust: this.identity.trust(whoMay.push(github)),
      statements: this.pushStatements().map(allowed),
    });
  }

  private pushStatements(): Statement[] {
    return [
      { sid: "EcrLogin", actions: ["ecr:GetAuthorizationToken"], resources: ["*"] },
      {
        sid: "PushImages",
        actions: actionsOf("ecr", [
          "BatchCheckLayerAvailability",
          "BatchGetImage",
          "CompleteLayerUpload",
          "DescribeImages",
          "GetDownloadUrlForLayer",
          "InitiateLayerUpload",
          "PutImage",
          "UploadLayerPart",
        ]),
        resources: [...new Set(this.pushed.map((repository) => this.arnOf(repository)))],
      },
    ];
  }

  private arnOf({ repository, region }: Repository): string {
    return `arn:aws:ecr:${region}:${this.props.account}:repository/${repository}`;
  }

  /** The names of the environments beside this one. */
  private beside({ configuration }: AnyEnvironment): string[] {
    return this.props.environments
      .map((one) => one.configuration.name)
      .filter((name) => name !== configuration.name);
  }

  private createBoundary(environment: AnyEnvironment) {
    const { project, account, stateBucketArn, repositories } = this.props;
    const { name } = environment.configuration;
    const others = this.beside(environment);
    return new Boundary(this, `boundary_${name}`, {
      project,
      account,
      environment: name,
      others,
      stateBucketArn,
      releaseArns: repositories.filter(isShared).map((repository) => this.arnOf(repository)),
    });
  }

  private createApplyRole(environment: AnyEnvironment) {
    const { github, project, account, stateBucketArn } = this.props;
    const { name } = environment.configuration;
    return this.createRole(["apply", name], {
      description: `Applies ${name}, in the GitHub environment of this name`,
      trust: this.identity.trust(whoMay.apply(github, name)),
      hours: APPLY_HOURS,
      statements: applyRulings(environment, {
        project,
        account,
        stateBucketArn,
        others: this.beside(environment),
        boundaryArn: this.boundaries.get(name)?.policy.arn ?? "",
      }),
    });
  }

  private createDeployRole(environment: AnyEnvironment) {
    const { github, account } = this.props;
    const { name } = environment.configuration;
    return this.createRole(["deploy", name], {
      description: `Deploys into ${name}, in the GitHub environment of this name`,
      trust: this.identity.trust(whoMay.deploy(github, name)),
      statements: deployPolicyOf(environment, account).Statement,
    });
  }

  private createRole(name: readonly string[], props: Omit<CiRoleProps, "name">) {
    return new CiRole(this, name.join("_"), { name: [this.props.project, ...name], ...props });
  }
}

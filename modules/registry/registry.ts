import { DataAwsEcrRepository } from "@cdktf/provider-aws/lib/data-aws-ecr-repository";
import { EcrLifecyclePolicy } from "@cdktf/provider-aws/lib/ecr-lifecycle-policy";
import { EcrRepository } from "@cdktf/provider-aws/lib/ecr-repository";
import { EcrRepositoryPolicy } from "@cdktf/provider-aws/lib/ecr-repository-policy";
import { Construct } from "constructs";
import { actionsOf, document } from "../policy";
import { ITSELF } from "../stack";
import type { ImagePlace } from "./place";

/** Images that environments run are never expired, whatever their age. Source: "Lifecycle policy properties", ECR guide. */
const FOR_EVER = 9999;
const KEPT = 200;

const CANDIDATE = "candidate";

/** The tag that an environment runs, and the one its migration runs before that. */
export const tagsOf = (environment: string) => ({
  tag: environment,
  candidateTag: `${environment}-${CANDIDATE}`,
});

export interface RegistryProps extends ImagePlace {
  readonly account: string;
  readonly region: string;
  /** Whether that is another region than the provider's. */
  readonly elsewhere?: boolean;
  /** The environment that runs images from it; none where releases are pushed to it, and nothing else happens. */
  readonly environment?: string;
  /** Other accounts that read it. */
  readonly readers?: readonly string[];
}

/** An ECR repository: made here, found by its name, or an environment's own, which the bootstrap stack makes. */
export class Registry extends Construct {
  /** Absent where the bootstrap stack makes it: an environment can be planned before that is applied again. */
  readonly repository: EcrRepository | DataAwsEcrRepository | undefined;
  readonly lifecyclePolicy: EcrLifecyclePolicy | undefined;
  /** The repository's name. */
  readonly name: string;
  /** Where releases are pushed to, where that is another repository. */
  readonly source: ImagePlace["source"];

  constructor(
    scope: Construct,
    id: string,
    private readonly props: RegistryProps,
  ) {
    super(scope, id);
    this.name = props.repository;
    this.source = props.source;
    if (props.create) {
      const repository = this.createRepository();
      this.lifecyclePolicy = this.createLifecyclePolicy(repository);
      if (props.readers?.length) this.admit(repository, props.readers);
      this.repository = repository;
    } else if (!props.source) this.repository = new DataAwsEcrRepository(this, ITSELF, { name: this.name });
  }

  /** How a task definition names it, before the tag. */
  get url(): string {
    const { account, region } = this.props;
    return this.repository?.repositoryUrl ?? `${account}.dkr.ecr.${region}.amazonaws.com/${this.name}`;
  }

  get arn(): string {
    const { account, region } = this.props;
    return this.repository?.arn ?? `arn:aws:ecr:${region}:${account}:repository/${this.name}`;
  }

  private get elsewhere(): string | undefined {
    return this.props.elsewhere ? this.props.region : undefined;
  }

  /** Tags that move, because that is what promotes: those of the environment that runs its images. */
  private get moving(): readonly string[] {
    const { environment } = this.props;
    return environment === undefined ? [] : Object.values(tagsOf(environment));
  }

  /** A pushed tag stays what it was, except for those that promote. */
  private createRepository() {
    const { moving } = this;
    const { environment } = this.props;
    return new EcrRepository(this, ITSELF, {
      name: this.name,
      // The bootstrap stack makes it, and by this tag the roles of other environments are refused.
      ...(environment !== undefined && this.source && { tags: { environment } }),
      region: this.elsewhere,
      imageTagMutability: moving.length === 0 ? "IMMUTABLE" : "IMMUTABLE_WITH_EXCLUSION",
      ...(moving.length > 0 && {
        imageTagMutabilityExclusionFilter: moving.map((filter) => ({ filter, filterType: "WILDCARD" })),
      }),
      imageScanningConfiguration: { scanOnPush: true },
      encryptionConfiguration: [{ encryptionType: "AES256" }],
    });
  }

  /**
   * Lets other accounts read the images, each by its own policies: those of who deploys there, and of tasks with sidecars.
   * Source: "Private repository policies", ECR guide.
   */
  private admit({ name: repository }: EcrRepository, accounts: readonly string[]) {
    const statement = {
      Sid: "ReadReleases",
      Effect: "Allow",
      Principal: { AWS: accounts.map((account) => `arn:aws:iam::${account}:root`) },
      Action: actionsOf("ecr", [
        "BatchCheckLayerAvailability",
        "BatchGetImage",
        "DescribeImages",
        "GetDownloadUrlForLayer",
      ]),
    };
    new EcrRepositoryPolicy(this, "readers", { repository, policy: document([statement]) });
  }

  private createLifecyclePolicy({ name: repository }: EcrRepository) {
    // A rule per tag: one rule of two tags selects images that carry both. Source: as above, tagPatternList.
    const moving = this.moving.map((tag) => ({
      description: `What runs as ${tag} stays`,
      selection: {
        tagStatus: "tagged",
        tagPatternList: [tag],
        countType: "imageCountMoreThan",
        countNumber: FOR_EVER,
      },
    }));
    const untagged = {
      description: "Untagged images go after a month: until then they can be rolled back to",
      selection: { tagStatus: "untagged", countType: "sinceImagePushed", countUnit: "days", countNumber: 30 },
    };
    const newest = {
      description: `The newest ${KEPT} releases stay`,
      selection: { tagStatus: "any", countType: "imageCountMoreThan", countNumber: KEPT },
    };
    // Copies of what ran before have no tag, however lately that was.
    const rules = [...moving, ...(this.source ? [] : [untagged]), newest];
    return new EcrLifecyclePolicy(this, "lifecycle", {
      repository,
      region: this.elsewhere,
      policy: JSON.stringify({
        rules: rules.map((rule, index) => ({
          rulePriority: index + 1,
          ...rule,
          action: { type: "expire" },
        })),
      }),
    });
  }
}

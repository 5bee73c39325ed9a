import { DataAwsEcrRepository } from "@cdktf/provider-aws/lib/data-aws-ecr-repository";
import { EcrLifecyclePolicy } from "@cdktf/provider-aws/lib/ecr-lifecycle-policy";
import { EcrRepository } from "@cdktf/provider-aws/lib/ecr-repository";
import { Construct } from "constructs";
import { suppress } from "../../guardrails/suppress";
import type { RegistryConfiguration } from "../environment/props";
import { ITSELF } from "../stack";

/** Images that environments run are never expired, whatever their age. Source: "Lifecycle policy properties", ECR guide. */
const FOR_EVER = 9999;
const KEPT = 200;

/** ECR excludes no more patterns than this from immutability. Source: CreateRepository, ECR API reference. */
const EXCLUSIONS = 5;

/** A lifecycle policy has 50 rules. Three are for candidates, untagged images and age. Source: "Amazon ECR service quotas". */
export const MOST_ENVIRONMENTS = 47;

const CANDIDATE = "candidate";

/** The tag that an environment runs, and the one its migration runs before that. */
export const tagsOf = (environment: string) => ({
  tag: environment,
  candidateTag: `${environment}-${CANDIDATE}`,
});

export interface RegistryProps {
  /** Those that run images from it. */
  readonly environments: readonly string[];
  readonly registry: RegistryConfiguration;
  /** @default the provider's */
  readonly region?: string;
}

/** An ECR repository: one that exists, found by its name, or one made here. */
export class Registry extends Construct {
  readonly repository: EcrRepository | DataAwsEcrRepository;
  readonly lifecyclePolicy: EcrLifecyclePolicy | undefined;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: RegistryProps,
  ) {
    super(scope, id);
    const { repository, create } = props.registry;
    if (!create) {
      this.repository = new DataAwsEcrRepository(this, ITSELF, { name: repository });
      return;
    }
    this.repository = this.createRepository();
    this.lifecyclePolicy = this.createLifecyclePolicy();
  }

  /** Tags that move, because that is what promotes: those of the environments, and of all candidates. */
  private get moving(): readonly string[] {
    return [...this.props.environments, `*-${CANDIDATE}`];
  }

  /** A pushed tag stays what it was, except for those that promote. */
  private createRepository() {
    const immutable = this.moving.length <= EXCLUSIONS;
    const repository = new EcrRepository(this, ITSELF, {
      name: this.props.registry.repository,
      region: this.props.region,
      imageTagMutability: immutable ? "IMMUTABLE_WITH_EXCLUSION" : "MUTABLE",
      ...(immutable && {
        imageTagMutabilityExclusionFilter: this.moving.map((filter) => ({ filter, filterType: "WILDCARD" })),
      }),
      imageScanningConfiguration: { scanOnPush: true },
      encryptionConfiguration: [{ encryptionType: "AES256" }],
    });
    if (!immutable) {
      suppress(
        repository,
        "mutable-image-tags",
        `${this.props.environments.length} environments run its images, and ECR excludes ${EXCLUSIONS} patterns from immutability; deploy proves what runs by its digest.`,
      );
    }
    return repository;
  }

  private createLifecyclePolicy() {
    const expire = { type: "expire" };
    // A rule per tag: one rule of two tags selects images that carry both. Source: as above, tagPatternList.
    const tags = this.moving;
    return new EcrLifecyclePolicy(this, "lifecycle", {
      repository: this.repository.name,
      region: this.props.region,
      policy: JSON.stringify({
        rules: [
          ...tags.map((tag, index) => ({
            rulePriority: index + 1,
            description: `What runs as ${tag} stays`,
            selection: {
              tagStatus: "tagged",
              tagPatternList: [tag],
              countType: "imageCountMoreThan",
              countNumber: FOR_EVER,
            },
            action: expire,
          })),
          {
            rulePriority: tags.length + 1,
            description: "Untagged images go after a month: until then they can be rolled back to",
            selection: {
              tagStatus: "untagged",
              countType: "sinceImagePushed",
              countUnit: "days",
              countNumber: 30,
            },
            action: expire,
          },
          {
            rulePriority: tags.length + 2,
            description: `The newest ${KEPT} releases stay`,
            selection: { tagStatus: "any", countType: "imageCountMoreThan", countNumber: KEPT },
            action: expire,
          },
        ],
      }),
    });
  }
}

import { DataAwsEcrRepository } from "@cdktf/provider-aws/lib/data-aws-ecr-repository";
import { EcrLifecyclePolicy } from "@cdktf/provider-aws/lib/ecr-lifecycle-policy";
import { EcrRepository } from "@cdktf/provider-aws/lib/ecr-repository";
import { Construct } from "constructs";
import type { RegistryConfiguration } from "../environment/props";
import { ITSELF } from "../stack";

/** Images that environments run are never expired, whatever their age. Source: "Lifecycle policy properties", ECR guide. */
const FOR_EVER = 9999;
const KEPT = 200;

/** The tag that an environment runs, and the one its migration runs before that. */
export const tagsOf = (environment: string) => ({
  tag: environment,
  candidateTag: `${environment}-candidate`,
});

/** An ECR repository: one that exists, found by its name, or one made here. */
export class Registry extends Construct {
  readonly repository: EcrRepository | DataAwsEcrRepository;
  readonly lifecyclePolicy: EcrLifecyclePolicy | undefined;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: { readonly environment: string; readonly registry: RegistryConfiguration },
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

  /** A pushed tag stays what it was, except for the environment's own two: they move, that is what promotes. */
  private createRepository() {
    return new EcrRepository(this, ITSELF, {
      name: this.props.registry.repository,
      imageTagMutability: "IMMUTABLE_WITH_EXCLUSION",
      imageTagMutabilityExclusionFilter: Object.values(tagsOf(this.props.environment)).map((filter) => ({
        filter,
        filterType: "WILDCARD",
      })),
      imageScanningConfiguration: { scanOnPush: true },
      encryptionConfiguration: [{ encryptionType: "AES256" }],
    });
  }

  private createLifecyclePolicy() {
    const expire = { type: "expire" };
    // A rule per tag: one rule of two tags selects images that carry both. Source: as above, tagPatternList.
    const tags = Object.values(tagsOf(this.props.environment));
    return new EcrLifecyclePolicy(this, "lifecycle", {
      repository: this.repository.name,
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

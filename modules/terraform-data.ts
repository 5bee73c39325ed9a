import { TerraformResource } from "cdktf";
import type { Construct } from "constructs";

/**
 * A `terraform_data` that is made anew when one of its values changes, and takes with it what is replaced by it. cdktf's
 * own, DataResource, starts Terraform in every synthesis to ask for its version, which every stack requires anyhow.
 */
export class TerraformData extends TerraformResource {
  constructor(
    scope: Construct,
    id: string,
    private readonly triggersReplace: Readonly<Record<string, string>>,
  ) {
    super(scope, id, {
      terraformResourceType: "terraform_data",
      terraformGeneratorMetadata: { providerName: "terraform" },
    });
  }

  protected override synthesizeAttributes() {
    return { triggers_replace: this.triggersReplace };
  }
}

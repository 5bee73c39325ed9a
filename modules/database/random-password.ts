import { TerraformElement } from "cdktf";
import type { Construct } from "constructs";

/**
 * A password that Terraform makes anew in every run and keeps nowhere: an ephemeral resource, which the bindings
 * do not know. It reaches AWS through write-only arguments alone, and those send it only when their version
 * changes, so that whatever must share it carries one version.
 * Source: hashicorp/aws, ephemeral resource aws_secretsmanager_random_password; Terraform >= 1.11.
 */
export class RandomPassword extends TerraformElement {
  private static readonly type = "aws_secretsmanager_random_password";

  constructor(
    scope: Construct,
    id: string,
    private readonly length: number,
  ) {
    super(scope, id, RandomPassword.type);
  }

  /** A reference that only write-only arguments accept. Letters and digits: it is safe within a URL. */
  get value(): string {
    return `\${ephemeral.${RandomPassword.type}.${this.friendlyUniqueId}.random_password}`;
  }

  override toTerraform() {
    return {
      ephemeral: {
        [RandomPassword.type]: {
          [this.friendlyUniqueId]: { password_length: this.length, exclude_punctuation: true },
        },
      },
    };
  }
}

import { TerraformElement } from "cdktf";
import type { Construct } from "constructs";

/**
 * A value that Terraform has while it runs and keeps nowhere: an ephemeral resource, which the bindings do not know.
 * Only write-only arguments accept it, and those send it only when their version changes. Terraform >= 1.11.
 */
abstract class Ephemeral extends TerraformElement {
  constructor(
    scope: Construct,
    id: string,
    private readonly type: string,
    private readonly configuration: Readonly<Record<string, unknown>>,
  ) {
    super(scope, id, type);
  }

  protected reference(attribute: string): string {
    return `\${ephemeral.${this.type}.${this.friendlyUniqueId}.${attribute}}`;
  }

  override toTerraform() {
    return { ephemeral: { [this.type]: { [this.friendlyUniqueId]: this.configuration } } };
  }
}

/**
 * A password that is another one in every run. Letters and digits: it is safe within a URL.
 * Source: hashicorp/aws, ephemeral resource aws_secretsmanager_random_password.
 */
export class RandomPassword extends Ephemeral {
  constructor(scope: Construct, id: string, length: number) {
    super(scope, id, "aws_secretsmanager_random_password", {
      password_length: length,
      exclude_punctuation: true,
    });
  }

  get value(): string {
    return this.reference("random_password");
  }
}

/**
 * The value that an SSM parameter holds, read when it is needed: after the parameter is made, where the run makes it.
 * Source: hashicorp/aws, ephemeral resource aws_ssm_parameter.
 */
export class StoredParameter extends Ephemeral {
  constructor(scope: Construct, id: string, arn: string) {
    super(scope, id, "aws_ssm_parameter", { arn });
  }

  get value(): string {
    return this.reference("value");
  }
}

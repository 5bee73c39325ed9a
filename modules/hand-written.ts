import { TerraformElement } from "cdktf";
import type { Construct } from "constructs";

export interface HandWrittenProps {
  /** The parameter's name, with all its slashes: `/staging/service/web/STRIPE_KEY`. */
  readonly name: string;
  /** The account's id. */
  readonly account: string;
  readonly region: string;
}

/**
 * A SecureString that a person writes, with `npx slipway secret set`. Terraform knows its name alone: it neither makes
 * nor reads the parameter, so that no plan needs the right to. Where an older state has it, it is let go and stays as it is.
 */
export class HandWritten extends TerraformElement {
  readonly name: string;
  readonly arn: string;

  constructor(scope: Construct, id: string, { name, account, region }: HandWrittenProps) {
    super(scope, id);
    this.name = name;
    this.arn = `arn:aws:ssm:${region}:${account}:parameter${name}`;
  }

  override toTerraform() {
    const from = `aws_ssm_parameter.${this.friendlyUniqueId}`;
    return { removed: [{ from, lifecycle: { destroy: false } }] };
  }
}

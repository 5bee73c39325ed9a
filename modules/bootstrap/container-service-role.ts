import { DataAwsIamRole } from "@cdktf/provider-aws/lib/data-aws-iam-role";
import { DataAwsIamRoles } from "@cdktf/provider-aws/lib/data-aws-iam-roles";
import { IamServiceLinkedRole } from "@cdktf/provider-aws/lib/iam-service-linked-role";
import { Construct } from "constructs";
import { addressOf, ITSELF } from "../stack";

const SERVICE = "ecs.amazonaws.com";
const ROLE = "AWSServiceRoleForECS";

/**
 * The role by which ECS acts in the account, where nobody else has made it: capacity providers need it, and only some
 * calls make it by themselves. Source: "Using service-linked roles for Amazon ECS", ECS guide.
 */
export class ContainerServiceRole extends Construct {
  readonly role: IamServiceLinkedRole;

  constructor(scope: Construct, id: string, props: { readonly project: string }) {
    super(scope, id);
    const found = new DataAwsIamRoles(this, "found", {
      nameRegex: `^${ROLE}$`,
      pathPrefix: `/aws-service-role/${SERVICE}/`,
    });
    const existing = new DataAwsIamRole(this, "existing", { name: "${each.value}" });
    existing.addOverride("for_each", `\${toset(${addressOf(found)}.names)}`);
    this.role = new IamServiceLinkedRole(this, ITSELF, { awsServiceName: SERVICE });
    // One that was made here carries our tag, and must not vanish in the next plan because it is there.
    const others = `[for role in ${addressOf(existing)} : role if lookup(role.tags, "project", "") != "${props.project}"]`;
    this.role.addOverride("count", `\${length(${others}) > 0 ? 0 : 1}`);
  }
}

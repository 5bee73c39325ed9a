import { TerraformResource } from "cdktf";
import type { IConstruct } from "constructs";
import { lossOf } from "../aws/stateful";

/**
 * Has Terraform refuse a plan that destroys or replaces what holds data, a team's own resources among it; what says of itself
 * whether it may be destroyed (`lifecycle.preventDestroy`) is left as it is. What is taken out of a file takes this protection
 * with it: that loss is for AWS to refuse, and for `slipway apply`.
 */
export function keepData(construct: IConstruct): void {
  for (const one of construct.node.findAll())
    if (TerraformResource.isTerraformResource(one) && holdsData(one))
      one.lifecycle = { ...one.lifecycle, preventDestroy: one.lifecycle?.preventDestroy ?? true };
}

/** Whether a resource is one of those whose loss has a name. */
function holdsData(resource: TerraformResource): boolean {
  const { typeInput: type, tagsInput: tags } = resource as { typeInput?: unknown; tagsInput?: unknown };
  return lossOf(resource.terraformResourceType, { type, tags }) !== undefined;
}

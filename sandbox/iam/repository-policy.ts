import { AwsError, text } from "../aws/kind";
import type { Fields } from "../wire/value";
import type { World } from "../world";
import { fits, readPolicy } from "./policy";
import { about } from "./trust";

/** A call that somebody of one account makes about another one's image repository. */
export interface Foreign {
  /** `ecr:BatchGetImage` */
  readonly action: string;
  readonly region: string;
  readonly repository: string;
  readonly caller: { readonly arn: string; readonly account: string };
}

/**
 * Checks that a repository's own policy lets another account's caller do something, which that one's policies have to allow, too.
 * Source: "Cross-account policy evaluation logic", IAM guide; "Private repository policies", ECR guide.
 * @throws AwsError where it does not
 */
export function checkRepositoryPolicy(world: World, { action, region, repository, caller }: Foreign): void {
  const where = { repository };
  const object = world.find({ type: "aws_ecr_repository_policy", region, where });
  const { statements } = readPolicy("", text(object?.attributes as Fields | undefined, "policy"));
  const resource = `arn:aws:ecr:${region}:${world.account}:repository/${repository}`;
  const context = { "aws:principalaccount": caller.account, "aws:principalarn": caller.arn };
  const asker = { kind: "AWS", name: caller.arn, account: caller.account } as const;
  const said = about(statements, asker).filter((one) => fits(one, { action, resource, context }));
  if (said.some(({ Effect }) => Effect === "Deny") || said.length === 0)
    throw new AwsError(
      "AccessDeniedException",
      `User: ${caller.arn} is not authorized to perform: ${action} on resource: ${resource} because no resource-based policy allows the ${action} action`,
    );
}

/**
 * A call that somebody makes, as the tables write it down: what IAM is asked for, the resources, and when.
 *
 *     ec2:CreateSubnet subnet/{id} vpc/{vpc_id}
 *     iam:PassRole {task_role_arn} to ecs-tasks.amazonaws.com
 *     ec2:ModifySubnetAttribute subnet/{id} if map_public_ip_on_launch
 *     kms:Decrypt {key_id:key} via ssm
 *
 * A resource is an ARN, or the end of one of the action's service. `{attribute}` stands for an attribute's value, for each of
 * a list; `{block.attribute}` for that of a block, `{attribute:word}` for what that word of `expand.ts` makes of it. A
 * resource whose attribute is empty is left out; a call of which every resource is left out is not made; one without any is
 * asked for on `*`.
 */
export type Line = string;

/** A line, taken apart. */
export interface Template {
  readonly action: string;
  readonly resources: readonly string[];
  /** The call is made where this attribute says something. */
  readonly when: string | undefined;
  /** The service that a role is passed to. */
  readonly to: string | undefined;
  /** The service by which the call is made in the caller's name. */
  readonly via: string | undefined;
}

const parsed = new Map<Line, Template>();

/** Takes a line apart. */
export function parseLine(line: Line): Template {
  const known = parsed.get(line);
  if (known) return known;
  const [action = "", ...resources] = line.split(" ");
  const option = (name: string) => {
    const at = resources.indexOf(name);
    return at < 0 ? undefined : resources.splice(at, 2)[1];
  };
  const template = { when: option("if"), to: option("to"), via: option("via"), action, resources };
  parsed.set(line, template);
  return template;
}

/** How ARNs of a service begin, up to the resource, where that is not with region and account. */
const PREFIXES: Readonly<Record<string, (account: string) => string>> = {
  budgets: (account) => `arn:aws:budgets::${account}:`,
  cloudfront: (account) => `arn:aws:cloudfront::${account}:`,
  iam: (account) => `arn:aws:iam::${account}:`,
  route53: () => "arn:aws:route53:::",
  s3: () => "arn:aws:s3:::",
};

/** A whole ARN, of a service's resource in a region of an account. */
export function arnOf(action: string, resource: string, region: string, account: string): string {
  if (resource.startsWith("arn:")) return resource;
  const service = action.split(":")[0] ?? "";
  return `${PREFIXES[service]?.(account) ?? `arn:aws:${service}:${region}:${account}:`}${resource}`;
}

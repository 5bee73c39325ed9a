import { instanceType } from "../aws/instance-types";
import { countQuotas, natGateways, type Quota, requestFor, securityGroups, vcpuQuotas } from "../aws/quotas";
import type { Block, Stack } from "./stack";
import { amount, isBody, text, texts, within } from "./values";

/** A quota that the stacks of one account use up. A notice: AWS may have granted more. */
export interface QuotaFinding {
  readonly quota: string;
  /** Absent where the stacks name none, and share whichever the credentials are of. */
  readonly account?: string;
  /** Absent for a quota of the whole account. */
  readonly region?: string;
  /** Ours, with what AWS has made itself. */
  readonly wanted: number;
  readonly granted: number;
  /** By stack, those with the most first. */
  readonly usedBy: readonly { readonly stack: string; readonly count: number }[];
  /** What asks for more, and where to say that it was granted. */
  readonly mend: string;
}

/** A number that counts towards a quota, in one stack. */
interface Use {
  readonly quota: Quota;
  readonly stack: Stack;
  readonly count: number;
  /** Where the quota holds for each of something: which one, told from others across all stacks. */
  readonly each?: string;
}

/**
 * The quotas that stacks of each account exceed together, by default or by what `context.quotas` in cdktf.json says was
 * granted. What only an apply will tell is not counted.
 */
export function checkQuotas(stacks: readonly Stack[]): QuotaFinding[] {
  const groups = new Map<string, Use[]>();
  for (const use of stacks.flatMap(usesOf)) {
    const place = use.quota.of === "region" ? regionOf(use.stack) : "";
    const key = JSON.stringify([accountOf(use.stack), use.quota.name, place, use.each]);
    groups.set(key, [...(groups.get(key) ?? []), use]);
  }
  return [...groups.values()].flatMap((uses) => findingOf(uses) ?? []);
}

/** One sentence, with the command that mends it. */
export const quotaText = (finding: QuotaFinding): string => {
  const { quota, account, region, wanted, granted, usedBy, mend } = finding;
  const users = usedBy.map(({ stack, count }) => `${stack} ${count}`).join(", ");
  const place = `${region === undefined ? "" : ` in ${region}`}${account === undefined ? "" : ` of account ${account}`}`;
  return `quota: ${quota}${place}: ${wanted} wanted (${users}), AWS allows ${granted}. An apply would stop halfway. ${mend}`;
};

function findingOf(uses: readonly Use[]): QuotaFinding | undefined {
  const [first] = uses;
  if (first === undefined) return undefined;
  const { quota, stack } = first;
  const granted = Math.max(...uses.map((use) => grantedTo(use.stack, quota)));
  const sums = new Map<string, number>();
  for (const use of uses) sums.set(use.stack.name, (sums.get(use.stack.name) ?? 0) + use.count);
  const usedBy = [...sums]
    .map(([name, count]) => ({ stack: name, count }))
    .sort((a, b) => b.count - a.count || (a.stack < b.stack ? -1 : 1));
  const wanted = usedBy.reduce((sum, { count }) => sum + count, quota.taken ?? 0);
  if (wanted <= granted) return undefined;
  const region = regionOf(stack);
  const account = accountOf(stack);
  const told =
    quota.code === undefined
      ? ""
      : ` Granted already? "quotas": { "${quota.code}": ${wanted} } in ${contextOf(stack)} of cdktf.json.`;
  return {
    quota: quota.name,
    ...(account !== undefined && { account }),
    ...(quota.of === "region" && { region }),
    wanted,
    granted,
    usedBy,
    mend: `Ask for more: ${requestFor(quota, quota.of === "account" ? "us-east-1" : region, wanted)}.${told}`,
  };
}

function usesOf(stack: Stack): Use[] {
  const counted = countQuotas.flatMap((quota) =>
    stack
      .all(quota.type)
      .filter(countsTowards)
      .map((block): Use => {
        const { per } = quota;
        return {
          quota,
          stack,
          count: 1,
          ...(per !== undefined && { each: ofStack(stack, block.body[per]) }),
        };
      }),
  );
  const gateways = stack.all("aws_nat_gateway").map((block): Use => {
    return { quota: natGateways, stack, count: 1, each: zoneOf(stack, block) };
  });
  return [...counted, ...gateways, ...groupsOf(stack), ...vcpusOf(stack)];
}

/** Gateway endpoints have a quota of their own, network load balancers too. */
const countsTowards = ({ type, body }: Block) =>
  (type !== "aws_vpc_endpoint" || text(body.vpc_endpoint_type, "Gateway") === "Interface") &&
  (type !== "aws_lb" || text(body.load_balancer_type, "application") === "application");

/** Something of this stack: two stacks write the same expression, and mean two things. */
const ofStack = (stack: Stack, value: unknown) => text(value) ?? `${stack.name} ${JSON.stringify(value)}`;

function zoneOf(stack: Stack, block: Block): string {
  const [subnet] = stack.named(block.body.subnet_id, "aws_subnet");
  return ofStack(stack, subnet?.body.availability_zone ?? block.body.subnet_id);
}

/** The groups of each block's interfaces. */
const groupsOf = (stack: Stack): Use[] =>
  stack.blocks.flatMap((block) =>
    [block, ...within(block, "network_configuration"), ...within(block, "network_interfaces")].flatMap(
      ({ body }) =>
        ["vpc_security_group_ids", "security_groups"].flatMap((key) => {
          const groups = body[key];
          if (!Array.isArray(groups)) return [];
          return [
            { quota: securityGroups, stack, count: groups.length, each: `${stack.name} ${block.address}` },
          ];
        }),
    ),
  );

/** What has to run at the least: instances by themselves, and the smallest size of each group of them. */
function vcpusOf(stack: Stack): Use[] {
  const alone = stack.all("aws_instance").map(({ body }) => ({
    quota: vcpuQuotas.onDemand,
    stack,
    count: vcpus([text(body.instance_type, "") ?? ""]),
  }));
  const groups = stack.all("aws_autoscaling_group").map((group) => {
    const [policy] = within(group, "mixed_instances_policy");
    const spread = policy === undefined ? [] : within(policy, "instances_distribution");
    const onDemand = amount(spread[0]?.body.on_demand_percentage_above_base_capacity, 100) ?? 100;
    const types =
      policy === undefined
        ? within(group, "launch_template").flatMap(({ body }) => stack.named(body.id, "aws_launch_template"))
        : within(policy, "launch_template", "override");
    return {
      quota: onDemand > 0 ? vcpuQuotas.onDemand : vcpuQuotas.spot,
      stack,
      count:
        (amount(group.body.min_size, 0) ?? 0) * vcpus(types.flatMap(({ body }) => texts(body.instance_type))),
    };
  });
  return [...alone, ...groups].filter(({ count }) => count > 0);
}

/** vCPUs of the smallest of some instance types; 0 where none is known. */
const vcpus = (types: readonly string[]): number => {
  const known = types.flatMap((type) => instanceType(type)?.vcpu ?? []);
  return known.length === 0 ? 0 : Math.min(...known);
};

const regionOf = (stack: Stack): string => text(providerOf(stack)?.body.region, "") ?? "";

/** The account that a stack is allowed, where it is one. */
function accountOf(stack: Stack): string | undefined {
  const [account, ...others] = texts(providerOf(stack)?.body.allowed_account_ids);
  return others.length === 0 ? account : undefined;
}

const providerOf = (stack: Stack) =>
  stack.all("provider").find(({ name, body }) => name === "aws" && body.alias === undefined);

/** The place in cdktf.json that says what was granted to the account of a stack. */
function contextOf(stack: Stack): string {
  const { further } = commentOf(stack);
  return text(further) === undefined ? "context" : `context.accounts["${further}"]`;
}

/** A stack's comment on itself; empty where it has none. */
function commentOf(stack: Stack) {
  const comment = stack.json["//"];
  return isBody(comment) ? comment : {};
}

/** AWS's default, or what the project says was granted, as the stack's comment has it. */
function grantedTo(stack: Stack, quota: Quota): number {
  const { quotas } = commentOf(stack);
  const granted = isBody(quotas) ? quotas : {};
  return amount(quota.code === undefined ? undefined : granted[quota.code], quota.value) ?? quota.value;
}

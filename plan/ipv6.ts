import { z } from "zod";
import type { PlanJson } from "./plan-json";
import type { Problem } from "./problems";

const before = z.object({
  id: z.string(),
  ipv6_cidr_block: z.string().min(1),
  assign_ipv6_address_on_creation: z.literal(true),
});
const after = z.object({ ipv6_cidr_block: z.string().min(1) });

/**
 * The subnets that a plan takes the IPv6 addresses from, although they still give one to all that starts in them: AWS refuses that
 * while anything has one. Pure.
 * Source: DisassociateSubnetCidrBlock, EC2 API reference.
 */
export function ipv6Problems(plan: PlanJson): Problem[] {
  const subnets = plan.resource_changes.flatMap(({ address, type, change }) => {
    if (type !== "aws_subnet" || !change.actions.includes("update")) return [];
    const had = before.safeParse(change.before).data;
    return had && !after.safeParse(change.after).success ? [{ address, id: had.id }] : [];
  });
  const [first] = subnets;
  if (first === undefined) return [];
  const all = subnets.map(({ id }) => id).join(" ");
  return [
    {
      severity: "error",
      summary: "IPv6 cannot go in this apply: what runs in the private subnets still has addresses of it",
      detail: [
        "AWS takes the addresses from a subnet only when nothing has one. By hand, first:",
        `1. for subnet in ${all}; do aws ec2 modify-subnet-attribute --subnet-id $subnet --no-assign-ipv6-address-on-creation; done`,
        "2. Replace the instances, start the tasks on Fargate anew, and take the bastion's address.",
        "3. Plan again.",
      ].join("\n"),
      place: first.address,
      wayOut: 'docs/changes.md, "IPv6 switched off", has the commands.',
    },
  ];
}

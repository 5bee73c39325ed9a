import { expect, test } from "vitest";
import { ipv6Problems } from "../../plan/ipv6";
import { planOf, resource } from "./support/plans";

const dual = (zone: string, assign = true) => ({
  id: `subnet-${zone}`,
  ipv6_cidr_block: "2001:db8::/64",
  assign_ipv6_address_on_creation: assign,
});
const single = { ipv6_cidr_block: null, assign_ipv6_address_on_creation: false };
const subnet = (zone: string, before: object, after: object, actions = ["update"]) =>
  resource(`aws_subnet.network_private_${zone}`, actions, {}, { before, after });

test("IPv6 that what runs may still have addresses of cannot go: the subnets by name, and what to do first", () => {
  const [problem, ...others] = ipv6Problems(
    planOf([subnet("a", dual("a"), single), subnet("b", dual("b"), { ...single, ipv6_cidr_block: "" })]),
  );
  expect(others).toEqual([]);
  expect(problem).toMatchObject({ severity: "error", place: "aws_subnet.network_private_a" });
  expect(problem?.detail).toContain("for subnet in subnet-a subnet-b; do aws ec2 modify-subnet-attribute");
});

test.each([
  ["nothing is given any more", subnet("a", dual("a", false), single)],
  ["it stays", subnet("a", dual("a"), dual("a"))],
  ["the subnet goes as a whole", subnet("a", dual("a"), single, ["delete"])],
  ["there was none", subnet("a", single, dual("a"))],
])("no problem where %s", (_, change) => {
  expect(ipv6Problems(planOf([change]))).toEqual([]);
});

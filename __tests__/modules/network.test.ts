import fc from "fast-check";
import { Netmask } from "netmask";
import { describe, expect, test } from "vitest";
import { zonesOf } from "../../aws/zones";
import { canonical, kinds, overlap, places, subnetCidr } from "../../modules/network/subnets";
import { vpcCidr } from "./support/arbitrary";
import { but } from "./support/least";
import { synthesize } from "./support/synthesize";

const zones = [0, 1, 2, 3];
const plan = (vpc: string) => kinds.flatMap((kind) => zones.map((zone) => subnetCidr(vpc, kind, zone)));

/** First and last address, by a computation of its own. */
function range(cidr: string): readonly [number, number] {
  const [address = "", prefix = ""] = cidr.split("/");
  const start = address.split(".").reduce((sum, byte) => sum * 256 + Number(byte), 0);
  return [start, start + 2 ** (32 - Number(prefix)) - 1];
}

describe("subnets, for every VPC from /16 to /22", () => {
  test("lie in the VPC, are canonical, and are no smaller than AWS takes", () => {
    fc.assert(
      fc.property(vpcCidr, (vpc) => {
        const [first, last] = range(vpc);
        for (const subnet of plan(vpc)) {
          const [from, to] = range(subnet);
          expect(from).toBeGreaterThanOrEqual(first);
          expect(to).toBeLessThanOrEqual(last);
          expect(canonical(subnet)).toBe(subnet);
          expect(Number(subnet.split("/")[1])).toBeLessThanOrEqual(28);
        }
      }),
    );
  });

  test("never overlap, whatever their kinds and zones", () => {
    fc.assert(
      fc.property(vpcCidr, (vpc) => {
        const sorted = plan(vpc)
          .map(range)
          .sort(([left], [right]) => left - right);
        for (const [index, [start]] of sorted.entries()) {
          if (index > 0) expect(start).toBeGreaterThan(sorted[index - 1]?.[1] ?? 0);
        }
      }),
    );
  });

  test("leave an eighth free", () => {
    fc.assert(
      fc.property(vpcCidr, (vpc) => {
        const size = (cidr: string) => 2 ** (32 - Number(cidr.split("/")[1]));
        const used = plan(vpc).reduce((sum, subnet) => sum + size(subnet), 0);
        expect(size(vpc) - used).toBeGreaterThanOrEqual(size(vpc) / 8);
      }),
    );
  });

  test("have no room for a fifth zone, and say so", () => {
    for (const zone of [-1, 4, 0.5])
      expect(() => subnetCidr("10.0.0.0/16", "private", zone)).toThrow("No room");
  });
});

describe("CIDRs", () => {
  test("overlap where an address is in both, and only there", () => {
    fc.assert(
      fc.property(vpcCidr, vpcCidr, (one, other) => {
        const [[a, b], [c, d]] = [range(one), range(other)];
        expect(overlap(one, other)).toBe(a <= d && c <= b);
        expect(overlap(one, one)).toBe(true);
      }),
    );
  });

  test("are written in one way", () => {
    expect(canonical("10.1.2.3/16")).toBe("10.1.0.0/16");
    expect(canonical("10.1.0.0/16")).toBe("10.1.0.0/16");
    for (const wrong of ["", "10.0.0.0", "10.0.0.0/33", "10.0/16", "300.0.0.0/16", "::/0", "10.0.0.0/-1"]) {
      expect(canonical(wrong)).toBeUndefined();
    }
  });
});

describe("a zone that is added", () => {
  const cidrs = (zones: 2 | 3 | string[], region = "us-west-2") =>
    new Map(
      synthesize(but({ region, network: { zones } }))
        .all("aws_subnet")
        .map(({ id, body }) => [id, body.cidr_block]),
    );

  test("moves no subnet that is there", () => {
    const [two, three] = [cidrs(2), cidrs(3)];
    expect(two.size).toBe(10);
    expect(three.size).toBe(15);
    for (const [id, cidr] of two) expect(three.get(id)).toBe(cidr);
  });

  test("moves none, either, where it is written before the others", () => {
    const [two, three] = [
      cidrs(["us-west-2b", "us-west-2c"]),
      cidrs(["us-west-2a", "us-west-2b", "us-west-2c"]),
    ];
    for (const [id, cidr] of two) expect(three.get(id)).toBe(cidr);
  });

  test("finds room in a region of six, whichever are named", () => {
    const named = fc.shuffledSubarray(zonesOf("us-east-1"), { minLength: 2, maxLength: 3 });
    fc.assert(
      fc.property(named, (zones) => {
        const found = places(zones, zonesOf("us-east-1"));
        expect(new Set(found).size).toBe(zones.length);
        for (const place of found) expect(subnetCidr("10.0.0.0/16", "private", place)).toMatch(/^10\.0\./);
      }),
    );
  });
});

test("every legal VPC CIDR synthesizes to subnets in it", () => {
  fc.assert(
    fc.property(vpcCidr, (cidr) => {
      const graph = synthesize(but({ network: { cidr } }));
      expect(graph.one("aws_vpc").cidr_block).toBe(cidr);
      for (const { body } of graph.all("aws_subnet"))
        expect(new Netmask(cidr).contains(body.cidr_block)).toBe(true);
    }),
    { numRuns: 5 },
  );
});

describe("ways out", () => {
  const routesOf = (nat: "single" | "per-zone" | false) => {
    const graph = synthesize(but({ network: { nat } }));
    return graph
      .all("aws_route")
      .map(({ id, body }) => [id, body.nat_gateway_id ?? body.gateway_id] as const);
  };
  const gateway = (zone: string) => `\${aws_nat_gateway.network_nat_${zone}_gateway.id}`;
  const open = ["network_public_internet", "${aws_internet_gateway.network_internet.id}"] as const;

  test("lead through one NAT gateway", () => {
    expect(routesOf("single")).toEqual([
      ["network_private_a_internet", gateway("a")],
      ["network_private_b_internet", gateway("a")],
      ["network_private_c_internet", gateway("a")],
      open,
    ]);
  });

  test("lead through the zone's own NAT gateway", () => {
    expect(routesOf("per-zone")).toEqual([
      ["network_private_a_internet", gateway("a")],
      ["network_private_b_internet", gateway("b")],
      ["network_private_c_internet", gateway("c")],
      open,
    ]);
  });

  test("are endpoints alone without NAT", () => {
    expect(routesOf(false)).toEqual([open]);
    const graph = synthesize(but({ network: { nat: false } }));
    const services = graph
      .all("aws_vpc_endpoint")
      .map(({ body }) => body.service_name.replace(/^com.amazonaws.us-west-2./, ""));
    expect(services.sort()).toEqual([
      ...["ecr.api", "ecr.dkr", "ecs", "ecs-agent", "ecs-telemetry", "logs", "s3", "ssm"],
      "ssmmessages",
    ]);
    const fargate = synthesize(but({ network: { nat: false }, cluster: { capacity: {} } }));
    expect(fargate.all("aws_vpc_endpoint").map(({ id }) => id)).toEqual([
      ...["network_ecr-api", "network_ecr-dkr", "network_logs", "network_s3", "network_ssm"],
      "network_ssmmessages",
    ]);
    for (const { body } of graph.all("aws_vpc_endpoint")) {
      if (body.vpc_endpoint_type === "Interface") expect(body.private_dns_enabled).toBe(true);
    }
  });

  test("by IPv6 lead through a gateway that lets nobody in, from the private subnets alone", () => {
    const graph = synthesize(but({ network: { ipv6: true } }));
    const routes = graph
      .all("aws_route")
      .filter(({ body }) => body.destination_ipv6_cidr_block !== undefined);
    const egressOnly = "${aws_egress_only_internet_gateway.network_ipv6_gateway.id}";
    expect(routes.map(({ body }) => body)).toEqual(
      ["a", "b", "c"].map((zone) => ({
        route_table_id: `\${aws_route_table.network_private_${zone}_routes.id}`,
        destination_ipv6_cidr_block: "::/0",
        egress_only_gateway_id: egressOnly,
      })),
    );
    const block = "aws_vpc_ipv6_cidr_block_association.network_ipv6.ipv6_cidr_block";
    const dual = graph.all("aws_subnet").filter(({ body }) => body.ipv6_cidr_block !== undefined);
    expect(
      dual.map(({ id, body }) => [id, body.ipv6_cidr_block, body.assign_ipv6_address_on_creation]),
    ).toEqual(
      ["a", "b", "c"].map((zone, at) => [
        `network_private_${zone}`,
        `\${cidrsubnet(${block}, 8, ${at})}`,
        true,
      ]),
    );
    for (const { body } of graph.all("aws_network_acl")) {
      const rules = [...body.ingress, ...body.egress].filter((rule) => rule.ipv6_cidr_block);
      expect(rules.map((rule) => rule.ipv6_cidr_block)).toEqual(
        body.tags.Name === "staging-open" ? ["::/0", "::/0"] : [],
      );
    }
    const without = synthesize(but({}));
    expect(JSON.stringify(without.all("aws_subnet"))).not.toContain("ipv6");
    expect(without.addresses.filter((address) => /ipv6|egress_only/.test(address))).toEqual([]);
  });

  test("a subnet has one route table, and the database's and caches' lead nowhere", () => {
    const graph = synthesize(but({}));
    const associations = graph.all("aws_route_table_association").map(({ body }) => body);
    expect(new Set(associations.map(({ subnet_id }) => subnet_id)).size).toBe(15);
    const isolated = "${aws_route_table.network_isolated_routes.id}";
    expect(associations.filter(({ route_table_id }) => route_table_id === isolated)).toHaveLength(9);
    expect(graph.all("aws_route").filter(({ body }) => body.route_table_id === isolated)).toEqual([]);
  });
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fargateCpus, fargateMemories } from "../../aws/fargate";
import { architectureOf, families, instanceType, instanceTypes } from "../../aws/instance-types";
import { instanceClasses, isPostgresVersion } from "../../aws/postgres";
import { regions, zonesOf } from "../../aws/zones";
import { production, small } from "../../modules/environment";
import { but, larger, least } from "./support/least";
import { synthesize } from "./support/synthesize";

describe("instance types", () => {
  test.each([
    ["t3a.medium", "X86_64", 2, 4096],
    ["t4g.nano", "ARM64", 2, 512],
    ["t3.xlarge", "X86_64", 4, 16_384],
    ["m7a.medium", "X86_64", 1, 4096],
    ["m7g.large", "ARM64", 2, 8192],
    ["c6i.2xlarge", "X86_64", 8, 16_384],
    ["r8g.4xlarge", "ARM64", 16, 131_072],
  ] as const)("%s is %s, with %i vCPU and %i MiB", (name, architecture, vcpu, memoryMiB) => {
    expect(instanceType(name)).toEqual({ architecture, vcpu, memoryMiB });
  });

  test.each([
    ["g5.xlarge", "X86_64"],
    ["g5g.xlarge", "ARM64"],
    ["c7gn.large", "ARM64"],
    ["is4gen.large", "ARM64"],
    ["x2gd.large", "ARM64"],
    ["a1.large", "ARM64"],
    ["i4i.large", "X86_64"],
  ])("%s is %s by its name, which no table has", (name, architecture) => {
    expect(instanceTypes).not.toContain(name);
    expect(architectureOf(name)).toBe(architecture);
  });

  test("that are none are unknown", () => {
    for (const name of [
      "",
      "t3",
      "t3.enormous",
      "m5.medium",
      "db.t3.micro",
      "x9.large",
      "m7i.metal",
      "T3.large",
    ])
      expect(instanceType(name)).toBeUndefined();
  });

  test("of every family have a processor and memory", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...families),
        fc.constantFrom("large", "xlarge", "2xlarge"),
        (family, size) => {
          const { vcpu = 0, memoryMiB = 0 } = instanceType(`${family}.${size}`) ?? {};
          expect(vcpu).toBeGreaterThanOrEqual(2);
          expect(memoryMiB).toBeGreaterThanOrEqual(vcpu * 1024);
        },
      ),
    );
  });
});

test("Fargate's sizes are those of the ECS guide", () => {
  expect(fargateMemories(256)).toEqual([512, 1024, 2048]);
  expect(fargateMemories(1024)).toEqual([2048, 3072, 4096, 5120, 6144, 7168, 8192]);
  expect(fargateMemories(8192).at(-1)).toBe(61_440);
  expect(fargateMemories(16_384).slice(0, 2)).toEqual([32_768, 40_960]);
  expect(fargateMemories(300)).toEqual([]);
  expect(fargateCpus).toEqual([256, 512, 1024, 2048, 4096, 8192, 16_384]);
});

test("zones belong to their region, and every region has two", () => {
  for (const region of regions) {
    expect(zonesOf(region).length).toBeGreaterThanOrEqual(2);
    for (const zone of zonesOf(region)) expect(zone.slice(0, -1)).toBe(region);
  }
  expect(zonesOf("ap-southeast-9")).toEqual(["ap-southeast-9a", "ap-southeast-9b", "ap-southeast-9c"]);
});

test("Postgres versions and classes are those that RDS has", () => {
  for (const version of ["14", "16.4", "17", "17.6", "18.1"]) expect(isPostgresVersion(version)).toBe(true);
  for (const version of ["", "9.6", "13", "17.0", "17.", "17.6.1", "seventeen"])
    expect(isPostgresVersion(version)).toBe(false);
  for (const name of ["db.t4g.micro", "db.m7g.large", "db.r6i.24xlarge"])
    expect(instanceClasses).toContain(name);
  for (const name of ["t4g.micro", "db.t4g.nano", "db.m7g.micro", "db.t4g.micro.x", "db.t4g"])
    expect(instanceClasses).not.toContain(name);
});

describe("the group of a capacity provider", () => {
  const distribution = (graph: ReturnType<typeof synthesize>, id: string) =>
    graph.one("aws_autoscaling_group", id).mixed_instances_policy.instances_distribution;

  test("buys spot or on demand, as is said", () => {
    const prod = synthesize(larger, "prod");
    expect(distribution(prod, "cluster_base_group").on_demand_percentage_above_base_capacity).toBe(100);
    expect(distribution(prod, "cluster_spot_group")).toMatchObject({
      on_demand_percentage_above_base_capacity: 0,
      spot_allocation_strategy: "price-capacity-optimized",
    });
    expect(prod.one("aws_autoscaling_group", "cluster_spot_group").capacity_rebalance).toBe(true);
  });

  test("may choose among the types that are listed, in that order", () => {
    const graph = synthesize(
      but({ cluster: { capacity: { one: { instanceTypes: ["m7a.large", "m6a.large"] } } } }),
    );
    const { override } = graph.one("aws_autoscaling_group").mixed_instances_policy.launch_template;
    expect(override).toEqual([{ instance_type: "m7a.large" }, { instance_type: "m6a.large" }]);
  });

  test("lives in the private subnets of all zones", () => {
    expect(synthesize(least).one("aws_autoscaling_group").vpc_zone_identifier).toEqual(
      ["a", "b", "c"].map((zone) => `\${aws_subnet.network_private_${zone}.id}`),
    );
  });
});

test("each preset names types that exist, of one processor", () => {
  for (const { cluster } of [small, production]) {
    for (const { instanceTypes } of Object.values(cluster.capacity)) {
      const architectures = instanceTypes.map((name: string) => instanceType(name)?.architecture);
      expect(new Set(architectures)).toEqual(new Set(["X86_64"]));
    }
  }
});

import { expect, test } from "vitest";
import { capacityProblems } from "../../plan/capacity";
import { planOf, resource } from "./support/plans";

const CLUSTER = "arn:aws:ecs:us-west-2:123456789012:cluster/staging";

const association = (before: string[], after: string[], actions = ["update"]) =>
  resource(
    "aws_ecs_cluster_capacity_providers.cluster_capacity",
    actions,
    {},
    {
      before: { cluster_name: "staging", capacity_providers: before },
      after: { cluster_name: "staging", capacity_providers: after },
    },
  );

const service = (name: string, provider: string, actions = ["update"], cluster = CLUSTER) =>
  resource(
    `aws_ecs_service.service_${name}_service`,
    actions,
    {},
    {
      before: { name, cluster, capacity_provider_strategy: [{ capacity_provider: provider, weight: 1 }] },
    },
  );

const provider = resource(
  "aws_ecs_capacity_provider.cluster_spot_provider",
  ["delete"],
  {},
  {
    before: { name: "staging-spot" },
  },
);

test("a capacity that services still use cannot go: named as in the file, with the services and the two steps", () => {
  const [problem, ...others] = capacityProblems(
    planOf([
      association(["staging-spot", "FARGATE"], ["staging-pool", "FARGATE"]),
      provider,
      service("web", "staging-spot"),
      service("api", "staging-spot", ["no-op"]),
      service("jobs", "FARGATE"),
    ]),
  );
  expect(others).toEqual([]);
  expect(problem).toMatchObject({
    severity: "error",
    summary: "capacity spot cannot go in this apply: web, api still use it",
    place: "aws_ecs_cluster_capacity_providers.cluster_capacity",
  });
  expect(problem?.detail).toContain(
    "1. Leave spot in cluster.capacity, beside what takes its place; name that in services.web.capacity, services.api.capacity, apply, and wait until the services have rolled out.",
  );
  expect(problem?.detail).toContain("2. Take spot out of cluster.capacity, and apply.");
});

test.each([
  ["nobody uses it any more", [service("web", "staging-pool")]],
  ["its services go with it", [service("web", "staging-spot", ["delete"])]],
  ["its user is another cluster's", [service("web", "staging-spot", ["update"], `${CLUSTER}-2`)]],
])("a capacity goes when %s", (_, services) => {
  const change = association(["staging-spot", "staging-pool"], ["staging-pool"]);
  expect(capacityProblems(planOf([change, provider, ...services]))).toEqual([]);
});

test("a capacity that comes, a cluster that is made and one that goes are no problem", () => {
  const web = service("web", "staging-spot");
  for (const change of [
    association(["staging-spot"], ["staging-spot", "staging-pool"]),
    association([], ["staging-spot"], ["create"]),
    association(["staging-spot"], [], ["delete"]),
  ])
    expect(capacityProblems(planOf([change, web]))).toEqual([]);
});

import { architectureOf } from "../../aws/instance-types";
import type { Mistake } from "../mistakes";
import type { ClusterConfiguration } from "./props";

/** What its providers cannot be, each alone and together. Paths are relative to the environment. */
export function* checkCluster({ capacity: providers }: ClusterConfiguration): Generator<Mistake> {
  for (const [name, capacity] of Object.entries(providers)) {
    const path = `cluster.capacity.${name}`;
    if (/^(aws|ecs|fargate)/.test(name)) {
      yield {
        path,
        message: `the name starts with aws, ecs or fargate, which AWS keeps for itself; choose another.`,
      };
    }
    if (capacity.min > capacity.max) {
      yield {
        path: `${path}.min`,
        message: `${capacity.min} is more than max, ${capacity.max}; lower it, or raise max.`,
      };
    }
    const architectures = new Set(capacity.instanceTypes.map(architectureOf));
    if (architectures.size > 1) {
      yield {
        path: `${path}.instanceTypes`,
        message: `${capacity.instanceTypes.join(", ")} mix x86 and Graviton, and one image runs on one of them; make two providers.`,
      };
    }
  }
  const withBase = Object.entries(providers).filter(([, { base }]) => base > 0);
  if (withBase.length > 1) {
    yield {
      path: "cluster.capacity",
      message: `${withBase.map(([name]) => name).join(" and ")} have a base, and ECS takes one base in a strategy; leave one.`,
    };
  }
}

import { z } from "zod";
import type { Change, PlanJson } from "./plan-json";
import type { Problem } from "./problems";

const association = z.object({ cluster_name: z.string(), capacity_providers: z.array(z.string()) });
const provider = z.object({ name: z.string() });
const service = z.object({
  name: z.string(),
  cluster: z.string(),
  capacity_provider_strategy: z.array(z.object({ capacity_provider: z.string() })).default([]),
});

/**
 * The capacities that a plan takes from a cluster while services still place tasks on them: AWS refuses that, since the
 * cluster is changed before the services are. Pure.
 * Source: PutClusterCapacityProviders, ECS API reference (ResourceInUseException).
 */
export function capacityProblems(plan: PlanJson): Problem[] {
  const all = plan.resource_changes;
  const services = all.flatMap(({ type, change }) => {
    const before = type === "aws_ecs_service" ? service.safeParse(change.before).data : undefined;
    return before && !change.actions.includes("delete") ? [before] : [];
  });
  return all
    .filter(({ type }) => type === "aws_ecs_cluster_capacity_providers")
    .flatMap(({ address, change }) =>
      dropped(change).flatMap(({ cluster, name }): Problem[] => {
        const users = services
          .filter((one) => one.cluster.split("/").at(-1) === cluster)
          .filter((one) => one.capacity_provider_strategy.some((used) => used.capacity_provider === name))
          .map((one) => one.name);
        return users.length === 0 ? [] : [problem(address, nameInFile(plan, name), users)];
      }),
    );
}

/** The providers that are associated before an update, and not after it. */
function dropped({ actions, before, after }: Change): { cluster: string; name: string }[] {
  const [old, now] = [association.safeParse(before).data, association.safeParse(after).data];
  if (!actions.includes("update") || !old || !now) return [];
  return old.capacity_providers
    .filter((name) => !now.capacity_providers.includes(name))
    .map((name) => ({ cluster: old.cluster_name, name }));
}

/** What the environment's file calls a provider; AWS's name where the address does not tell. */
function nameInFile(plan: PlanJson, name: string): string {
  const own = plan.resource_changes.find(
    ({ type, change }) =>
      type === "aws_ecs_capacity_provider" && provider.safeParse(change.before).data?.name === name,
  );
  return /\.cluster_(.+)_provider$/.exec(own?.address ?? "")?.[1] ?? name;
}

function problem(place: string, capacity: string, users: readonly string[]): Problem {
  const [use, rolledOut] = users.length === 1 ? ["uses", "the service has"] : ["use", "the services have"];
  return {
    severity: "error",
    summary: `capacity ${capacity} cannot go in this apply: ${users.join(", ")} still ${use} it`,
    detail: [
      "AWS takes a capacity from a cluster only when no service uses it, and the cluster is changed before its services.",
      "Two applies do it:",
      `1. Leave ${capacity} in cluster.capacity, beside what takes its place; name that in ${users.map((name) => `services.${name}.capacity`).join(", ")}, apply, and wait until ${rolledOut} rolled out.`,
      `2. Take ${capacity} out of cluster.capacity, and apply.`,
    ].join("\n"),
    place,
    wayOut: 'docs/changes.md, "A capacity renamed or removed", shows both.',
  };
}

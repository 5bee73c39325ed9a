import { createHash } from "node:crypto";

/** The listener takes 1 to 50000. Source: CreateRule, Elastic Load Balancing API reference. */
const LAST = 49999;
const HOST_FIRST = 24000;
const PER_CHARACTER = 200;
const LONGEST = 110;

/**
 * Where a service's rule stands among the listener's: rules with a host before those without, longer paths
 * before shorter ones. It depends on nothing but the service, so that adding one renumbers no other.
 */
export function rulePriority(service: {
  readonly name: string;
  readonly paths: readonly string[];
  readonly hosts: readonly string[];
  readonly priority?: number | undefined;
}): number {
  if (service.priority !== undefined) return service.priority;
  const longest = Math.max(0, ...service.paths.map((path) => path.length));
  const spread = createHash("sha256").update(service.name).digest().readUInt16BE() % PER_CHARACTER;
  const byPath = Math.min(longest, LONGEST) * PER_CHARACTER;
  return LAST - (service.hosts.length > 0 ? HOST_FIRST : 0) - byPath - spread;
}

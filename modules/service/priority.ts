import { createHash } from "node:crypto";

/** The listener takes 1 to 50000. Source: CreateRule, Elastic Load Balancing API reference. */
const LAST = 49999;
const HOST_FIRST = 24000;
const PER_CHARACTER = 200;
const LONGEST = 110;

/** What decides where a service's rule stands. */
interface Ruled {
  readonly name: string;
  readonly paths: readonly string[];
  readonly hosts: readonly string[];
  readonly priority?: number | undefined;
}

/**
 * Where each service's rule stands among the listener's: rules with a host before those without, longer paths before
 * shorter ones, and those that are alike by a hash of their names. Where two meet, the later one in the file takes the next
 * free number: a service that is added at the end moves no other.
 */
export function rulePriorities(services: readonly Ruled[]): Map<string, number> {
  const taken = new Set(services.flatMap(({ priority }) => priority ?? []));
  return new Map(
    services.map((service) => {
      if (service.priority !== undefined) return [service.name, service.priority];
      const free = placesOf(service).find((place) => !taken.has(place)) ?? firstFree(taken);
      taken.add(free);
      return [service.name, free];
    }),
  );
}

/** The numbers of services that are like this one, from its own on. */
function placesOf({ name, paths, hosts }: Ruled): number[] {
  const longest = Math.max(0, ...paths.map((path) => path.length));
  const first = LAST - (hosts.length > 0 ? HOST_FIRST : 0) - Math.min(longest, LONGEST) * PER_CHARACTER;
  const own = createHash("sha256").update(name).digest().readUInt16BE();
  return Array.from({ length: PER_CHARACTER }, (_, index) => first - ((own + index) % PER_CHARACTER));
}

/** For the 201st service that is like others. */
function firstFree(taken: ReadonlySet<number>): number {
  let place = LAST;
  while (taken.has(place)) place--;
  return place;
}

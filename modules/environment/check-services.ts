import type { z } from "zod";
import { fargateCpus, fargateMemories } from "../../aws/fargate";
import { architectureOf, instanceType } from "../../aws/instance-types";
import { DEFAULT_SCHEMA } from "../database/schema";
import { type Mistake, show } from "../mistakes";
import { checkService, checkServicesTogether } from "../service/check";
import { servicesIn } from "../service/service-url";
import { connectionVariables, variablesOf } from "../service/variables";
import type { Configuration, environmentOptions } from "./props";
import type { ServiceConfiguration } from "../service/props";

type Parsed = z.output<typeof environmentOptions>;

/**
 * MiB of an instance that tasks can have: its kernel keeps some, more on larger ones, and its agent the rest. An instance
 * of 8,192 registers 7,985 less 32. Source: "Reserving Amazon ECS Linux container instance memory", ECS guide.
 */
const memoryForTasks = (memoryMiB: number) => memoryMiB - Math.max(100, Math.ceil(memoryMiB * 0.05));
/** What each service cannot have of the other parts. Paths are relative to the environment. */
export function* checkServices(parsed: Parsed, configuration: Configuration): Generator<Mistake> {
  for (const service of configuration.services) {
    const own = parsed.services[service.name];
    if (own === undefined) continue;
    const checks = [
      ...checkService(service),
      ...checkExposure(service, configuration),
      ...checkCapacity(service, own.capacity, configuration),
      ...checkAccess(service, own.database, configuration),
      ...checkVariables(service, own.database, configuration),
    ];
    for (const { path, message } of checks) yield { path: `services.${service.name}.${path}`, message };
  }
  yield* checkServicesTogether(configuration.services);
}

function* checkExposure(service: ServiceConfiguration, { distribution }: Configuration): Generator<Mistake> {
  if (service.port !== undefined && !service.internal && !distribution) {
    yield {
      path: "port",
      message: `${service.port} is served by nobody, since distribution is false; leave one of them out.`,
    };
  }
  const names = (distribution && distribution.domain && distribution.domain.names) || [];
  for (const [index, host] of service.hosts.entries()) {
    if (!names.includes(host)) {
      yield {
        path: `hosts.${index}`,
        message: `${show(host)} never arrives: it is not among distribution.domain.names (${names.join(", ") || "none"}); add it there.`,
      };
    }
  }
}

function* checkCapacity(
  service: ServiceConfiguration,
  written: string | undefined,
  { cluster }: Configuration,
): Generator<Mistake> {
  const known = Object.keys(cluster.capacity);
  if (
    service.strategy.length === 0 ||
    (service.fargate && written !== undefined && !/^fargate(-spot)?$/.test(written))
  ) {
    yield {
      path: "capacity",
      message: `${show(written)} is none of ${[...known, "fargate", "fargate-spot"].join(", ")}.`,
    };
    return;
  }
  if (service.fargate) {
    const memories = fargateMemories(service.cpu);
    if (memories.length === 0) {
      yield {
        path: "cpu",
        message: `${service.cpu} is no Fargate size; there are ${fargateCpus.join(", ")}.`,
      };
    } else if (!memories.includes(service.memory)) {
      yield {
        path: "memory",
        message: `${service.memory} MiB does not go with cpu ${service.cpu} on Fargate; there are ${memories.join(", ")}.`,
      };
    }
    return;
  }
  const architectures = new Set<string>();
  for (const { provider } of service.strategy) {
    const named = cluster.capacity[provider]?.instanceTypes ?? [];
    for (const name of named) architectures.add(architectureOf(name));
    const types = named.flatMap((name) => {
      const type = instanceType(name);
      return type ? [{ name, ...type, memoryMiB: memoryForTasks(type.memoryMiB) }] : [];
    });
    const short = types.filter(
      ({ memoryMiB, vcpu }) => service.memory > memoryMiB || service.cpu > vcpu * 1024,
    );
    if (short.length > 0) {
      const sizes = short.map(
        ({ name, memoryMiB, vcpu }) => `${name} (${memoryMiB} MiB, cpu ${vcpu * 1024})`,
      );
      yield {
        path: short.some(({ memoryMiB }) => service.memory > memoryMiB) ? "memory" : "cpu",
        message: `${service.memory} MiB and cpu ${service.cpu} never fit on ${provider}'s ${sizes.join(", ")}; choose less, or larger instances.`,
      };
    }
  }
  if (architectures.size > 1) {
    yield {
      path: "capacity",
      message: `the cluster's providers mix x86 and Graviton; name one of ${known.join(", ")}.`,
    };
  }
  if (!service.strategy.some(({ weight }) => weight > 0)) {
    yield {
      path: "capacity",
      message: "every provider has weight 0, so no task is placed; give one a weight.",
    };
  }
}

type WrittenAccess = Parsed["services"][string]["database"];

/** What a service asks of the database, and cannot be given. */
function* checkAccess(
  service: ServiceConfiguration,
  written: WrittenAccess,
  { database }: Configuration,
): Generator<Mistake> {
  const { database: access } = service;
  const urls = (written && written.urls) || [];
  if (!database && urls.length > 0) {
    yield {
      path: "database.urls",
      message: `${urls.join(", ")} would be the URL of a database, and the environment has none.`,
    };
  }
  if (!access) return;
  const made = database && database.url === undefined && database;
  if (made && made.also && urls.length === 0) {
    yield {
      path: "database.urls",
      message:
        'is empty, and a database that is elsewhere has its URL alone to give, no PG* variables: name those that the service reads a URL from, like database: ["DATABASE_URL"], or say database: false.',
    };
  }
  if (database && (!made || made.also)) yield* checkCommands(service);
  if (access.schema === DEFAULT_SCHEMA || (made && made.logins && !made.also)) return;
  const schema = show(access.schema);
  const reason = !made
    ? `${schema} is about logins, which a database that is elsewhere has none of: its URL says who may do what.`
    : made.also
      ? `${schema} is a schema of the environment's own database: in the one that is elsewhere its URL names one for all services. Leave it out while there are two.`
      : `${schema} is about a login of its own; say logins: true in database, or leave it out.`;
  yield { path: "database.schema", message: reason };
}

/** What commands read of libpq's variables where a database that is elsewhere leaves them empty. */
function* checkCommands({
  command,
  migrations,
  schedules,
  config,
  secrets,
}: ServiceConfiguration): Generator<Mistake> {
  const commands: readonly (readonly [string, readonly string[] | undefined])[] = [
    ["command", command],
    ["migrations", migrations ? migrations.command : undefined],
    ...Object.entries(schedules).map(
      ([name, schedule]) => [`schedules.${name}.command`, schedule.command] as const,
    ),
  ];
  for (const [path, words = []] of commands) {
    const read = words.flatMap((word) =>
      [...word.matchAll(/\$\{?(PG[A-Z_]+)/g)].map(([, name = ""]) => name),
    );
    const empty = [...new Set(read)].filter(
      (name) => connectionVariables.includes(name) && !(name in config) && !secrets.includes(name),
    );
    if (empty.length > 0)
      yield {
        path,
        message: `reads ${empty.map((name) => `$${name}`).join(", ")}, and a database that is elsewhere has its URL alone to give: take that, as psql "$DATABASE_URL" does, or give the service PG* variables yourself (docs/database.md).`,
      };
  }
}

function* checkVariables(
  service: ServiceConfiguration,
  written: WrittenAccess,
  { distribution, services }: Configuration,
): Generator<Mistake> {
  const urls = (written && written.urls) || [];
  const seen = new Map<string, string>();
  for (const [source, variables] of variablesOf(service, service.database ? service.database.urls : urls)) {
    for (const variable of variables) {
      const before = seen.get(variable);
      if (before !== undefined) {
        yield {
          path: before,
          message: `${show(variable)} stands in ${source}${before === source ? " twice" : ", too"}; leave it in one place.`,
        };
      }
      seen.set(variable, source);
    }
  }
  if (!distribution && Object.values(service.config).some((value) => /\$URL(?!\w)/.test(value))) {
    yield { path: "config", message: "$URL has no value, since distribution is false." };
  }
  for (const [name, value] of Object.entries(service.config)) {
    for (const asked of servicesIn(value)) {
      if (services.some((other) => other.name === asked && other.internal)) continue;
      const there = services.filter(({ internal }) => internal).map((other) => other.name);
      yield {
        path: `config.${name}`,
        message: `$SERVICE_URL(${asked}) names no internal service; there are ${there.join(", ") || "none"}: say internal: true of what only services call.`,
      };
    }
  }
}

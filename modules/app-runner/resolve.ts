import type { z } from "zod";
import { appRunnerCpus, appRunnerMemories, RESERVED_VARIABLES } from "../../aws/app-runner";
import { readName } from "../environment/name";
import { fromIssues, type Mistake, show } from "../mistakes";
import { freeze } from "../options";
import type { RegistryConfiguration } from "../registry/props";
import {
  type AppRunnerConfiguration,
  type AppRunnerProps,
  type AppRunnerServiceConfiguration,
  appRunnerOptions,
} from "./props";

/** What a file of an environment on App Runner comes to. */
export interface ResolvedAppRunner {
  /** Absent when there are mistakes. */
  readonly configuration?: AppRunnerConfiguration;
  readonly mistakes: readonly Mistake[];
}

/**
 * Resolves what a person wrote to a complete, frozen configuration. Pure, and all mistakes are collected, as
 * `environment/resolve.ts` does it.
 *
 * @param name the environment's name where the props do not say it: the file's
 */
export function resolveAppRunner(props: AppRunnerProps, name: string): ResolvedAppRunner {
  const { environment, mistakes } = readName(props, name);
  const parsed = appRunnerOptions.safeParse(props, { reportInput: true });
  if (!parsed.success) return { mistakes: [...mistakes, ...fromIssues(environment, parsed.error.issues)] };
  const configuration = complete(environment, parsed.data);
  for (const service of configuration.services)
    for (const { path, message } of checkService(service))
      mistakes.push({ path: `${environment}.services.${service.name}.${path}`, message });
  for (const { path, message } of checkExisting(configuration, props.services ?? {}))
    mistakes.push({ path: `${environment}.services.${path}`, message });
  return mistakes.length > 0 ? { mistakes } : { configuration: freeze(configuration), mistakes };
}

function complete(name: string, parsed: z.output<typeof appRunnerOptions>): AppRunnerConfiguration {
  const { account, after, region, registry } = parsed;
  const said = Object.entries(parsed.services).map(([service, own]) => ({
    ...own,
    name: service,
    registry: own.registry ?? registry ?? { repository: "", create: false },
  }));
  const theirs = new Set(said.flatMap(({ existing, registry }) => (existing ? [registry.repository] : [])));
  const placed = (one: RegistryConfiguration) =>
    theirs.has(one.repository) && !one.create ? { ...one, existing: true } : one;
  const services = said.map((service) => ({ ...service, registry: placed(service.registry) }));
  const registries = new Map(services.map((service) => [service.registry.repository, service.registry]));
  if (registry) registries.set(registry.repository, placed(registry));
  return {
    name,
    account,
    after: [...new Set(after)],
    region,
    registries: [...registries.values()],
    services,
  };
}

/** What one option of a service cannot know of another. Paths are relative to the service. */
function* checkService(service: AppRunnerServiceConfiguration): Generator<Mistake> {
  const { registry, cpu, memory, scaling, migrations, database, config, domain, existing } = service;
  if (registry.repository === "")
    yield {
      path: "registry",
      message: "is missing: name the ECR repository here, or for the whole environment.",
    };
  const memories = appRunnerMemories(cpu);
  if (memories.length === 0)
    yield {
      path: "cpu",
      message: `${cpu} is no size of App Runner; there are ${appRunnerCpus.join(", ")}.`,
    };
  else if (!memories.includes(memory))
    yield {
      path: "memory",
      message: `${memory} MiB does not go with cpu ${cpu} on App Runner; there are ${memories.join(", ")}.`,
    };
  if (scaling.min > scaling.max)
    yield {
      path: "scaling.min",
      message: `${scaling.min} is more than max, ${scaling.max}; lower it, or raise max.`,
    };
  if (migrations && !database)
    yield {
      path: "migrations",
      message: 'migrate a database, and the service has none: database: ["DATABASE_URL"].',
    };
  for (const [variable, value] of Object.entries(config))
    if (domain === undefined && /\$URL(?!\w)/.test(value))
      yield {
        path: `config.${variable}`,
        message: existing
          ? "$URL is not known of a service that exists: write its address."
          : "$URL is known before App Runner has made the service only where that has a domain: give one, or leave $URL out.",
      };
  yield* checkVariables(service);
}

/** What a service is configured with that somebody else makes. */
const THEIRS = ["port", "health", "cpu", "memory", "scaling", "domain", "secrets", "permissions"] as const;
/** What its migrations alone get. */
const MIGRATIONS = ["database", "config"] as const;

/** Paths are relative to the services. */
function* checkExisting(
  { account, region, services }: AppRunnerConfiguration,
  written: NonNullable<AppRunnerProps["services"]>,
): Generator<Mistake> {
  const taken = new Map<string, string>();
  for (const { name, existing, migrations } of services) {
    if (!existing) continue;
    const { arn } = existing;
    const [, , , there = "", owner = ""] = arn.split(":");
    const path = `${name}.existing`;
    if (there !== region)
      yield {
        path,
        message: `is in ${there}, and the environment in ${region}: name that, or another service.`,
      };
    if (account !== undefined && owner !== account)
      yield { path, message: `belongs to account ${owner}, and the environment to ${account}.` };
    const other = taken.get(arn);
    if (other !== undefined) yield { path, message: `is that of ${other}, too; leave one of them out.` };
    taken.set(arn, name);
    for (const option of THEIRS)
      if (written[name]?.[option] !== undefined)
        yield {
          path: `${name}.${option}`,
          message: "is configured where the service is made, and stays so: leave it out.",
        };
    for (const option of migrations ? [] : MIGRATIONS)
      if (written[name]?.[option])
        yield {
          path: `${name}.${option}`,
          message: "is for the migrations of a service that exists, and it has none: leave it out.",
        };
  }
}

/** The variables that App Runner sets or keeps, and those that come from two places. */
function* checkVariables(service: AppRunnerServiceConfiguration): Generator<Mistake> {
  const taken = new Map<string, string>();
  const sources: readonly (readonly [string, readonly string[]])[] = [
    ["config", Object.keys(service.config)],
    ["secrets", service.secrets],
    ["database", service.database || []],
  ];
  for (const [source, names] of sources)
    for (const name of names) {
      const path = source === "config" ? `config.${name}` : source;
      const other = taken.get(name);
      if (name === "PORT" || name.startsWith(RESERVED_VARIABLES))
        yield { path, message: `${show(name)} is App Runner's own; choose another name.` };
      else if (other !== undefined)
        yield {
          path,
          message: `${show(name)} ${other === source ? "is named twice" : `comes from ${other}, too`}; leave one of them out.`,
        };
      taken.set(name, source);
    }
}

import type { z } from "zod";
import { architectureOf } from "../../aws/instance-types";
import { regions } from "../../aws/zones";
import { DEFAULT_SCHEMA } from "../database/schema";
import { fromIssues, type Mistake } from "../mistakes";
import { agentServices, endpointServices } from "../network/props";
import { freeze, layer } from "../options";
import { serviceOptions } from "../service/props";
import { usesQueue } from "../uses/props";
import { checkCluster } from "../cluster/check";
import { checkDatabase } from "../database/check";
import { checkDistribution } from "../distribution/check";
import { checkSubnets, checkZones } from "../network/check";
import { completeNetwork } from "../network/complete";
import { checkLogins, checkReach } from "./check";
import { checkMove } from "./check-move";
import { checkServices } from "./check-services";
import { layerUses } from "./layer-uses";
import { rulePriorities } from "../service/priority";
import { connectionVariables } from "../service/variables";
import { readName } from "./name";
import { unprotected } from "./presets";
import { type Configuration, type EnvironmentProps, environmentOptions, type Preset } from "./props";
import type { ServiceConfiguration } from "../service/props";

type Parsed = z.output<typeof environmentOptions>;

export interface Resolved {
  /** Absent when there are mistakes. */
  readonly configuration?: Configuration;
  readonly mistakes: readonly Mistake[];
}

/**
 * From what a person wrote to a complete, frozen configuration. Pure: the same props give the same answer, and
 * all mistakes are collected, each with its path.
 *
 * @param name the environment's name where the props do not say it: the file's
 */
export function resolve(props: EnvironmentProps, name: string): Resolved {
  const { environment, mistakes } = readName(props, name);
  const written = layered(props);
  const parsed = environmentOptions.safeParse(written, { reportInput: true });
  if (!parsed.success) mistakes.push(...fromIssues(environment, parsed.error.issues));
  const broken = parsed.success ? [] : parsed.error.issues.map(({ path }) => path.map(String));
  const whole = parsed.success ? parsed : environmentOptions.safeParse(without(written, broken));
  if (!whole.success) return { mistakes };
  const configuration = complete(environment, whole.data);
  const found = crossCheck(whole.data, configuration, new Set(broken.map(([part]) => part)));
  mistakes.push(...found.map(({ path, message }) => ({ path: `${environment}.${path}`, message })));
  return mistakes.length > 0 ? { mistakes } : { configuration: freeze(configuration), mistakes };
}

/** What was written, but for the parts and services that are wrong by themselves: defaults stand for those. */
function without(written: Record<string, unknown>, broken: readonly string[][]): unknown {
  const rest = { ...written, services: { ...(written.services as object) } as Record<string, unknown> };
  for (const [part = "", service] of broken) {
    if (part === "services" && service !== undefined) delete rest.services[service];
    else delete (rest as Record<string, unknown>)[part];
  }
  // The one part without a default; what needs it is not checked.
  return { region: regions[0], ...rest };
}

/** What one option cannot know of another, as far as both are right by themselves. */
function crossCheck(
  parsed: Parsed,
  configuration: Configuration,
  broken: ReadonlySet<string | undefined>,
): Mistake[] {
  const { region, cluster, distribution, database } = configuration;
  const ownDatabase = database && database.url === undefined && database;
  const checks: [needs: (keyof Parsed)[], check: () => Iterable<Mistake>][] = [
    [["network", "region"], () => checkNetwork(parsed.network, configuration)],
    [["network"], () => checkReach(configuration)],
    [["database"], () => (ownDatabase ? checkDatabase(ownDatabase) : [])],
    [["database"], () => checkLogins(configuration)],
    [["cluster"], () => checkCluster(cluster)],
    [["distribution"], () => (distribution ? checkDistribution(distribution, region) : [])],
    [["move", "database", "distribution"], () => checkMove(configuration)],
    [["cluster", "database", "distribution", "registry"], () => checkServices(parsed, configuration)],
  ];
  return checks
    .filter(([needs]) => !needs.some((part) => broken.has(part)))
    .flatMap(([, check]) => [...check()]);
}

function checkNetwork(written: Parsed["network"], { network, region }: Configuration): Iterable<Mistake> {
  if (network.vpc !== undefined) return checkSubnets(network);
  return checkZones(network, region, "zones" in written ? written.zones : undefined);
}

/** What was written over the preset's data: the parts, each service, and what services use. */
function layered({ preset, services, ...written }: EnvironmentProps): Record<string, unknown> {
  const disposable = (written.data ?? preset?.data) === "disposable";
  const { service, uses, ...parts } = layer(
    disposable ? unprotected : {},
    // Plain JavaScript may say null, which is none either.
    preset ?? {},
    environmentOptions,
  ) as Preset;
  const own = Object.entries(services ?? {}).map(
    ([name, said]) => [name, layer(service, said, serviceOptions)] as const,
  );
  const over = layer(parts, written, environmentOptions) as Record<string, unknown>;
  return { ...over, services: layerUses(Object.fromEntries(own), uses) };
}

function complete(name: string, parsed: Parsed): Configuration {
  const { account, after, region, encryption, data, bastion, distribution, cluster, move } = parsed;
  const services = withPriorities(
    Object.entries(parsed.services).map(([service, own]) => completeService(service, own, parsed, cluster)),
  );
  const registries = new Map(services.map((service) => [service.registry.repository, service.registry]));
  if (parsed.registry) registries.set(parsed.registry.repository, parsed.registry);
  return {
    name,
    account,
    after: [...new Set(after)],
    region,
    network: completeNetwork(parsed.network, { name, region, neededEndpoints: neededEndpoints(parsed) }),
    encryption,
    data,
    bastion,
    database: completeDatabase(parsed),
    cluster,
    distribution,
    move,
    registries: [...registries.values()],
    services,
    uses: Object.fromEntries(services.flatMap(({ uses }) => Object.entries(uses))),
  };
}

/** While the data moves there are two, and the move itself says which one services are given. */
function completeDatabase({ database, move }: Parsed): Configuration["database"] {
  if (!database || "url" in database) return database;
  if (move && move.database) return { ...database, also: "external" };
  return { ...database, use: database.use ?? "own" };
}

/** Each served service with its place among the listener's rules. */
function withPriorities(services: Configuration["services"]): Configuration["services"] {
  const priorities = rulePriorities(services.filter(({ port }) => port !== undefined));
  return services.map((service) => ({ ...service, priority: priorities.get(service.name) }));
}

/** The endpoints that instances and tasks need, and what is used beside them. */
function neededEndpoints({ services, cluster }: Parsed) {
  const unneeded = [
    ...(Object.keys(cluster.capacity).length === 0 ? agentServices : []),
    ...(usesQueue(Object.values(services)) ? [] : ["sqs"]),
  ];
  return endpointServices.filter((endpoint) => !unneeded.includes(endpoint));
}

/** What a service gets of the database; of one that is elsewhere the URL alone, under some name. Of two, what it may get of either. */
function completeAccess(
  own: Parsed["services"][string]["database"],
  database: Parsed["database"],
): ServiceConfiguration["database"] {
  if (!own || !database) return false;
  if (!("url" in database)) {
    const replica = database.replicas > 0 ? ["PGHOST_REPLICA"] : [];
    const schema = own.schema === DEFAULT_SCHEMA ? [] : ["PGOPTIONS"];
    return { ...own, variables: [...connectionVariables, ...replica, ...schema] };
  }
  return { ...own, urls: own.urls.length > 0 ? own.urls : ["DATABASE_URL"], variables: [] };
}

function completeService(
  name: string,
  own: Parsed["services"][string],
  parsed: Parsed,
  cluster: Configuration["cluster"],
): Configuration["services"][number] {
  const { capacity, registry, paths, ...rest } = own;
  const fargate = capacity?.startsWith("fargate") ?? Object.keys(cluster.capacity).length === 0;
  const strategy = fargate
    ? [{ provider: capacity === "fargate-spot" ? "FARGATE_SPOT" : "FARGATE", base: 0, weight: 1 }]
    : Object.entries(cluster.capacity)
        .filter(([provider]) => capacity === undefined || capacity === provider)
        .map(([provider, { base, weight }]) =>
          capacity === undefined ? { provider, base, weight } : { provider, base: 0, weight: 1 },
        );
  const first = strategy[0] && cluster.capacity[strategy[0].provider]?.instanceTypes[0];
  return {
    ...rest,
    name,
    fargate,
    strategy,
    architecture: first === undefined ? own.architecture : architectureOf(first),
    paths: paths ?? (own.port === undefined || own.internal ? [] : ["/*"]),
    registry: registry ?? parsed.registry ?? { repository: "", create: false },
    database: completeAccess(own.database, parsed.database),
  };
}

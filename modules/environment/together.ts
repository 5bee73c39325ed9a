import { type Mistake, show } from "../mistakes";
import { overlap } from "../network/subnets";
import { freeze } from "../options";
import { meant } from "../similar";
import type { AnyConfiguration } from "./any";
import type { Configuration } from "./props";

/** An environment beside the file it came from. */
export interface Source {
  readonly file: string;
  readonly configuration: AnyConfiguration;
}

/** Whether it is one with a network of its own: App Runner's services have none. */
const hasNetwork = (configuration: AnyConfiguration): configuration is Configuration =>
  "network" in configuration;

/**
 * What no environment can know alone: names taken twice or that begin another's, and peers whose addresses overlap.
 *
 * @param broken names of environments with mistakes of their own: peers name them rightly, of which no more is known
 * @param home the account of all that name none
 */
export function* checkTogether(
  sources: readonly Source[],
  broken: ReadonlySet<string> = new Set(),
  home?: string,
): Generator<Mistake> {
  const environments = new Map<string, string>();
  for (const { file, configuration } of sources) {
    const { name } = configuration;
    const taken = environments.get(name);
    if (taken !== undefined) {
      yield {
        path: `${name}.name`,
        message: `${file} and ${taken} both make ${show(name)}; rename one of them.`,
      };
      continue;
    }
    environments.set(name, file);
    const outer = sources.find((other) => name.startsWith(`${other.configuration.name}-`));
    if (outer) {
      const { name: shorter } = outer.configuration;
      yield {
        path: `${name}.name`,
        message: `AWS names of this environment would begin with ${show(`${shorter}-`)}, and be taken for those of ${show(shorter)}, whose role may change them; rename one of the two: ${show(shorter + name.slice(shorter.length + 1))} is apart.`,
      };
    }
  }
  const configurations = sources.map(({ configuration }) => configuration);
  const networked = configurations.filter(hasNetwork);
  yield* checkDomains(networked);
  yield* checkPeering(networked, broken, home);
  yield* checkOrder(configurations, broken);
}

/** CloudFront gives a name to one distribution of all accounts. */
function* checkDomains(configurations: readonly Configuration[]): Generator<Mistake> {
  const owners = new Map<string, string>();
  for (const { name, distribution } of configurations) {
    const names = (distribution && distribution.domain && distribution.domain.names) || [];
    for (const [index, host] of names.entries()) {
      const owner = owners.get(host);
      if (owner !== undefined) {
        yield {
          path: `${name}.distribution.domain.names.${index}`,
          message: `${show(host)} is ${owner === name ? "named twice" : `${show(owner)}'s`}; each environment has names of its own.`,
        };
      }
      owners.set(host, name);
    }
  }
}

/** Environments that one apply can wait for, one behind the other: terraform.yaml has a job for each place in such a row. */
const LONGEST_ROW = 3;

function* checkOrder(
  configurations: readonly AnyConfiguration[],
  broken: ReadonlySet<string>,
): Generator<Mistake> {
  const byName = new Map(configurations.map((one) => [one.name, one]));
  for (const { name, after } of configurations) {
    const path = `${name}.after`;
    for (const before of after) {
      if (broken.has(before) || (byName.has(before) && before !== name)) continue;
      const others = [...byName.keys()].filter((other) => other !== name);
      const right = meant(before, others);
      const wayOut = right ? `did you mean ${show(right)}?` : `there are ${others.join(", ") || "none"}.`;
      yield { path, message: `${show(before)} is no other environment; ${wayOut}` };
    }
    const circle = [...allBefore(name, byName)].filter((one) => allBefore(one, byName).has(name));
    if (circle.includes(name)) {
      const others = circle.filter((one) => one !== name).join(", ") || name;
      yield {
        path,
        message: `${show(name)} would come after itself, by way of ${others}: none could be the first.`,
      };
    } else if (placeOf(name, byName) > LONGEST_ROW) {
      yield {
        path,
        message: `makes a row of ${placeOf(name, byName)}, and CI applies ${LONGEST_ROW} behind each other at the most; let some of them come after the same one.`,
      };
    }
  }
}

/** The environments that come before one, at whatever distance. */
function allBefore(name: string, byName: ReadonlyMap<string, AnyConfiguration>): Set<string> {
  const found = new Set<string>();
  const visit = (one: string) => {
    for (const before of byName.get(one)?.after ?? []) {
      if (found.has(before)) continue;
      found.add(before);
      visit(before);
    }
  };
  visit(name);
  return found;
}

/** Place of an environment in its longest row, where none of those before it comes round again: 1 for the first. */
function placeOf(name: string, byName: ReadonlyMap<string, AnyConfiguration>): number {
  const before = [...allBefore(name, byName)].filter((one) => !allBefore(one, byName).has(one));
  const places = new Map<string, number>();
  // Whoever has fewer before it has its place first.
  const sizes = new Map([...before, name].map((one) => [one, allBefore(one, byName).size]));
  for (const one of [...before, name].sort((a, b) => (sizes.get(a) ?? 0) - (sizes.get(b) ?? 0))) {
    const after = byName.get(one)?.after ?? [];
    places.set(one, 1 + Math.max(0, ...after.map((other) => places.get(other) ?? 0)));
  }
  return places.get(name) ?? 1;
}

function* checkPeering(
  configurations: readonly Configuration[],
  broken: ReadonlySet<string>,
  home: string | undefined,
): Generator<Mistake> {
  for (const { name, account = home, region, network } of configurations) {
    if (network.vpc !== undefined) continue;
    for (const [index, { environment }] of network.peering.entries()) {
      if (broken.has(environment)) continue;
      const path = `${name}.network.peering.${index}`;
      const peer = configurations.find((other) => other.name === environment);
      if (peer === undefined || environment === name) {
        const others = configurations.map((other) => other.name).filter((other) => other !== name);
        yield {
          path,
          message: `${show(environment)} is no other environment; there are ${others.join(", ") || "none"}.`,
        };
      } else if (account !== undefined && (peer.account ?? home ?? account) !== account) {
        yield {
          path,
          message: `${show(environment)} is in account ${peer.account ?? home}, this one in ${account}; peers share an account.`,
        };
      } else if (peer.region !== region) {
        yield {
          path,
          message: `${show(environment)} is in ${peer.region}, this one in ${region}; peers share a region.`,
        };
      } else if (peer.network.vpc !== undefined) {
        yield {
          path,
          message: `${show(environment)} lives in ${peer.network.vpc}, which is not its own to route: peer with that VPC beside both.`,
        };
      } else if (overlap(network.cidr, peer.network.cidr)) {
        yield {
          path: `${name}.network.cidr`,
          message: `${network.cidr} overlaps ${peer.network.cidr} of ${show(environment)}, and peers need addresses of their own; give one of them another cidr.`,
        };
      } else if (peer.network.peering.some((back) => back.environment === name) && name > environment) {
        yield {
          path,
          message: `${show(environment)} names ${show(name)}, too; one of the two makes the connection for both.`,
        };
      }
    }
  }
}

/** The configurations with the addresses of their peers filled in. */
export function withPeers(configurations: readonly AnyConfiguration[]): AnyConfiguration[] {
  const cidrs = new Map(
    configurations
      .filter(hasNetwork)
      .flatMap(({ name, network }) => (network.vpc === undefined ? [[name, network.cidr]] : [])),
  );
  return configurations.map((configuration) => {
    if (!hasNetwork(configuration)) return configuration;
    const { network } = configuration;
    if (network.vpc !== undefined) return configuration;
    const peering = network.peering.map(({ environment }) => ({
      environment,
      cidr: cidrs.get(environment) ?? "",
    }));
    return freeze({ ...configuration, network: { ...network, peering } });
  });
}

import { type Mistake, show } from "../mistakes";
import { overlap } from "../network/subnets";
import { freeze } from "../options";
import type { Configuration } from "./props";

/** An environment beside the file it came from. */
export interface Source {
  readonly file: string;
  readonly configuration: Configuration;
}

/**
 * What no environment can know alone: names taken twice or that begin another's, and peers whose addresses overlap.
 *
 * @param broken names of environments with mistakes of their own: peers name them rightly, of which no more is known
 */
export function* checkTogether(
  sources: readonly Source[],
  broken: ReadonlySet<string> = new Set(),
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
  yield* checkDomains(configurations);
  yield* checkPeering(configurations, broken);
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

function* checkPeering(
  configurations: readonly Configuration[],
  broken: ReadonlySet<string>,
): Generator<Mistake> {
  for (const { name, region, network } of configurations) {
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
export function withPeers(configurations: readonly Configuration[]): Configuration[] {
  const cidrs = new Map(
    configurations.flatMap(({ name, network }) => (network.vpc === undefined ? [[name, network.cidr]] : [])),
  );
  return configurations.map((configuration) => {
    const { network } = configuration;
    if (network.vpc !== undefined) return configuration;
    const peering = network.peering.map(({ environment }) => ({
      environment,
      cidr: cidrs.get(environment) ?? "",
    }));
    return freeze({ ...configuration, network: { ...network, peering } });
  });
}

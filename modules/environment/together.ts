import { type Mistake, show } from "../mistakes";
import { overlap } from "../network/subnets";
import { freeze } from "../options";
import type { Configuration } from "./props";

/** An environment beside the file it came from. */
export interface Source {
  readonly file: string;
  readonly configuration: Configuration;
}

/** What no environment can know alone: names taken twice, and peers whose addresses overlap. */
export function* checkTogether(sources: readonly Source[]): Generator<Mistake> {
  const environments = new Map<string, string>();
  const prefixes = new Map<string, string>();
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
    for (const service of configuration.services) {
      // Roles and target groups are named <environment>-<service>-…: a-b of one may be a's b-… of another.
      const prefix = `${name}-${service.name}`;
      const other = prefixes.get(prefix);
      if (other !== undefined) {
        yield {
          path: `${name}.services.${service.name}`,
          message: `AWS names would begin with ${show(prefix)}, as those of ${other} do; rename the service.`,
        };
      }
      prefixes.set(prefix, `${name}.services.${service.name}`);
    }
  }
  yield* checkPeering(sources.map(({ configuration }) => configuration));
}

function* checkPeering(configurations: readonly Configuration[]): Generator<Mistake> {
  for (const { name, region, network } of configurations) {
    for (const [index, { environment }] of network.peering.entries()) {
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
  const cidrs = new Map(configurations.map(({ name, network }) => [name, network.cidr]));
  return configurations.map((configuration) => {
    const { network } = configuration;
    const peering = network.peering.map(({ environment }) => ({
      environment,
      cidr: cidrs.get(environment) ?? "",
    }));
    return freeze({ ...configuration, network: { ...network, peering } });
  });
}

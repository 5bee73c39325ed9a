import { createHash } from "node:crypto";
import type { z } from "zod";
import { zonesOf } from "../../aws/zones";
import type { ExistingNetwork, NetworkConfiguration, network, OwnNetworkConfiguration } from "./props";

interface Around {
  /** The environment's name. */
  readonly name: string;
  readonly region: string;
  /** The endpoints that what lives in it needs without NAT. */
  readonly neededEndpoints: OwnNetworkConfiguration["endpoints"];
}

/** A network with every default filled in. */
export function completeNetwork(written: z.output<typeof network>, around: Around): NetworkConfiguration {
  if ("vpc" in written) return existingNetwork(written);
  const { name, region, neededEndpoints } = around;
  const { zones, nat, ipv6, flowLogs, cidr = cidrFor(name), peering } = written;
  const { endpoints: wanted = nat === false } = written;
  return {
    cidr,
    nat,
    ipv6,
    flowLogs,
    zones: typeof zones === "number" ? zonesOf(region).slice(0, zones) : zones,
    endpoints: wanted === true ? neededEndpoints : wanted === false ? [] : wanted,
    // The peers' addresses are known once all environments are: see environment/together.ts.
    peering: peering.map((environment) => ({ environment, cidr: "" })),
  };
}

/** What has no subnets of its own lives in the next more open ones. */
function existingNetwork({ vpc, subnets, ipv6 }: ExistingNetwork): NetworkConfiguration {
  const { private: own, public: open = [], database = own, cache = database, intra = own } = subnets;
  return { vpc, ipv6, subnets: { private: own, public: open, intra, database, cache } };
}

/** One of the 256 /16 of 10.0.0.0/8, by the name: a copied file gets its own, and keeps it. */
const cidrFor = (name: string) => `10.${createHash("sha256").update(name).digest()[0]}.0.0/16`;

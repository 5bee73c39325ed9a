import { Netmask } from "netmask";

/** What a subnet is for decides its size, its routes and who may live there. */
export const kinds = ["private", "public", "intra", "database", "cache"] as const;
export type Kind = (typeof kinds)[number];

/** Zones that the plan of addresses keeps room for, whether used or not: adding a zone renumbers nothing. */
const ROOM = 4;

/** Prefix bits added to the VPC's own. A subnet of at most /28 bounds the VPC at /22. */
const bits: Readonly<Record<Kind, number>> = { private: 3, public: 5, intra: 5, database: 6, cache: 6 };

/** The longest VPC prefix in which the smallest subnet is still the smallest that AWS takes, /28. */
export const SMALLEST_VPC = 28 - Math.max(...Object.values(bits));
/** The shortest VPC prefix that AWS takes. */
export const LARGEST_VPC = 16;

/** The written form of a CIDR with the host bits cleared, or undefined for what is no IPv4 CIDR. */
export function canonical(cidr: string): string | undefined {
  if (!/^\d{1,3}(\.\d{1,3}){3}\/\d{1,2}$/.test(cidr)) return undefined;
  try {
    return new Netmask(cidr).toString();
  } catch {
    return undefined;
  }
}

/**
 * The ranges that are nobody's in the internet. Within others, addresses that are somebody's would not be reached from
 * the VPC, and AWS keeps 127.0.0.0/8, 169.254.0.0/16 and 224.0.0.0/4 for itself. Source: RFC 1918, RFC 6598.
 */
const PRIVATE = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"];

/** Docker's own on instances. Source: "VPC CIDR blocks", VPC guide. */
const DOCKER = "172.17.0.0/16";

/** Why addresses are none for a VPC, or undefined. */
export function unfit(cidr: string): string | undefined {
  const block = new Netmask(cidr);
  if (!PRIVATE.some((range) => new Netmask(range).contains(block)))
    return `is not private: give addresses of ${PRIVATE.join(", ")}.`;
  return overlap(cidr, DOCKER)
    ? `overlaps ${DOCKER}, which Docker takes for itself on instances; give others.`
    : undefined;
}

/** Whether two CIDRs share an address. */
export const overlap = (left: string, right: string): boolean => {
  const [a, b] = [new Netmask(left), new Netmask(right)];
  return a.contains(b) || b.contains(a);
};

/**
 * Where each zone stands in the plan of addresses: at its own place in the region, so that a zone added before
 * others moves none of them. A fifth or sixth zone (us-east-1 has them) takes a place that is left free.
 */
export function places(zones: readonly string[], region: readonly string[]): number[] {
  const taken = new Set(zones.map((zone) => region.indexOf(zone)));
  return zones.map((zone) => {
    const own = region.indexOf(zone);
    if (own >= 0 && own < ROOM) return own;
    const free = Array.from({ length: ROOM }, (_, place) => place).find((place) => !taken.has(place)) ?? ROOM;
    taken.add(free);
    return free;
  });
}

/**
 * The CIDR of the subnet of a kind in the zone at a place (0 to 3).
 *
 * The VPC is cut in eighths. Private subnets take one each, four in all; the fifth holds the public
 * subnets, the sixth the intra ones, the seventh the database and cache ones; the last stays free.
 */
export function subnetCidr(vpc: string, kind: Kind, zone: number): string {
  if (!Number.isInteger(zone) || zone < 0 || zone >= ROOM) throw new Error(`No room for a zone ${zone}.`);
  const block = new Netmask(vpc);
  const eighth = (index: number) => new Netmask(`${block.base}/${block.bitmask + 3}`).next(index);
  const start: Record<Kind, { eighth: number; offset: number }> = {
    private: { eighth: zone, offset: 0 },
    public: { eighth: 4, offset: zone },
    intra: { eighth: 5, offset: zone },
    database: { eighth: 6, offset: zone },
    cache: { eighth: 6, offset: ROOM + zone },
  };
  const at = start[kind];
  return new Netmask(`${eighth(at.eighth).base}/${block.bitmask + bits[kind]}`).next(at.offset).toString();
}

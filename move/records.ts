import type { Change, ResourceRecordSet } from "@aws-sdk/client-route-53";
import type { MoveRecord } from "../modules/contract/move";

/** The zone that every alias to a distribution names. Source: AliasTarget, Route 53 API reference. */
const CLOUDFRONT_ZONE = "Z2FDTNDATAQYW2";

/** Types that lead people somewhere: these go, all else at the name stays. */
const LEADING = ["A", "AAAA", "CNAME"] as const;

/** Types by which browsers find another address than those: HTTPS records outrank them. */
const OUTRANKING = ["HTTPS", "SVCB"];

/** What stands at a name, or why it cannot be changed in one batch. */
export type Standing =
  | { readonly records: readonly MoveRecord[] }
  | { readonly refusal: string; readonly wayOut: string };

const withoutDot = (name: string) => name.replace(/\.$/, "").toLowerCase();

/** Records that lead people to a distribution, as Terraform makes them, too. */
export const leadingTo = (name: string, distribution: string): MoveRecord[] =>
  (["A", "AAAA"] as const).map((type) => ({
    name,
    type,
    alias: { name: distribution, zone: CLOUDFRONT_ZONE, evaluateTargetHealth: false },
  }));

/** Reads what stands at a name. Of records that Route 53 chooses among, nobody knows which one is meant. */
export function standing(name: string, sets: readonly ResourceRecordSet[]): Standing {
  const chosen = sets.find(({ SetIdentifier }) => SetIdentifier !== undefined);
  if (chosen) {
    return {
      refusal: `${name} has ${routingOf(chosen)} records (${chosen.Type}, ${chosen.SetIdentifier}): Route 53 chooses among several, and one batch cannot put that back by one address.`,
      wayOut: `Make it one simple record that leads where people go today, wait for its TTL (${chosen.TTL ?? 60} s), then survey again.`,
    };
  }
  const other = sets.find(({ Type = "" }) => OUTRANKING.includes(Type));
  if (other) {
    return {
      refusal: `${name} has a record of type ${other.Type}, which browsers obey before A and AAAA: they would go on to where it leads.`,
      wayOut: "Delete it, wait for its TTL, then survey again.",
    };
  }
  return { records: sets.flatMap((set) => recordOf(set) ?? []) };
}

function recordOf(set: ResourceRecordSet): MoveRecord | undefined {
  const type = LEADING.find((one) => one === set.Type);
  if (!type) return undefined;
  const name = withoutDot(set.Name ?? "");
  const { AliasTarget: to } = set;
  if (to) {
    const alias = {
      name: withoutDot(to.DNSName ?? ""),
      zone: to.HostedZoneId ?? "",
      evaluateTargetHealth: to.EvaluateTargetHealth ?? false,
    };
    return { name, type, alias };
  }
  const values = (set.ResourceRecords ?? []).map(({ Value = "" }) => Value);
  return { name, type, ...(set.TTL !== undefined && { ttl: set.TTL }), values };
}

function routingOf({ Weight, Region, GeoLocation, Failover, MultiValueAnswer }: ResourceRecordSet): string {
  if (Weight !== undefined) return "weighted";
  if (Region) return "latency";
  if (GeoLocation) return "geolocation";
  if (Failover) return "failover";
  return MultiValueAnswer ? "multivalue" : "routed";
}

/** Compares what people are led to, whatever the order of values. */
export const sameRecords = (one: readonly MoveRecord[], other: readonly MoveRecord[]) =>
  texts(one).join("\n") === texts(other).join("\n");

const texts = (records: readonly MoveRecord[]) => records.map(textOf).sort();

/** A record as a person reads it: `app.example.com CNAME old.example.net, TTL 300 s`. */
export function textOf({ name, type, ttl, values = [], alias }: MoveRecord): string {
  if (alias)
    return `${name} ${type} alias to ${withoutDot(alias.name)}${alias.evaluateTargetHealth ? ", while healthy" : ""}`;
  return `${name} ${type} ${[...values].sort().join(", ")}${ttl === undefined ? "" : `, TTL ${ttl} s`}`;
}

/** Seconds for which resolvers keep a record; an alias has that of what it leads to, 60 s at CloudFront and load balancers. */
export const longestTtl = (records: readonly MoveRecord[]) =>
  Math.max(0, ...records.map(({ ttl = 60 }) => ttl));

/** One batch that makes the one set of records of the other: what stays by its type is written over, the rest goes. */
export function batch(now: readonly MoveRecord[], wanted: readonly MoveRecord[]): Change[] {
  const gone = now.filter(({ type }) => !wanted.some((record) => record.type === type));
  return [
    ...gone.map((record) => ({ Action: "DELETE" as const, ResourceRecordSet: setOf(record) })),
    ...wanted.map((record) => ({ Action: "UPSERT" as const, ResourceRecordSet: setOf(record) })),
  ];
}

function setOf({ name, type, ttl, values, alias }: MoveRecord): ResourceRecordSet {
  if (alias) {
    const { name: DNSName, zone: HostedZoneId, evaluateTargetHealth: EvaluateTargetHealth } = alias;
    return { Name: name, Type: type, AliasTarget: { DNSName, HostedZoneId, EvaluateTargetHealth } };
  }
  return {
    Name: name,
    Type: type,
    TTL: ttl,
    ResourceRecords: (values ?? []).map((Value) => ({ Value })),
  };
}

import { isIPv4, isIPv6 } from "node:net";
import type * as route53 from "@aws-sdk/client-route-53";
import { CLOUDFRONT_ZONE } from "../aws/cloudfront";
import { blocks, text, texts } from "../aws/kind";
import { edgeOf } from "../engine/edge-state";
import { hex } from "../engine/sim";
import { type Attributes, GLOBAL, type World, type WorldObject } from "../world";
import type { Fields } from "../wire/value";
import { type Call, type Operations, operation } from "./call";
import { AwsFailure } from "./errors";
import type { RestOutput } from "./rest";
import type { Xml } from "./s3-wire";

type Change = route53.Change;
/** A set of records, named as Route 53 names it: in lower case, with a dot at its end. */
type RecordSet = route53.ResourceRecordSet & { Name: string; Type: string };

export const ROUTE53: Operations = {
  GetHostedZone: operation<route53.GetHostedZoneRequest, RestOutput>(["Id"], (call, input) => {
    const zone = findZone(call, input.Id);
    const attributes = zone.attributes as Fields;
    return {
      xml: {
        GetHostedZoneResponse: {
          HostedZone: {
            Id: `/hostedzone/${zone.id}`,
            Name: zoneName(zone),
            CallerReference: zone.id,
            Config: { Comment: text(attributes, "comment"), PrivateZone: isPrivate(zone) },
            ResourceRecordSetCount: setsOf(call.sim.world, zone).length,
          },
          ...(!isPrivate(zone) && {
            DelegationSet: { NameServers: { NameServer: texts(attributes, "name_servers") } },
          }),
        },
      },
    };
  }),
  ListResourceRecordSets: operation<ListRequest, RestOutput>(["HostedZoneId"], listSets),
  ChangeResourceRecordSets: operation<route53.ChangeResourceRecordSetsRequest, RestOutput>(
    ["HostedZoneId", "ChangeBatch"],
    changeSets,
  ),
  GetChange: operation<route53.GetChangeRequest, RestOutput>(["Id"], (call, input) => {
    const id = (input.Id ?? "").replace("/change/", "");
    const change = edgeOf(call.sim.state).changes[id];
    if (!change) throw new AwsFailure("NoSuchChange", `A change with ID ${id} was not found.`, 404);
    return { xml: { GetChangeResponse: { ChangeInfo: changeInfo(call, id) } } };
  }),
};

/** The list's query, by the names that stand in the URL. */
interface ListRequest {
  HostedZoneId?: string;
  name?: string;
  type?: string;
  identifier?: string;
  maxitems?: string;
}

function findZone({ sim }: Call, given: string | undefined): WorldObject {
  const id = (given ?? "").replace("/hostedzone/", "");
  const zone = sim.world.find({ type: "aws_route53_zone", id });
  if (zone) return zone;
  throw new AwsFailure("NoSuchHostedZone", `No hosted zone found with ID: ${id}`, 404);
}

const dotted = (name: string) => `${name.toLowerCase().replace(/\.$/, "")}.`;
const zoneName = ({ attributes }: WorldObject) => dotted(text(attributes as Fields, "name"));
const isPrivate = ({ attributes }: WorldObject) => blocks(attributes as Fields, "vpc").length > 0;

/** The zone's own records, and all that anybody made, in the order of the list: by labels from the right, then by type. */
function setsOf(world: World, zone: WorldObject): RecordSet[] {
  const name = zoneName(zone);
  const servers = texts(zone.attributes as Fields, "name_servers");
  const own: RecordSet[] = [
    {
      Name: name,
      Type: "NS",
      TTL: 172_800,
      ResourceRecords: servers.map((server) => ({ Value: `${server}.` })),
    },
    {
      Name: name,
      Type: "SOA",
      TTL: 900,
      ResourceRecords: [{ Value: `${servers[0]}. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400` }],
    },
  ];
  const made = world.list({ type: "aws_route53_record", where: { zone_id: zone.id } }).map(setOf);
  return [...own, ...made].sort((one, other) => (order(one) < order(other) ? -1 : 1));
}

const order = ({ Name, Type, SetIdentifier = "" }: RecordSet) =>
  `${Name.split(".").reverse().join(" ")} / ${Type} ${SetIdentifier}`;

function setOf({ attributes: given }: WorldObject): RecordSet {
  const attributes = given as Fields;
  const [alias] = blocks(attributes, "alias");
  const identifier = text(attributes, "set_identifier");
  return {
    Name: dotted(text(attributes, "fqdn")),
    Type: text(attributes, "type") as route53.RRType,
    ...(identifier && { SetIdentifier: identifier }),
    ...weightOf(attributes),
    ...(alias
      ? {
          AliasTarget: {
            HostedZoneId: text(alias, "zone_id"),
            DNSName: dotted(text(alias, "name")),
            EvaluateTargetHealth: alias.evaluate_target_health === true,
          },
        }
      : {
          TTL: Number(attributes.ttl ?? 300),
          ResourceRecords: texts(attributes, "records").map((Value) => ({ Value })),
        }),
  };
}

/** What tells records of one name apart, as far as somebody sees that they are not the simple ones. */
function weightOf(attributes: Fields): Partial<route53.ResourceRecordSet> {
  const [weighted] = blocks(attributes, "weighted_routing_policy");
  const [latency] = blocks(attributes, "latency_routing_policy");
  const [failover] = blocks(attributes, "failover_routing_policy");
  return {
    ...(weighted && { Weight: Number(weighted.weight ?? 0) }),
    ...(latency && { Region: text(latency, "region") as route53.ResourceRecordSetRegion }),
    ...(failover && { Failover: text(failover, "type") as route53.ResourceRecordSetFailover }),
  };
}

const asXml = ({ ResourceRecords, ...set }: RecordSet): Xml => ({
  ...(set as unknown as Record<string, Xml>),
  ...(ResourceRecords && {
    ResourceRecords: { ResourceRecord: ResourceRecords.map(({ Value }) => ({ Value })) },
  }),
});

function listSets(call: Call, input: ListRequest): RestOutput {
  const zone = findZone(call, input.HostedZoneId);
  const { name, type = "", identifier = "" } = input;
  const start =
    name && order({ Name: dotted(name), Type: type, SetIdentifier: identifier } as RecordSet).trimEnd();
  const size = Math.min(Number(input.maxitems ?? 300), 300);
  const all = setsOf(call.sim.world, zone);
  const from = start ? all.filter((set) => order(set) >= start) : all;
  const next = from[size];
  return {
    xml: {
      ListResourceRecordSetsResponse: {
        ResourceRecordSets: { ResourceRecordSet: from.slice(0, size).map(asXml) },
        IsTruncated: next !== undefined,
        ...(next && {
          NextRecordName: next.Name,
          NextRecordType: next.Type,
          NextRecordIdentifier: next.SetIdentifier,
        }),
        MaxItems: size,
      },
    },
  };
}

const keyOf = ({ Name, Type, SetIdentifier = "" }: RecordSet) => `${Name} ${Type} ${SetIdentifier}`;

/** All changes of a batch or none, with every mistake in one refusal. Source: ChangeResourceRecordSets, Route 53 API reference. */
function changeSets(call: Call, input: route53.ChangeResourceRecordSetsRequest): RestOutput {
  const zone = findZone(call, input.HostedZoneId);
  const changes = (input.ChangeBatch?.Changes ?? []).map(normal);
  if (changes.length === 0)
    throw new AwsFailure("InvalidInput", "Invalid request: Expected at least one change.");
  const { mistakes, sets } = changed(zone, setsOf(call.sim.world, zone), changes);
  if (mistakes.length > 0) throw new AwsFailure("InvalidChangeBatch", `[${mistakes.join(", ")}]`);
  const kept = new Map(sets.map((set) => [keyOf(set), set]));
  call.sim.edits.push((world) => {
    for (const key of new Set(changes.map(({ set }) => keyOf(set)))) put(world, zone, key, kept.get(key));
  });
  const id = `C${hex(call.sim, 20).toUpperCase()}`;
  const { state, pace } = call.sim;
  edgeOf(state).changes[id] = { at: state.time, inSync: state.time + pace.records };
  return { xml: { ChangeResourceRecordSetsResponse: { ChangeInfo: changeInfo(call, id) } } };
}

function changeInfo({ sim }: Call, id: string): Xml {
  const { at = 0, inSync = 0 } = edgeOf(sim.state).changes[id] ?? {};
  return {
    Id: `/change/${id}`,
    Status: sim.state.time >= inSync ? "INSYNC" : "PENDING",
    SubmittedAt: new Date(at).toISOString(),
  };
}

interface Wanted {
  readonly action: string;
  readonly set: RecordSet;
}

function normal({ Action: action, ResourceRecordSet: set }: Change): Wanted {
  const wanted = { ...set, Name: dotted(set?.Name ?? ""), Type: set?.Type ?? "" } as RecordSet;
  if (wanted.AliasTarget?.DNSName)
    wanted.AliasTarget = { ...wanted.AliasTarget, DNSName: dotted(wanted.AliasTarget.DNSName) };
  return { action: action ?? "", set: wanted };
}

function changed(
  zone: WorldObject,
  before: readonly RecordSet[],
  changes: readonly Wanted[],
): { mistakes: string[]; sets: RecordSet[] } {
  const sets = new Map(before.map((set) => [keyOf(set), set]));
  const mistakes: string[] = [];
  const seen = new Set<string>();
  for (const { action, set } of changes) {
    const key = keyOf(set);
    const named = `resource record set [name='${set.Name}', type='${set.Type}'${set.SetIdentifier ? `, set identifier='${set.SetIdentifier}'` : ""}]`;
    const wrong = shapeMistake(zone, set, action);
    if (wrong !== undefined) mistakes.push(wrong);
    else if (seen.has(key))
      mistakes.push(
        `The request contains an invalid set of changes for a resource record set '${set.Type} ${set.Name}'`,
      );
    else if (action === "CREATE" && sets.has(key))
      mistakes.push(`Tried to create ${named} but it already exists`);
    else if (action === "DELETE" && !sets.has(key))
      mistakes.push(`Tried to delete ${named} but it was not found`);
    else if (action === "DELETE" && contentOf(sets.get(key)) !== contentOf(set))
      mistakes.push(`Tried to delete ${named} but the values provided do not match the current values`);
    else if (action === "DELETE") sets.delete(key);
    else sets.set(key, set);
    seen.add(key);
  }
  const touched = new Set(changes.map(({ set }) => set.Name));
  if (mistakes.length === 0) mistakes.push(...conflicts(zone, [...sets.values()], touched));
  return { mistakes, sets: [...sets.values()] };
}

/** What a set holds, in an order of its own: values are a set. */
function contentOf(set: RecordSet | undefined): string {
  const { AliasTarget: alias, TTL, ResourceRecords: records = [] } = set ?? {};
  return JSON.stringify(
    alias
      ? [alias.HostedZoneId, alias.DNSName, alias.EvaluateTargetHealth ?? false]
      : [TTL, records.map(({ Value }) => Value).sort()],
  );
}

const ADDRESSES: Readonly<Record<string, readonly [fits: (value: string) => boolean, problem: string]>> = {
  A: [isIPv4, "ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address)"],
  AAAA: [isIPv6, "AAAARRDATAIllegalIPv6Address (Value is not a valid IPv6 address)"],
};

function shapeMistake(zone: WorldObject, set: RecordSet, action: string): string | undefined {
  const { Name, Type, AliasTarget: alias, TTL, ResourceRecords: records } = set;
  const own = zoneName(zone);
  if (Name !== own && !Name.endsWith(`.${own}`))
    return `RRSet with DNS name ${Name} is not permitted in zone ${own}`;
  const isPlain = TTL !== undefined && records !== undefined;
  if ((alias !== undefined) === isPlain || (alias && (TTL !== undefined || records)))
    throw new AwsFailure(
      "InvalidInput",
      `Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or TrafficPolicyInstanceId], but found ${alias ? "more than one" : "none"} in Change with [Action=${action}, Name=${Name}, Type=${Type}, SetIdentifier=${set.SetIdentifier ?? null}]`,
    );
  if (Type === "CNAME" && Name === own)
    return `RRSet of type CNAME with DNS name ${Name} is not permitted at apex in zone ${own}`;
  if (Name === own && ["NS", "SOA"].includes(Type) && action === "DELETE")
    return `A HostedZone must contain ${Type === "SOA" ? "exactly one SOA record" : "at least one NS record for the zone itself"}`;
  const [fits, problem] = ADDRESSES[Type] ?? [];
  const bad = fits && records?.find(({ Value = "" }) => !fits(Value));
  if (bad) return `Invalid Resource Record: 'FATAL problem: ${problem} encountered with '${bad.Value}''`;
  if (alias?.HostedZoneId === CLOUDFRONT_ZONE && !alias.DNSName?.endsWith(".cloudfront.net."))
    return `Tried to create an alias that targets ${alias.DNSName}, type ${Type} in zone ${CLOUDFRONT_ZONE}, but the alias target name does not lie within the target zone`;
  return undefined;
}

/** A CNAME stands alone at its name, in what the batch leaves behind. */
function conflicts(zone: WorldObject, sets: readonly RecordSet[], touched: ReadonlySet<string>): string[] {
  const own = zoneName(zone);
  return sets.flatMap((set) => {
    if (set.Type !== "CNAME" || !touched.has(set.Name)) return [];
    const other = sets.find(({ Name, Type }) => Name === set.Name && Type !== "CNAME");
    return other
      ? [
          `RRSet of type ${other.Type} with DNS name ${set.Name} is not permitted because a conflicting RRSet of type CNAME with the same DNS name already exists in zone ${own}`,
        ]
      : [];
  });
}

/** Writes one set as Terraform's type has it, so that a state finds it again and an import takes it. */
function put(world: World, zone: WorldObject, key: string, set: RecordSet | undefined): void {
  const there = world
    .list({ type: "aws_route53_record", where: { zone_id: zone.id } })
    .find((one) => keyOf(setOf(one)) === key);
  if (!set) {
    if (there) world.remove(there);
    return;
  }
  const name = set.Name.replace(/\.$/, "");
  const { AliasTarget: alias } = set;
  const attributes: Attributes = {
    allow_overwrite: false,
    health_check_id: null,
    multivalue_answer_routing_policy: null,
    set_identifier: set.SetIdentifier ?? null,
    ...there?.attributes,
    zone_id: zone.id,
    name: there?.attributes.name ?? name,
    fqdn: name,
    type: set.Type,
    ttl: alias ? null : (set.TTL ?? 0),
    records: alias ? null : (set.ResourceRecords ?? []).map(({ Value = "" }) => Value),
    alias: alias
      ? [
          {
            name: (alias.DNSName ?? "").replace(/\.$/, ""),
            zone_id: alias.HostedZoneId ?? "",
            evaluate_target_health: alias.EvaluateTargetHealth ?? false,
          },
        ]
      : [],
  };
  const id = there?.id ?? [zone.id, name, set.Type, set.SetIdentifier].filter(Boolean).join("_");
  world.put({
    type: "aws_route53_record",
    region: GLOBAL,
    id,
    attributes: { ...attributes, id },
    origin: there?.origin ?? "person",
  });
}

import { Resolver } from "node:dns/promises";
import { isIP } from "node:net";

/** A record to make where a domain's names are kept. */
export interface DnsRecord {
  readonly name: string;
  readonly type: "CNAME";
  readonly value: string;
}

/** What the name servers of a domain say of a record. */
export interface Finding {
  readonly record: DnsRecord;
  /** `unknown` where none of them could be asked. */
  readonly state: "there" | "missing" | "unknown";
  /** What was found, or why nothing was. */
  readonly said: string;
}

/** Whom to ask. */
export interface Servers {
  /** Addresses of the resolvers that find the domain's name servers, with a port or without. @default the machine's own */
  readonly resolvers?: readonly string[];
  /** The port of the domain's name servers. @default 53 */
  readonly port?: number;
}

/** Milliseconds for an answer, asked for twice. */
const PATIENCE = { timeout: 2_000, tries: 2 };

/** CloudFront's addresses have names below it: how an ALIAS, which shows addresses alone, is told from others. */
const CLOUDFRONT = ".cloudfront.net";

/**
 * Asks each of a domain's own name servers for a record, past all caches: what they say is what everybody will hear. An ALIAS in
 * the CNAME's place, as at the top of a zone, is one that leads to CloudFront.
 */
export async function findRecord(record: DnsRecord, servers: Servers = {}): Promise<Finding> {
  const resolver = new Resolver(PATIENCE);
  if (servers.resolvers) resolver.setServers([...servers.resolvers]);
  const zone = await findZone(record.name, resolver);
  if (typeof zone === "string") return { record, state: "unknown", said: zone };
  const answers = await Promise.all(zone.hosts.map((host) => ask(host, record, resolver, servers.port)));
  const silent = answers.flatMap((answer) => ("silence" in answer ? [answer.silence] : []));
  const wrong = answers.flatMap((answer) => ("wrong" in answer ? [answer.wrong] : []));
  if (silent.length === answers.length) {
    const said = `none of the name servers of ${zone.name} answers: ${silent.join("; ")}`;
    return { record, state: "unknown", said };
  }
  const [first] = wrong;
  if (first !== undefined) return { record, state: "missing", said: first };
  return { record, state: "there", said: `the name servers of ${zone.name} have it` };
}

/** The name servers of the zone that a name lies in, or why they were not found. */
async function findZone(
  name: string,
  resolver: Resolver,
): Promise<{ name: string; hosts: string[] } | string> {
  const labels = name.split(".");
  const parents = labels.slice(0, -1).map((_, at) => labels.slice(at).join("."));
  for (const parent of parents) {
    // A name that leads elsewhere would answer with the servers of that place.
    if ((await maybe(resolver.resolveCname(parent))).length > 0) continue;
    const hosts = await resolver.resolveNs(parent).catch((error) => reasonOf(error));
    if (Array.isArray(hosts) && hosts.length > 0) return { name: parent, hosts: hosts.sort() };
    if (typeof hosts === "string" && !isAbsence(hosts))
      return `who serves ${parent} could not be asked: ${hosts}`;
  }
  return `nobody serves ${name}: is its domain registered, and delegated to name servers?`;
}

type Answer = { readonly right: true } | { readonly wrong: string } | { readonly silence: string };

async function ask(host: string, { name, value }: DnsRecord, resolver: Resolver, port = 53): Promise<Answer> {
  const [address] = [...(await maybe(resolver.resolve4(host))), ...(await maybe(resolver.resolve6(host)))];
  if (address === undefined) return { silence: `${host} has no address` };
  const own = new Resolver(PATIENCE);
  own.setServers([isIP(address) === 6 ? `[${address}]:${port}` : `${address}:${port}`]);
  try {
    const names = await present(own.resolveCname(name));
    if (names.length > 0)
      return names.some((found) => same(found, value))
        ? { right: true }
        : { wrong: `${host} says that ${name} leads to ${names.join(", ")}` };
    const addresses = [...(await present(own.resolve4(name))), ...(await present(own.resolve6(name)))];
    if (addresses.length === 0) return { wrong: `${host} has no record of ${name}` };
    const places = await Promise.all(addresses.map((one) => maybe(resolver.reverse(one))));
    return places.flat().some((place) => place.endsWith(CLOUDFRONT))
      ? { right: true }
      : {
          wrong: `${host} says that ${name} has the address ${addresses.join(", ")}, which is not CloudFront's`,
        };
  } catch (error) {
    return { silence: `${host}: ${reasonOf(error)}` };
  }
}

const same = (one: string, other: string) => canonical(one) === canonical(other);
const canonical = (name: string) => name.toLowerCase().replace(/\.$/, "");

const reasonOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? String(error);
const isAbsence = (code: string) => code === "ENODATA" || code === "ENOTFOUND";

/** What a server has of something, nothing included. @throws where it does not answer */
const present = (asked: Promise<string[]>): Promise<string[]> =>
  asked.catch((error) => {
    if (isAbsence(reasonOf(error))) return [];
    throw error;
  });

/** What is found, and nothing where that fails. */
const maybe = (asked: Promise<string[]>): Promise<string[]> => asked.catch(() => []);

/** How long records are waited for, and what is told meanwhile. */
export interface Waiting {
  readonly find: (record: DnsRecord) => Promise<Finding>;
  /** Whether a finding is what is waited for. @default that the record is there */
  readonly isRight?: (finding: Finding) => boolean;
  /** Milliseconds from the first look to the last. */
  readonly limit: number;
  /** Milliseconds from one look to the next. */
  readonly interval: number;
  readonly sleep: (milliseconds: number) => Promise<void>;
  readonly now: () => number;
  /** Called with each finding that is new. */
  readonly told: (finding: Finding) => void;
}

/**
 * Looks records up until all are as they shall be, or the time is up: the last findings, in the records' order.
 * @throws what `sleep` throws
 */
export async function waitForRecords(records: readonly DnsRecord[], waiting: Waiting): Promise<Finding[]> {
  const { find, limit, interval, sleep, now, told, isRight = ({ state }) => state === "there" } = waiting;
  const end = now() + limit;
  const last = new Map<DnsRecord, Finding>();
  const isDone = (finding: Finding | undefined) => finding !== undefined && isRight(finding);
  for (;;) {
    const open = records.filter((record) => !isDone(last.get(record)));
    for (const finding of await Promise.all(open.map(find))) {
      const before = last.get(finding.record);
      last.set(finding.record, finding);
      if (before?.said !== finding.said) told(finding);
    }
    const findings = records.map((record) => last.get(record) as Finding);
    if (findings.every(isDone) || now() + interval > end) return findings;
    await sleep(interval);
  }
}

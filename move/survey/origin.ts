import { failed, ok, warning } from "../../deploy/check";
import type { Check } from "../../deploy/events";
import type { Move } from "../move";
import { foreignOf, nameOfForeign, whereIs } from "../name";
import { atEdge, placeOf, type Said, SIDE } from "../probe";
import { leadingTo, longestTtl, sameRecords, standing, textOf } from "../records";
import { type From, readEdge } from "../store";

/** Redirects that are followed before they count as a loop: what browsers give up after, and less. */
const REDIRECTS = 10;
/** Days that a certificate should still have. */
const DAYS = 14;
const DAY = 86_400_000;
/** Requests whose times tell how fast the old side is. */
const SAMPLE = 10;

/** What the old side, its address and the distribution say of themselves. Nothing is changed. */
export async function originChecks(move: Move, from: From): Promise<Check[]> {
  const [origin, records, edge] = await Promise.all([
    originAnswers(move, from),
    recordChecks(move, from),
    edgeChecks(move, from),
  ]);
  return [...origin, ...records, ...edge, ...firewallCheck(from)];
}

/** The distribution's firewall, which from `front` on judges what people ask the old side, too. */
function firewallCheck({ rateLimit }: From): Check[] {
  if (rateLimit === undefined) return [];
  return [
    warning(
      "firewall",
      `from front on it judges what people ask the old side, too: it refuses bodies of more than 8 KB, and addresses that ask more than ${rateLimit} times in five minutes. Where the old side takes more, leave distribution.waf out until finish`,
    ),
  ];
}

/** One request after the other, for as long as they are sent on. */
async function follow(move: Move, first: URL): Promise<{ said: Said; last: URL } | string> {
  const seen = new Set<string>();
  for (let url = first; seen.size < REDIRECTS; ) {
    seen.add(url.href);
    const said = await move.probe({ ...placeOf(url), path: `${url.pathname}${url.search}` }, move.signal);
    const { location } = said.headers;
    if (said.status < 300 || said.status >= 400 || !location) return { said, last: url };
    const next = new URL(location, url);
    if (next.protocol !== "https:") return `${url.href} sends on to ${next.href}, which is not https`;
    if (seen.has(next.href)) return `${url.href} sends on to ${next.href}, where one has been: a loop`;
    url = next;
  }
  return `${REDIRECTS} redirects, and no end`;
}

async function originAnswers(move: Move, from: From): Promise<Check[]> {
  const name = "old side";
  const url = new URL(from.health, from.origin);
  try {
    const end = await follow(move, url);
    if (typeof end === "string")
      return [
        failed(
          name,
          `${end}. Behind the distribution it would send people round and round: let ${from.origin} answer ${from.health} itself.`,
        ),
      ];
    const { said, last } = end;
    if (last.hostname === from.domain)
      return [
        failed(
          name,
          `${url.href} sends on to ${from.domain}, which will lead to the distribution, and from there back to it: a loop. Let the old service take its own address as a name, without sending on.`,
        ),
      ];
    if (last.hostname !== url.hostname)
      return [
        failed(
          name,
          `${url.href} sends on to another site, ${last.hostname}. Name the origin that answers itself in move.from.origin.`,
        ),
      ];
    if (said.status >= 400)
      return [
        failed(
          name,
          `${url.href} answers ${said.status}. Both sides must answer that path: it is the health path of the new one.`,
        ),
      ];
    return [
      ok(name, `${url.href} answers ${said.status}, ${await speed(move, from)}`),
      certificate(move, said),
      await hostCheck(move, from, said),
    ];
  } catch (error) {
    move.signal.throwIfAborted();
    const reason = error instanceof Error ? error.message : String(error);
    return [
      failed(
        name,
        `${url.href} does not answer: ${reason}. CloudFront, too, wants https with a certificate of that name.`,
      ),
    ];
  }
}

/** The time of a few requests, for whoever compares afterwards. */
async function speed(move: Move, from: From): Promise<string> {
  const times: number[] = [];
  for (let nth = 0; nth < SAMPLE; nth++) {
    const { milliseconds } = await move.probe(
      { ...placeOf(new URL(from.origin)), path: from.health },
      move.signal,
    );
    times.push(milliseconds);
  }
  times.sort((one, other) => one - other);
  return `median ${Math.round(times[SAMPLE / 2] ?? 0)} ms, longest ${Math.round(times[SAMPLE - 1] ?? 0)} ms of ${SAMPLE}`;
}

function certificate({ clock }: Move, { certificateUntil }: Said): Check {
  const name = "certificate";
  if (!certificateUntil) return ok(name, "valid for its own name");
  const left = Math.floor((certificateUntil.getTime() - clock.now()) / DAY);
  const until = certificateUntil.toISOString().slice(0, 10);
  return left < DAYS
    ? warning(
        name,
        `ends in ${left} days (${until}): CloudFront does not reach an origin whose certificate has ended`,
      )
    : ok(name, `valid until ${until}`);
}

/** What the old side says to a request for the domain: CloudFront sends it its own name for that reason. */
async function hostCheck(move: Move, from: From, own: Said): Promise<Check> {
  const name = "Host";
  const origin = new URL(from.origin);
  const { hostname } = origin;
  const foreign = await move
    .probe({ ...placeOf(origin), host: from.domain, tls: hostname, path: from.health }, move.signal)
    .catch(() => undefined);
  move.signal.throwIfAborted();
  return foreign?.status === own.status
    ? ok(name, `the old side answers to ${from.domain}, too; it gets its own name all the same`)
    : ok(
        name,
        `the old side does not answer to ${from.domain} (${foreign?.status ?? "no answer"}): it gets its own name, ${hostname}. What it makes of the Host, such as absolute addresses, it makes of that`,
      );
}

async function recordChecks(move: Move, from: From): Promise<Check[]> {
  const name = "records";
  if (!from.zone)
    return [
      warning(
        name,
        `${from.domain} is kept elsewhere than in Route 53: front prints the record, and waits for you. Lower its TTL to 60 s a day before`,
      ),
    ];
  const zone = await move.aws.zoneName(from.zone);
  if (zone === undefined)
    return [failed(name, `zone ${from.zone} is gone. Apply again, which finds the one there is.`)];
  if (from.domain !== zone && !from.domain.endsWith(`.${zone}`))
    return [
      failed(
        name,
        `${from.domain} does not lie in the zone ${zone}. Name its own zone in distribution.domain.zone.`,
      ),
    ];
  const found = standing(from.domain, await move.aws.recordSets(from.zone, from.domain));
  if ("refusal" in found) return [failed(name, `${found.refusal} ${found.wayOut}`)];
  const { records } = found;
  if (sameRecords(records, leadingTo(from.domain, from.distribution.domainName)))
    return [ok(name, `${from.domain} leads to the distribution already`)];
  if (records.length === 0) return [ok(name, `nothing stands at ${from.domain} in ${zone}`)];
  const seconds = longestTtl(records);
  const text = records.map(textOf).join("; ");
  return [
    seconds > 3600
      ? warning(
          name,
          `${text}: for ${seconds} s after front some people will still go there directly. Lower the TTL a day before`,
        )
      : ok(name, `${text}: the old side must stay for ${seconds} s after front, at least`),
  ];
}

async function edgeChecks(move: Move, from: From): Promise<Check[]> {
  const { id } = from.distribution;
  const { deployed } = await move.aws.distribution(id);
  if (!deployed)
    return [failed("distribution", `${id} is not deployed to CloudFront's edges yet: wait some minutes.`)];
  const { edge } = await readEdge(move);
  // From flip or finish on the old one takes nobody.
  const sides = edge.only ? [edge.only] : (["old", "new"] as const);
  const place = await whereIs(move, from);
  const onIt = "onIt" in place && place.onIt;
  return [
    nameCheck(from, place),
    await storeCheck(move),
    ...(await Promise.all(sides.map((side) => sideCheck(move, from, side, onIt)))),
  ];
}

/** The distribution that answers for the name now. */
function nameCheck(from: From, place: Awaited<ReturnType<typeof whereIs>>): Check {
  const name = "distribution";
  const { domain, holder, distribution } = from;
  if ("refusal" in place) return failed(name, `${place.refusal} ${place.wayOut}`);
  if (place.onIt) return ok(name, `${distribution.id} answers for ${domain}`);
  const foreign = foreignOf(from);
  return ok(
    name,
    foreign
      ? `${domain} is on ${nameOfForeign(foreign)}: front leads its records to ${distribution.id}, and waits until somebody there takes it off. Let nothing apply the old one until finish: it would ask for the name again`
      : `${domain} is on ${holder}: front takes it to ${distribution.id}. Let nothing apply the old one until finish: it would ask for the name again`,
  );
}

async function storeCheck(move: Move): Promise<Check> {
  const { edge } = await readEdge(move);
  const { share } = move.journal.state;
  return edge.share === share
    ? ok("share", `${share} %`)
    : warning(
        "share",
        `the store says ${edge.share} %, the journal ${share} %: somebody changed one by hand`,
      );
}

async function sideCheck(move: Move, from: From, side: "old" | "new", onIt: boolean): Promise<Check> {
  const name = `${side} side by the distribution`;
  if (side === "new" && !onIt)
    return ok(name, `is asked once ${from.domain} is on the distribution: its certificate is for that name`);
  const domain = onIt ? from.domain : from.distribution.domainName;
  const said = await atEdge(move.probe, { ...from, domain })({ [SIDE]: side }, move.signal).catch(
    (error: Error) => error,
  );
  move.signal.throwIfAborted();
  if (said instanceof Error) return failed(name, `no answer: ${said.message}`);
  // CloudFront labels no answer from 400 on.
  if (said.status < 400 && said.headers[SIDE] !== side)
    return failed(name, `${said.headers[SIDE] ?? "nobody"} answered in its place`);
  return said.status < 400
    ? ok(name, `answers ${said.status} in ${Math.round(said.milliseconds)} ms`)
    : failed(
        name,
        `answers ${said.status}${side === "new" ? `: npx slipway status ${move.contract.environment} shows what runs there` : ""}`,
      );
}

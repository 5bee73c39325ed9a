import type * as logs from "@aws-sdk/client-cloudwatch-logs";
import { arnOf, number, text } from "../engine/attributes";
import { logGroupExists } from "../engine/catalog";
import type { LogEvent } from "../engine/logs";
import { type Call, type Operations, operation, page } from "./call";
import { AwsFailure } from "./errors";

/** The most events that one answer holds. */
const PAGE = 10_000;

export const LOGS: Operations = {
  DescribeLogGroups: operation<logs.DescribeLogGroupsRequest, logs.DescribeLogGroupsResponse>(
    [],
    describeLogGroups,
  ),
  DescribeLogStreams: operation<logs.DescribeLogStreamsRequest, logs.DescribeLogStreamsResponse>(
    [],
    describeLogStreams,
  ),
  GetLogEvents: operation<logs.GetLogEventsRequest, logs.GetLogEventsResponse>(
    ["logStreamName"],
    getLogEvents,
  ),
  FilterLogEvents: operation<logs.FilterLogEventsRequest, logs.FilterLogEventsResponse>([], filterLogEvents),
};

/** The group's name, from its name or its ARN. */
function groupOf(call: Call, name: string | undefined, identifier: string | undefined): string {
  const given = name ?? /:log-group:([^:]+)/.exec(identifier ?? "")?.[1] ?? identifier;
  if (!given)
    throw new AwsFailure(
      "InvalidParameterException",
      "Either logGroupName or logGroupIdentifier must be specified.",
    );
  if (!logGroupExists(call.sim.world, call.region, given))
    throw new AwsFailure("ResourceNotFoundException", "The specified log group does not exist.");
  return given;
}

/** A stream, of which CloudWatch shows the first so many events by now. */
interface Shown {
  name: string;
  events: readonly LogEvent[];
  count: number;
}

/** Streams that CloudWatch shows by now: they appear with their first line. */
function streamsOf(call: Call, group: string): Shown[] {
  const { logs, state } = call.sim;
  return logs
    .streams(call.region, group)
    .map(({ name, events }) => ({
      name,
      events,
      count: countUntil(events, ({ seenAt }) => seenAt > state.time),
    }))
    .filter(({ count }) => count > 0);
}

/** How many events there are before the first that is beyond something: they are in the order of their times. */
function countUntil(
  events: readonly LogEvent[],
  beyond: (event: LogEvent) => boolean,
  most = events.length,
): number {
  let [low, high] = [0, most];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (beyond(events[middle] as LogEvent)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The part of a stream that lies in a time, as places in it: from the start, and before the end. */
function span(
  { events, count }: Shown,
  from = Number.NEGATIVE_INFINITY,
  to = Number.POSITIVE_INFINITY,
): [number, number] {
  return [countUntil(events, ({ at }) => at >= from, count), countUntil(events, ({ at }) => at >= to, count)];
}

function describeLogGroups(call: Call, input: logs.DescribeLogGroupsRequest): logs.DescribeLogGroupsResponse {
  const all = call.sim.world
    .list({ type: "aws_cloudwatch_log_group", region: call.region })
    .filter(({ attributes }) => text(attributes, "name").startsWith(input.logGroupNamePrefix ?? ""))
    .filter(({ attributes }) => text(attributes, "name").includes(input.logGroupNamePattern ?? ""))
    .sort((one, other) => text(one.attributes, "name").localeCompare(text(other.attributes, "name")));
  const { items, ...next } = page(all, input.nextToken, input.limit ?? 50);
  return {
    logGroups: items.map((object) => ({
      logGroupName: text(object.attributes, "name"),
      arn: `${arnOf(object)}:*`,
      logGroupArn: arnOf(object),
      retentionInDays: number(object.attributes, "retention_in_days", 0) || undefined,
      storedBytes: 0,
      creationTime: Date.UTC(2026, 0, 1),
    })),
    ...next,
  };
}

function describeLogStreams(
  call: Call,
  input: logs.DescribeLogStreamsRequest,
): logs.DescribeLogStreamsResponse {
  const group = groupOf(call, input.logGroupName, input.logGroupIdentifier);
  const all = streamsOf(call, group).filter(({ name }) => name.startsWith(input.logStreamNamePrefix ?? ""));
  const last = ({ events, count }: Shown) => events[count - 1];
  all.sort((one, other) =>
    input.orderBy === "LastEventTime"
      ? (last(one)?.at ?? 0) - (last(other)?.at ?? 0)
      : one.name.localeCompare(other.name),
  );
  if (input.descending) all.reverse();
  const { items, ...next } = page(all, input.nextToken, input.limit ?? 50);
  return {
    logStreams: items.map((stream) => ({
      logStreamName: stream.name,
      creationTime: stream.events[0]?.at,
      firstEventTimestamp: stream.events[0]?.at,
      lastEventTimestamp: last(stream)?.at,
      lastIngestionTime: last(stream)?.seenAt,
      storedBytes: 0,
    })),
    ...next,
  };
}

/**
 * Tokens are places in the stream. At its end the forward token repeats: that is how a reader knows that there is no more
 * for now (GetLogEvents in the CloudWatch Logs API reference).
 */
function getLogEvents(call: Call, input: logs.GetLogEventsRequest): logs.GetLogEventsResponse {
  const group = groupOf(call, input.logGroupName, input.logGroupIdentifier);
  const stream = streamsOf(call, group).find(({ name }) => name === input.logStreamName);
  if (!stream) throw new AwsFailure("ResourceNotFoundException", "The specified log stream does not exist.");
  const [from, to] = span(stream, input.startTime, input.endTime);
  const limit = Math.min(PAGE, input.limit ?? PAGE);
  const token = readToken(input.nextToken);
  let start = input.startFromHead ? from : Math.max(from, to - limit);
  if (token) start = token.forward ? Math.max(from, token.place) : Math.max(from, token.place - limit);
  const end = token && !token.forward ? Math.min(to, token.place) : Math.min(to, start + limit);
  return {
    events: stream.events
      .slice(start, end)
      .map(({ at, seenAt, message }) => ({ timestamp: at, ingestionTime: seenAt, message })),
    nextForwardToken: `f/${String(Math.max(start, end)).padStart(56, "0")}/s`,
    nextBackwardToken: `b/${String(start).padStart(56, "0")}/s`,
  };
}

function readToken(token: string | undefined): { forward: boolean; place: number } | undefined {
  if (token === undefined) return undefined;
  const match = /^([fb])\/(\d+)\/s$/.exec(token);
  if (!match) throw new AwsFailure("InvalidParameterException", "The specified nextToken is invalid.");
  return { forward: match[1] === "f", place: Number(match[2]) };
}

/** Where the next page begins: at a time, of whose events some are on pages before. */
interface Place {
  at: number;
  skip: number;
}

/**
 * Events of several streams in the order of their times. A page costs what it holds, however much lies before it.
 * Source: FilterLogEvents in the CloudWatch Logs API reference.
 */
function filterLogEvents(call: Call, input: logs.FilterLogEventsRequest): logs.FilterLogEventsResponse {
  const group = groupOf(call, input.logGroupName, input.logGroupIdentifier);
  const words = searched(input.filterPattern);
  const limit = Math.min(PAGE, input.limit ?? PAGE);
  const place = readPlace(input.nextToken);
  const from = Math.max(place?.at ?? 0, input.startTime ?? 0);
  const wanted = (place?.skip ?? 0) + limit + 1;
  const found = streamsOf(call, group)
    .filter(({ name }) => !input.logStreamNames || input.logStreamNames.includes(name))
    .filter(({ name }) => name.startsWith(input.logStreamNamePrefix ?? ""))
    .flatMap((stream) => matching(stream, span(stream, from, input.endTime), words, wanted))
    .sort(
      (one, other) => one.at - other.at || one.stream.localeCompare(other.stream) || one.place - other.place,
    )
    .slice(place?.skip ?? 0, wanted);
  const items = found.slice(0, limit);
  const more = found[limit];
  return {
    events: items.map(({ stream, place, at, seenAt, message }) => ({
      logStreamName: stream,
      timestamp: at,
      ingestionTime: seenAt,
      message,
      eventId: `${at}${String(place).padStart(12, "0")}`,
    })),
    searchedLogStreams: [],
    ...(more && { nextToken: writePlace(nextPlace(place, items, more.at)) }),
  };
}

interface Found extends LogEvent {
  stream: string;
  place: number;
}

/** The first so many events in a span of a stream that hold all words. */
function matching(
  { name, events }: Shown,
  [from, to]: [number, number],
  words: string[],
  most: number,
): Found[] {
  const found: Found[] = [];
  for (let place = from; place < to && found.length < most; place++) {
    const event = events[place] as LogEvent;
    if (words.every((word) => event.message.includes(word))) found.push({ ...event, stream: name, place });
  }
  return found;
}

function nextPlace(before: Place | undefined, items: readonly Found[], at: number): Place {
  const skip = items.filter((item) => item.at === at).length;
  return { at, skip: before?.at === at ? before.skip + skip : skip };
}

function writePlace(place: Place): string {
  return Buffer.from(JSON.stringify(place)).toString("base64");
}

function readPlace(token: string | undefined): Place | undefined {
  if (token === undefined) return undefined;
  try {
    const { at, skip } = JSON.parse(Buffer.from(token, "base64").toString("utf8"));
    if (typeof at === "number" && typeof skip === "number") return { at, skip };
  } catch {}
  throw new AwsFailure("InvalidParameterException", "The specified nextToken is invalid.");
}

/** Words, or "quoted text": all must be in the message. Other filter syntax is refused. */
function searched(pattern: string | undefined): string[] {
  if (!pattern) return [];
  if (/^[{[%?-]/.test(pattern.trim()))
    throw new AwsFailure(
      "InvalidParameterException",
      "The sandbox takes only words and quoted text as filter pattern.",
    );
  return [...pattern.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, word]) => quoted ?? word ?? "");
}

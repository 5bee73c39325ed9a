import type * as logs from "@aws-sdk/client-cloudwatch-logs";
import { arnOf, number, text } from "../engine/attributes";
import { logGroupExists } from "../engine/catalog";
import type { LogStream } from "../engine/state";
import { type Call, type Operations, operation, page } from "./call";
import { AwsFailure } from "./errors";

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

/** Streams that CloudWatch shows by now: they appear with their first line. */
function streamsOf(call: Call, group: string): [string, LogStream][] {
  const streams = call.sim.state.logs[`${call.region}|${group}`] ?? {};
  return Object.entries(streams).filter(([, stream]) => seen(call, stream).length > 0);
}

function seen(call: Call, stream: LogStream): LogStream["events"] {
  return stream.events.filter(({ seenAt }) => seenAt <= call.sim.state.time);
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
  const all = streamsOf(call, group).filter(([name]) => name.startsWith(input.logStreamNamePrefix ?? ""));
  const last = ([, stream]: [string, LogStream]) => seen(call, stream).at(-1)?.at ?? 0;
  all.sort((one, other) =>
    input.orderBy === "LastEventTime" ? last(one) - last(other) : one[0].localeCompare(other[0]),
  );
  if (input.descending) all.reverse();
  const { items, ...next } = page(all, input.nextToken, input.limit ?? 50);
  return {
    logStreams: items.map(([logStreamName, stream]) => ({
      logStreamName,
      creationTime: stream.createdAt,
      firstEventTimestamp: stream.events[0]?.at,
      lastEventTimestamp: seen(call, stream).at(-1)?.at,
      lastIngestionTime: seen(call, stream).at(-1)?.seenAt,
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
  const stream = streamsOf(call, group).find(([name]) => name === input.logStreamName)?.[1];
  if (!stream) throw new AwsFailure("ResourceNotFoundException", "The specified log stream does not exist.");
  const events = seen(call, stream).filter(({ at }) => within(at, input.startTime, input.endTime));
  const limit = Math.min(10_000, input.limit ?? 10_000);
  const token = readToken(input.nextToken);
  let start = input.startFromHead ? 0 : Math.max(0, events.length - limit);
  if (token) start = token.forward ? token.place : Math.max(0, token.place - limit);
  const end = token && !token.forward ? token.place : Math.min(events.length, start + limit);
  return {
    events: events
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

function within(at: number, start: number | undefined, end: number | undefined): boolean {
  return (start === undefined || at >= start) && (end === undefined || at < end);
}

function filterLogEvents(call: Call, input: logs.FilterLogEventsRequest): logs.FilterLogEventsResponse {
  const group = groupOf(call, input.logGroupName, input.logGroupIdentifier);
  const words = searched(input.filterPattern);
  const events = streamsOf(call, group)
    .filter(([name]) => !input.logStreamNames || input.logStreamNames.includes(name))
    .filter(([name]) => name.startsWith(input.logStreamNamePrefix ?? ""))
    .flatMap(([logStreamName, stream]) =>
      seen(call, stream).map((event, place) => ({ logStreamName, place, ...event })),
    )
    .filter(({ at }) => within(at, input.startTime, input.endTime))
    .filter(({ message }) => words.every((word) => message.includes(word)))
    .sort((one, other) => one.at - other.at);
  const { items, ...next } = page(events, input.nextToken, Math.min(10_000, input.limit ?? 10_000));
  return {
    events: items.map(({ logStreamName, place, at, seenAt, message }) => ({
      logStreamName,
      timestamp: at,
      ingestionTime: seenAt,
      message,
      eventId: `${at}${String(place).padStart(12, "0")}`,
    })),
    searchedLogStreams: [],
    ...next,
  };
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

import type { CloudWatchClient, MetricDataQuery, MetricDataResult } from "@aws-sdk/client-cloudwatch";
import { GetMetricDataCommand } from "@aws-sdk/client-cloudwatch";

/** What was answered in one minute, as CloudWatch counts it. */
export interface Minute {
  /** When it began, in milliseconds since the epoch. */
  readonly at: number;
  readonly requests: number;
  /** Answers of 500 and above. */
  readonly failed: number;
  /** Milliseconds within which 95 of 100 answers came; absent where nobody counts that. */
  readonly p95?: number;
}

const SECONDS = 60;

/** Metrics of one who counts, by what they are called in the answer: name and statistic. */
type Metrics = Readonly<Record<string, readonly [name: string, statistic: string]>>;

/** Requests with a target, and what goes wrong with and without one. */
const OF_LOAD_BALANCER: Metrics = {
  requests: ["RequestCount", "Sum"],
  targets: ["HTTPCode_Target_5XX_Count", "Sum"],
  own: ["HTTPCode_ELB_5XX_Count", "Sum"],
  p95: ["TargetResponseTime", "p95"],
};

/** The rate is a percentage of all requests. */
const OF_DISTRIBUTION: Metrics = {
  requests: ["Requests", "Sum"],
  rate: ["5xxErrorRate", "Average"],
};

export interface Span {
  /** Milliseconds since the epoch. */
  readonly from: number;
  readonly to: number;
}

type Options = Parameters<CloudWatchClient["send"]>[1];

/** The minutes of a load balancer that somebody asked in. Requests for which it found no target are counted by its errors alone. */
export async function minutesOfLoadBalancer(
  client: CloudWatchClient,
  name: string,
  span: Span,
  options: Options,
): Promise<Minute[]> {
  const place = { Namespace: "AWS/ApplicationELB", Dimensions: [{ Name: "LoadBalancer", Value: name }] };
  const minutes = await read(client, place, OF_LOAD_BALANCER, span, options);
  return minutes.map(({ at, requests = 0, targets = 0, own = 0, p95 }) => ({
    at,
    requests: requests + own,
    failed: targets + own,
    ...(p95 !== undefined && { p95: p95 * 1000 }),
  }));
}

/** The minutes of a distribution that somebody asked in, whichever side was to answer. */
export async function minutesOfDistribution(
  client: CloudWatchClient,
  id: string,
  span: Span,
  options: Options,
): Promise<Minute[]> {
  const Dimensions = [
    { Name: "DistributionId", Value: id },
    { Name: "Region", Value: "Global" },
  ];
  const minutes = await read(
    client,
    { Namespace: "AWS/CloudFront", Dimensions },
    OF_DISTRIBUTION,
    span,
    options,
  );
  return minutes.map(({ at, requests = 0, rate = 0 }) => ({ at, requests, failed: (requests * rate) / 100 }));
}

/** A service of App Runner's, by both of its names. */
export interface AppRunnerService {
  readonly name: string;
  readonly id: string;
}

/** The minutes in which somebody sent a service of App Runner's a request. Source: "Viewing App Runner service metrics", its guide. */
export async function minutesOfAppRunner(
  client: CloudWatchClient,
  { name, id }: AppRunnerService,
  span: Span,
  options: Options,
): Promise<Pick<Minute, "at" | "requests">[]> {
  const Dimensions = [
    { Name: "ServiceName", Value: name },
    { Name: "ServiceID", Value: id },
  ];
  const place = { Namespace: "AWS/AppRunner", Dimensions };
  const minutes = await read(client, place, { requests: ["Requests", "Sum"] }, span, options);
  return minutes.flatMap(({ at, requests = 0 }) => (requests > 0 ? [{ at, requests }] : []));
}

/** The reported values by minute; a minute lacks those that were not reported. One page of an answer holds four metrics of a day, or one of two weeks. */
async function read(
  client: CloudWatchClient,
  place: { readonly Namespace: string; readonly Dimensions: { Name: string; Value: string }[] },
  metrics: Metrics,
  { from, to }: Span,
  options: Options,
): Promise<(Readonly<Record<string, number | undefined>> & { readonly at: number })[]> {
  const MetricDataQueries: MetricDataQuery[] = Object.entries(metrics).map(([Id, [MetricName, Stat]]) => ({
    Id,
    MetricStat: { Metric: { ...place, MetricName }, Period: SECONDS, Stat },
  }));
  const request = { MetricDataQueries, StartTime: new Date(from), EndTime: new Date(to) };
  const { MetricDataResults = [] } = await client.send(new GetMetricDataCommand(request), options);
  return byMinute(MetricDataResults);
}

function byMinute(results: readonly MetricDataResult[]) {
  const minutes = new Map<number, Record<string, number>>();
  for (const { Id = "", Timestamps = [], Values = [] } of results)
    for (const [nth, time] of Timestamps.entries()) {
      const at = time.getTime();
      minutes.set(at, { ...minutes.get(at), [Id]: Values[nth] ?? 0 });
    }
  return [...minutes].sort(([one], [other]) => one - other).map(([at, values]) => ({ ...values, at }));
}

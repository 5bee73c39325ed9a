import type * as cloudwatch from "@aws-sdk/client-cloudwatch";
import { text } from "../aws/kind";
import { edgeOf } from "../engine/edge-state";
import type { TrafficMinute } from "../engine/traffic";
import type { Fields } from "../wire/value";
import { type Call, type Operations, operation } from "./call";
import { AwsFailure } from "./errors";

/** Dates come as seconds. */
type Asked = Omit<cloudwatch.GetMetricDataInput, "StartTime" | "EndTime"> & {
  StartTime?: number;
  EndTime?: number;
};

/** What load balancers, distributions and services of App Runner's count: minutes that are over, told some time later; nothing where nobody asked. */
export const CLOUDWATCH: Operations = {
  GetMetricData: operation<Asked, cloudwatch.GetMetricDataOutput>(
    ["MetricDataQueries", "StartTime", "EndTime"],
    (call, { MetricDataQueries: queries = [], StartTime = 0, EndTime = 0 }) => {
      if (StartTime >= EndTime)
        throw invalid("The parameter StartTime must be less than the parameter EndTime.");
      if (queries.length > MOST_QUERIES)
        throw invalid(`The collection MetricDataQueries must not have a size greater than ${MOST_QUERIES}.`);
      const ids = queries.map(({ Id }) => Id);
      if (new Set(ids).size < ids.length)
        throw invalid("The values for parameter Id in MetricDataQueries must be unique.");
      return { MetricDataResults: queries.map((query) => resultOf(call, query, StartTime, EndTime)) };
    },
  ),
};

/** Source: GetMetricData, CloudWatch API. */
const MOST_QUERIES = 500;
const MINUTE = 60;

const invalid = (message: string) => new AwsFailure("ValidationError", message);

function resultOf(
  call: Call,
  { Id = "", MetricStat }: cloudwatch.MetricDataQuery,
  start: number,
  end: number,
): cloudwatch.MetricDataResult {
  if (!/^[a-z][A-Za-z0-9_]*$/.test(Id))
    throw invalid(
      `The value ${JSON.stringify(Id)} for parameter MetricDataQueries.Id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$.`,
    );
  const { Metric = {}, Period, Stat = "" } = MetricStat ?? {};
  if (Period !== MINUTE)
    throw new AwsFailure("InvalidParameterValue", "The sandbox tells metrics by the minute: a Period of 60.");
  const value = METRICS[`${Metric.Namespace} ${Metric.MetricName} ${Stat}`];
  const minutes = Object.entries(edgeOf(call.sim.state).traffic?.[countedBy(call, Metric) ?? ""] ?? {});
  const { time } = call.sim.state;
  const found = minutes.flatMap(([began, minute]) => {
    const at = Number(began) / 1000;
    const isTold = time >= Number(began) + MINUTE * 1000 + call.sim.pace.metrics;
    const counted = value?.(minute);
    return isTold && at >= Math.floor(start / MINUTE) * MINUTE && at < end && counted !== undefined
      ? [{ at, counted }]
      : [];
  });
  // Newest first, as ScanBy has it where nobody says otherwise.
  found.sort((one, other) => other.at - one.at);
  return {
    Id,
    Label: Metric.MetricName,
    Timestamps: found.map(({ at }) => new Date(at * 1000)),
    Values: found.map(({ counted }) => counted),
    StatusCode: "Complete",
  };
}

/** What a minute says; undefined where nothing is reported. */
type Reading = (minute: TrafficMinute) => number | undefined;

const unlessNone = (number: number) => (number === 0 ? undefined : number);

/**
 * Metrics by namespace, name and statistic. Sources: "CloudWatch metrics for your Application Load Balancer", "Types of metrics
 * for CloudFront", "Viewing App Runner service metrics reported to CloudWatch".
 */
const METRICS: Readonly<Record<string, Reading>> = {
  "AWS/ApplicationELB RequestCount Sum": ({ requests }) => unlessNone(requests),
  "AWS/ApplicationELB HTTPCode_Target_5XX_Count Sum": ({ failed }) => unlessNone(failed),
  "AWS/ApplicationELB HTTPCode_ELB_5XX_Count Sum": ({ failedItself }) => unlessNone(failedItself),
  "AWS/ApplicationELB TargetResponseTime p95": ({ times }) => secondsWithin(times, 0.95),
  "AWS/CloudFront Requests Sum": ({ requests }) => unlessNone(requests),
  "AWS/CloudFront 5xxErrorRate Average": ({ requests, failed }) =>
    requests === 0 ? undefined : (100 * failed) / requests,
  "AWS/AppRunner Requests Sum": ({ requests }) => unlessNone(requests),
};

/** Seconds within which such a part of the answers came. */
function secondsWithin(times: TrafficMinute["times"], part: number): number | undefined {
  const sorted = Object.entries(times).sort(([one], [other]) => Number(one) - Number(other));
  let left = part * sorted.reduce((sum, [, number]) => sum + number, 0);
  for (const [time, number] of sorted) {
    left -= number;
    if (left <= 0) return Number(time) / 1000;
  }
  return undefined;
}

/** Whose metric it is: all dimensions must be said, and a distribution's metrics are in us-east-1 alone. */
function countedBy(
  { sim, region }: Call,
  { Namespace, Dimensions = [] }: cloudwatch.Metric,
): string | undefined {
  const said = Object.fromEntries(Dimensions.map(({ Name, Value }) => [Name, Value]));
  const names = Object.keys(said).sort().join(" ");
  if (Namespace === "AWS/ApplicationELB" && names === "LoadBalancer")
    return sim.world
      .list({ type: "aws_lb", region })
      .map(({ attributes }) => text(attributes as Fields, "arn_suffix"))
      .find((suffix) => suffix === said.LoadBalancer);
  if (Namespace === "AWS/CloudFront" && names === "DistributionId Region" && region === "us-east-1")
    return said.Region === "Global" ? said.DistributionId : undefined;
  if (Namespace === "AWS/AppRunner" && names === "ServiceID ServiceName")
    return sim.world.find({
      type: "aws_apprunner_service",
      region,
      where: { service_name: said.ServiceName ?? "", service_id: said.ServiceID ?? "" },
    })?.id;
  return undefined;
}

import { CloudwatchMetricAlarm } from "@cdktf/provider-aws/lib/cloudwatch-metric-alarm";
import { Construct } from "constructs";
import type { Environment } from "slipway";

export interface ErrorAlarmProps {
  /** Errors in a minute that nobody needs to hear of. */
  readonly atMost: number;
}

/** An alarm on what the services of an environment answer with 500 to 599, five minutes in a row. */
export class ErrorAlarm extends Construct {
  readonly alarm: CloudwatchMetricAlarm;

  constructor(environment: Environment, id: string, { atMost }: ErrorAlarmProps) {
    super(environment, id);
    const { name } = environment.configuration;
    const loadBalancer = environment.distribution?.loadBalancer.loadBalancer;
    if (!loadBalancer) throw new Error(`${name} has no load balancer that an alarm could look at.`);
    this.alarm = new CloudwatchMetricAlarm(this, "alarm", {
      alarmName: `${name}-${id}`,
      namespace: "AWS/ApplicationELB",
      metricName: "HTTPCode_Target_5XX_Count",
      dimensions: { LoadBalancer: loadBalancer.arnSuffix },
      statistic: "Sum",
      period: 60,
      evaluationPeriods: 5,
      threshold: atMost,
      comparisonOperator: "GreaterThanThreshold",
      treatMissingData: "notBreaching",
    });
  }
}

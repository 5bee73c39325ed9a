import { Wafv2WebAcl } from "@cdktf/provider-aws/lib/wafv2-web-acl";
import type { Construct } from "constructs";
import { CLOUDFRONT_REGION } from "../../aws/cloudfront";
import type { DistributionConfiguration } from "./props";
import { nameOf } from "../names";

type Waf = Exclude<DistributionConfiguration["waf"], false>;

/** Amazon's rules against the common attacks, in the order in which they are asked. */
const managedRules = [
  "AWSManagedRulesAmazonIpReputationList",
  "AWSManagedRulesCommonRuleSet",
  "AWSManagedRulesKnownBadInputsRuleSet",
];

/** A web ACL that CloudFront asks about every request. */
export function createWebAcl(scope: Construct, environment: string, { rateLimit }: Waf): Wafv2WebAcl {
  const metrics = (metricName: string) => ({
    metricName,
    cloudwatchMetricsEnabled: true,
    sampledRequestsEnabled: true,
  });
  const managed = managedRules.map((name, index) => ({
    name,
    priority: index + 1,
    overrideAction: { none: {} },
    statement: { managed_rule_group_statement: { vendor_name: "AWS", name } },
    visibilityConfig: metrics(name),
  }));
  const limit = {
    name: "rate-limit",
    priority: 0,
    action: { block: {} },
    statement: { rate_based_statement: { limit: rateLimit, aggregate_key_type: "IP" } },
    visibilityConfig: metrics("rate-limit"),
  };
  return new Wafv2WebAcl(scope, "web_acl", {
    region: CLOUDFRONT_REGION,
    scope: "CLOUDFRONT",
    name: nameOf("aws_wafv2_web_acl", environment),
    defaultAction: { allow: {} },
    rule: [limit, ...managed],
    visibilityConfig: metrics(nameOf("aws_wafv2_web_acl", environment)),
    // The distribution leaves it before it goes.
    lifecycle: { createBeforeDestroy: true },
  });
}

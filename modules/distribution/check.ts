import { CLOUDFRONT_REGION } from "../../aws/cloudfront";
import { type Mistake, show } from "../mistakes";
import type { DistributionConfiguration } from "./props";

/** What its names and certificates cannot be. Paths are relative to the environment. */
export function* checkDistribution(
  { domain }: DistributionConfiguration,
  region: string,
): Generator<Mistake> {
  if (!domain) return;
  const { names, zone, certificate } = domain;
  const path = "distribution.domain";
  for (const [index, name] of names.entries()) {
    if (zone !== false && name !== zone && !name.endsWith(`.${zone}`)) {
      yield {
        path: `${path}.names.${index}`,
        message: `${show(name)} does not lie in the zone ${show(zone)}; name the zone that holds it.`,
      };
    }
  }
  if (!certificate) {
    if (zone !== false) return;
    yield {
      path: `${path}.certificate`,
      message:
        "is missing: without a zone in Route 53 the names cannot be proved here; ask ACM for a certificate, prove it where the names are kept, and give its ARN.",
    };
    return;
  }
  const { cloudfront, loadBalancer = cloudfront } = certificate;
  const places = [
    ["cloudfront", cloudfront, CLOUDFRONT_REGION, "CloudFront takes certificates from there only"],
    [
      "loadBalancer",
      loadBalancer,
      region,
      "the load balancer takes one of its own region; ask ACM for the same names there",
    ],
  ] as const;
  for (const [which, arn, wanted, why] of places) {
    if (arn.split(":")[3] !== wanted)
      yield { path: `${path}.certificate.${which}`, message: `${show(arn)} is not in ${wanted}: ${why}.` };
  }
}

import { z } from "zod";
import { options, optionalPart } from "../options";

export const hostname = z
  .string()
  .regex(
    /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/,
    "is no host name in lower case.",
  );

const certificateArn = z
  .string()
  .regex(
    /^arn:aws[a-z-]*:acm:[a-z0-9-]+:\d{12}:certificate\/[0-9a-f-]+$/,
    "is no ARN of an ACM certificate (arn:aws:acm:us-east-1:123456789012:certificate/…).",
  );

const certificateOptions = options({
  /** ARN of one in us-east-1, where CloudFront takes it from. */
  cloudfront: certificateArn,
  /** ARN of one in the environment's region, for the load balancer. @default cloudfront's, in us-east-1 */
  loadBalancer: certificateArn.optional(),
});

const domainOptions = options({
  /** Host names that people type, the first is the environment's own. */
  names: z.array(hostname).min(1, "is empty: name at least one host."),
  /**
   * The Route 53 public zone they all lie in. `false` where their records are kept elsewhere: the output `dns` says
   * which ones to make there.
   */
  zone: z.union([hostname, z.literal(false)], {
    error: ({ input }) =>
      input === undefined
        ? "is missing: name the public zone in Route 53, or say false where the records are kept elsewhere."
        : "is no host name in lower case, nor false.",
  }),
  /** Certificates that are there already and hold all the names. @default false: new ones, proved through records in the zone */
  certificate: optionalPart<typeof certificateOptions, string>(certificateOptions, "cloudfront").default(
    false,
  ),
});

const accessLogOptions = options({
  /** Days that the logs of CloudFront and of the load balancer are kept. @default 90 */
  days: z.int().min(1).default(90),
});

const wafOptions = options({
  /** Requests that one address may make in five minutes. @default 2000 */
  rateLimit: z.int().min(10).default(2000),
});

export const distributionOptions = options({
  /** Own host names with a certificate; without them the environment has CloudFront's. @default false */
  domain: optionalPart(domainOptions).default(false),
  /**
   * Path patterns that CloudFront may cache, for as long as the origin's headers say, by host, path and query string.
   * Nothing else is cached. On these paths neither cookies nor Authorization reach the service, so that no answer in the
   * cache can be somebody's own. At most 24 (of 25 behaviours of a distribution; Quotas, CloudFront guide).
   * @default []
   */
  cachedPaths: z
    .array(z.string().regex(/^\/\S*$/, 'must start with "/".'))
    .max(24)
    .default([]),
  /**
   * Whether browsers are told to use HTTPS for all hosts below these names, too, for a year: not to be taken back.
   * @default false
   */
  hstsSubdomains: z.boolean().default(false),
  /** Logs of requests in an own bucket. @default false */
  accessLogs: optionalPart(accessLogOptions).default(false),
  /**
   * AWS WAF with Amazon's common rules and a limit per address, about 10 USD a month. The common rules refuse bodies
   * of more than 8 KB: not for services that take uploads.
   * @default false
   */
  waf: optionalPart(wafOptions).default(false),
  /**
   * Seconds that the load balancer and CloudFront wait for an answer, and that a task which goes has to finish its
   * requests. CloudFront allows 60 without a quota request. A WebSocket that is idle ends 10 seconds later.
   * @default 60
   */
  timeout: z.int().min(1).max(60).default(60),
  /** Where CloudFront serves from: 100 is North America and Europe, All is everywhere. @default "PriceClass_100" */
  priceClass: z.enum(["PriceClass_100", "PriceClass_200", "PriceClass_All"]).default("PriceClass_100"),
  /** Refuses to delete the load balancer until it is switched off and applied. @default true */
  deletionProtection: z.boolean().default(true),
});

/** What a file says of its distribution. */
export interface DistributionProps extends z.input<typeof distributionOptions> {}
export type DistributionConfiguration = z.output<typeof distributionOptions>;

export const distribution = optionalPart<typeof distributionOptions, never, DistributionProps>(
  distributionOptions,
);

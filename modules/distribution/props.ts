import { z } from "zod";
import { options, part } from "../options";

const hostname = z
  .string()
  .regex(
    /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/,
    "is no host name in lower case.",
  );

const domainOptions = options({
  /** Host names that people type, the first is the environment's own. */
  names: z.array(hostname).min(1, "is empty: name at least one host."),
  /** The Route 53 public zone they all lie in. */
  zone: hostname,
});

const accessLogOptions = options({
  /** Days that the logs of CloudFront and of the load balancer are kept. */
  days: z.int().min(1).default(90),
});

const wafOptions = options({
  /** Requests that one address may make in five minutes. */
  rateLimit: z.int().min(10).default(2000),
});

export const distributionOptions = options({
  /** Own host names with a certificate; without them the environment has CloudFront's. */
  domain: part(domainOptions).default(false),
  /**
   * Path patterns that CloudFront may cache, as the origin's headers say. Nothing else is cached. Only for what is the
   * same for everybody: an answer is cached with its cookies.
   */
  cachedPaths: z.array(z.string().regex(/^\/\S*$/, 'must start with "/".')).default([]),
  /** Logs of requests in an own bucket. */
  accessLogs: part(accessLogOptions).default(false),
  /**
   * AWS WAF with Amazon's common rules and a limit per address, about 10 USD a month. The common rules refuse bodies
   * of more than 8 KB: not for services that take uploads.
   */
  waf: part(wafOptions).default(false),
  /** Seconds that the load balancer and CloudFront wait for an answer. CloudFront allows 60 without a quota request. */
  timeout: z.int().min(1).max(60).default(60),
  /** Where CloudFront serves from: 100 is North America and Europe, All is everywhere. */
  priceClass: z.enum(["PriceClass_100", "PriceClass_200", "PriceClass_All"]).default("PriceClass_100"),
  /** Refuses to delete the load balancer until it is switched off and applied. */
  deletionProtection: z.boolean().default(true),
});

export const distribution = part(distributionOptions);
